# SPDX-License-Identifier: Apache-2.0
"""geth, the node that most of Ethereum runs, serves us as anvil does: anchors, evidence of its forks, receipts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.anchor_rules import EMBEDDED, AnchorPolicy
from chain.anchorer import Anchorer
from chain.artifact import load_artifact
from chain.collect import collect_evidence
from chain.errors import EvidenceError
from chain.evidence import HEADER_FIELDS, verify_evidence
from chain.rlp_lists import decode_list
from chain.witness import NodeWitness
from notary.log.anchors import Anchor, AnchorState, Evidence
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.report import Status, Verdict
from notary.stores.sqlite import SqliteStore
from tests.support.anchor_store import MemoryAnchorStore
from tests.support.builders import VAULT, history, kit_over
from tests.support.geth import ABSENT, FORKS, GETH, GethChain, running_geth
from tests.support.log import MemoryLog
from tests.support.receipt_fixtures import submit_loan
from tests.support.service import until
from verifier import make_verifier

pytestmark = [pytest.mark.slow, pytest.mark.skipif(GETH is None, reason=ABSENT)]
CODE = load_artifact().code_hash
FIELDS = {"shanghai": 17, "cancun": 20, "prague": 21, "osaka": 21}
ANCHORS = 4


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GethChain]:
    with running_geth(tmp_path_factory.mktemp("geth")) as chain:
        yield chain


def anchored(chain: GethChain) -> list[Anchor]:
    """Anchor several sizes of a log in a registry of its own; return the anchors."""
    log, store = MemoryLog(1), MemoryAnchorStore()
    anchorer = Anchorer(log, store, chain.registry(), chain.wallet, replace(EMBEDDED, interval=0))
    for number in range(ANCHORS):

        def is_final(wanted: int = number + 1) -> bool:
            anchorer.step()
            return len(store.anchors(AnchorState.FINAL)) == wanted

        until(is_final, "the log is anchored")
        log.grow(3)
    return list(store.anchors())


def evidence_of(anchor: Anchor) -> Evidence:
    assert anchor.evidence is not None
    return anchor.evidence


@pytest.mark.parametrize("fork", FORKS)
def test_evidence_of_every_fork_verifies_offline(tmp_path: Path, fork: str) -> None:
    with running_geth(tmp_path, fork) as chain:
        anchors = anchored(chain)
        witness = NodeWitness(chain.rpc.url)
        assert [witness.confirm(anchor) for anchor in anchors] == [3, 2, 1, 0]
    for anchor in anchors:
        evidence = evidence_of(anchor)
        assert verify_evidence(anchor, {CODE}) == CODE
        assert len(decode_list(evidence.header, 4096)) == FIELDS[fork] in HEADER_FIELDS
        with pytest.raises(EvidenceError):
            verify_evidence(replace(anchor, root=bytes(32)), {CODE})
        for name in ("account_proof", "storage_proof"):
            last = getattr(evidence, name)[-1]
            changed = (*getattr(evidence, name)[:-1], last[:-1] + bytes([last[-1] ^ 1]))
            with pytest.raises(EvidenceError):
                verify_evidence(replace(anchor, evidence=replace(evidence, **{name: changed})), {CODE})


def test_the_receipt_of_an_anchor_that_geth_calls_final_verifies_as_any_other(chain: GethChain, tmp_path: Path) -> None:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    kit.sequencer.append(history("before", 70, first=100_000))
    first = submit_loan(kit)[0]
    anchorer = Anchorer(kit.log, kit.store, chain.registry(), chain.wallet, AnchorPolicy(interval=0))

    def is_mined() -> bool:
        anchorer.step()
        return bool(kit.store.anchors(AnchorState.MINED))

    until(is_mined, "the log is anchored")
    # In developer mode the finalized block is the last one whose number is a multiple of 32, or one before that.
    chain.mine(65)
    assert anchorer.step().error is None
    [final] = kit.store.anchors(AnchorState.FINAL)
    issuer = ReceiptIssuer(kit.store, kit.keyring, kit.signer)
    loan = kit.store.find_loans([(1, first.loan)])[1, first.loan]
    for receipt in (issuer.stored(first), issuer.history(kit.lender, loan)):
        report = make_verifier(kit.signer.verifier, NodeWitness(chain.rpc.url)).verify(receipt)
        assert report.verdict is Verdict.VALID, report
        found = {check.link: check.status for check in report.checks}
        assert (found["anchor"], found["block"]) == (Status.OK, Status.OK)
    assert evidence_of(final).storage_proof


def test_no_evidence_when_geth_has_forgotten_the_state(chain: GethChain) -> None:
    anchor = anchored(chain)[0]
    chain.mine(140)
    assert collect_evidence(chain.rpc, anchor, CODE) is None
    verify_evidence(anchor, {CODE})
