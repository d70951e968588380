# SPDX-License-Identifier: Apache-2.0
"""Evidence collected from real nodes: of every hard fork, verified offline, and refused after any change of a byte."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.anchor_rules import EMBEDDED
from chain.anchorer import Anchorer
from chain.artifact import load_artifact
from chain.collect import collect_evidence, encode_header
from chain.embedded import EmbeddedNode
from chain.errors import EvidenceError
from chain.evidence import BlockHeader, verify_evidence
from chain.rpc import Rpc
from notary.log.anchors import Anchor, AnchorState, Evidence
from tests.support.anchor_store import MemoryAnchorStore
from tests.support.log import MemoryLog
from tests.support.node import Chain, running_chain

CODE = load_artifact().code_hash


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with running_chain(tmp_path) as chain:
        yield chain


def anchored(chain: Chain) -> Anchor:
    """Anchor several sizes, so that the storage trie has branches; return the last anchor."""
    log, store = MemoryLog(1), MemoryAnchorStore()
    anchorer = Anchorer(log, store, chain.registry, chain.wallet, replace(EMBEDDED, interval=0))
    for _ in range(6):
        for _ in range(200):
            anchorer.step()
            if all(anchor.state is AnchorState.FINAL for anchor in store.anchors()):
                break
        log.grow(3)
    return store.anchors()[-1]


def evidence_of(anchor: Anchor) -> Evidence:
    assert anchor.evidence is not None
    return anchor.evidence


def test_every_changed_byte_is_refused(chain: Chain) -> None:
    anchor = anchored(chain)
    evidence = evidence_of(anchor)
    verify_evidence(anchor, {CODE})
    assert len(evidence.storage_proof) > 1
    changed = [replace(evidence, header=header) for header in variants(evidence.header)]
    for name in ("account_proof", "storage_proof"):
        nodes = getattr(evidence, name)
        for position, node in enumerate(nodes):
            proofs = ((*nodes[:position], other, *nodes[position + 1 :]) for other in variants(node))
            changed += [replace(evidence, **{name: proof}) for proof in proofs]
        changed += [replace(evidence, **{name: proof}) for proof in (nodes[:-1], (*nodes, nodes[-1]), ())]
    for other_evidence in changed:
        with pytest.raises(EvidenceError):
            verify_evidence(replace(anchor, evidence=other_evidence), {CODE})


def variants(data: bytes) -> list[bytes]:
    return [data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :] for index in range(len(data))]


@pytest.mark.parametrize("fork", ["london", "paris", "shanghai", "cancun", "prague", "osaka"])
def test_the_header_of_every_fork_is_rebuilt(tmp_path: Path, fork: str) -> None:
    with EmbeddedNode.start(tmp_path, "--hardfork", fork) as node:
        rpc = Rpc(node.url)
        rpc.call("anvil_mine", "0x2")
        block = rpc.latest()
        header = BlockHeader.parse(encode_header(block.fields))
        assert (header.hash, header.number, header.time) == (block.hash, block.number, block.time)


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka"])
def test_evidence_on_every_fork_that_runs_the_contract(tmp_path: Path, fork: str) -> None:
    with running_chain(tmp_path, "--hardfork", fork) as chain:
        verify_evidence(anchored(chain), {CODE})


def test_a_header_with_unknown_fields_is_no_evidence(chain: Chain) -> None:
    fields = chain.rpc.latest().fields
    with pytest.raises(EvidenceError, match="hashes to"):
        encode_header({**fields, "gasUsed": "0x1"})
    with pytest.raises(EvidenceError, match="no usable header"):
        encode_header({**fields, "gasUsed": "junk"})
    with pytest.raises(EvidenceError):
        encode_header({"hash": fields["hash"]})


def test_no_evidence_when_the_node_has_forgotten_the_state(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    anchor = anchored(chain)
    chain.mine(200)
    with caplog.at_level(logging.WARNING):
        assert collect_evidence(chain.rpc, anchor, CODE) is None
    assert f"no evidence for the anchor of size {anchor.size}" in caplog.text
    verify_evidence(anchor, {CODE})


@pytest.mark.parametrize(
    "change",
    [
        {"size": 2},
        {"root": b"\1" * 32},
        {"block_number": 10**6},
        {"block_hash": "0x" + "11" * 32},
        {"block_number": None},
    ],
    ids=str,
)
def test_no_evidence_for_what_is_not_so(chain: Chain, change: dict[str, object]) -> None:
    assert collect_evidence(chain.rpc, replace(anchored(chain), **change), CODE) is None  # type: ignore[arg-type]
