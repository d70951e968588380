# SPDX-License-Identifier: Apache-2.0
"""Acceptance rules: read strictly, and each of them told as met, broken, pending or beyond telling."""

import json
from dataclasses import replace
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.errors import InvalidInputError
from notary.log.anchors import AnchorState
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.parties.signatures import Assurance
from notary.receipts.acceptance import (
    MAX_RULES,
    PRODUCTION,
    AcceptanceRules,
    Established,
    apply_rules,
    parse_rules,
)
from notary.receipts.receipt import Receipt
from notary.receipts.report import Report, Status, Verdict
from notary.receipts.sealed_links import AnchorSeen
from notary.records import parse_record
from tests.support.builders import anchor_of, head_of, log_signer, record
from tests.support.format_examples import ACCEPTANCE

NOW = 1_800_000_000_000
LOG = log_signer()
HEAD = head_of(9, b"\1" * 32, LOG)
ANCHOR = anchor_of(HEAD, chain_id=1)
REGISTRY, CODE = ANCHOR.registry, b"\2" * 32
AGREEMENT, OFFER = parse_record(record("agreement")), parse_record(record("offer"))
CODE_HASH = "0x" + CODE.hex()
OTHER = "0x" + "99" * 20


def established(*anchors: AnchorSeen, **changes: Any) -> Established:
    """Return what the links of a good receipt for production show."""
    document = Receipt(
        environment="production",
        lender="Sample Bank",
        checkpoint=sign_checkpoint(Checkpoint(LOG.verifier.name, 9, b"\1" * 32), LOG),
        log_key=LOG.verifier.format(),
        anchors=tuple(seen.anchor for seen in anchors),
        received_at=NOW - 10_000,
        envelope=None,  # type: ignore[arg-type]
        keys=(),
        nonce=bytes(32),
        tag=bytes(32),
        index=0,
        inclusion=(),
    )
    found = Established(document, NOW - 10_000, [AGREEMENT], [Assurance.CO_SIGNED], anchors)
    return replace(found, **changes)


def checked(rules: AcceptanceRules, found: Established) -> list[tuple[Status, str]]:
    report = Report()
    apply_rules(rules, found, NOW, report)
    assert {check.link for check in report.checks} <= {"policy"}
    return [(check.status, check.detail) for check in report.checks]


def status(found: Established, **rules: Any) -> Status:
    """Return what one rule says."""
    [(told, detail)] = checked(parse_rules(canonical_json({"format": "loan-notary/acceptance@1", **rules})), found)
    assert detail.startswith(f"{next(iter(rules))}: ")
    return told


def seen(code: bytes | None = CODE, depth: int | None = None, **changes: Any) -> AnchorSeen:
    return AnchorSeen(replace(ANCHOR, **changes), code, depth)


def chains(*registries: str, chain_id: int = 1, **more: Any) -> list[dict[str, Any]]:
    return [{"chain_id": chain_id, "registries": list(registries), **more}]


CASES: dict[str, tuple[Established, dict[str, Any], Status]] = {
    "for production": (established(seen()), {"environment": "production"}, Status.OK),
    "for a test": (established(seen()), {"environment": "test"}, Status.FAILED),
    "production on a local chain": (established(seen(chain_id=31337)), {"environment": "production"}, Status.FAILED),
    "an allowed log": (established(), {"log_keys": [LOG.verifier.format()]}, Status.OK),
    "another log": (established(), {"log_keys": [log_signer("x").verifier.format()]}, Status.FAILED),
    "assurance as wanted": (established(), {"assurance": "co-signed"}, Status.OK),
    "more assurance than wanted": (established(), {"assurance": "received"}, Status.OK),
    "too little assurance": (
        established(assurances=[Assurance.CO_SIGNED, Assurance.LENDER_SIGNED]),
        {"assurance": "co-signed"},
        Status.FAILED,
    ),
    "unsigned": (established(assurances=[Assurance.RECEIVED]), {"assurance": "party-signed"}, Status.FAILED),
    "party-signed is less than lender-signed": (
        established(assurances=[Assurance.PARTY_SIGNED]),
        {"assurance": "lender-signed"},
        Status.FAILED,
    ),
    "signatures that do not hold": (
        established(assurances=[Assurance.CO_SIGNED, None]),
        {"assurance": "received"},
        Status.NOT_CHECKED,
    ),
    "an allowed type": (established(), {"record_types": ["agreement", "repayment"]}, Status.OK),
    "another type": (established(records=[AGREEMENT, OFFER]), {"record_types": ["agreement"]}, Status.FAILED),
    "a record that could not be read": (
        established(records=[None]),
        {"record_types": ["agreement"]},
        Status.NOT_CHECKED,
    ),
    "an allowed registry": (established(seen()), {"chains": chains(OTHER, REGISTRY)}, Status.OK),
    "a node's word for it": (established(seen(code=None, depth=3)), {"chains": chains(REGISTRY)}, Status.OK),
    "another registry": (established(seen()), {"chains": chains(OTHER)}, Status.FAILED),
    "another chain": (established(seen()), {"chains": chains(REGISTRY, chain_id=10)}, Status.FAILED),
    "one of two anchors is allowed": (
        established(seen(chain_id=5), seen()),
        {"chains": chains(REGISTRY)},
        Status.OK,
    ),
    "no anchor yet": (established(), {"chains": chains(REGISTRY)}, Status.PENDING),
    "an anchor that is not proved": (established(seen(code=None)), {"chains": chains(REGISTRY)}, Status.NOT_CHECKED),
    "allowed code": (established(seen()), {"chains": chains(REGISTRY, code_hashes=[CODE_HASH])}, Status.OK),
    "other code": (
        established(seen(code=b"\3" * 32)),
        {"chains": chains(REGISTRY, code_hashes=[CODE_HASH])},
        Status.FAILED,
    ),
    "code that nobody can tell": (
        established(seen(code=None, depth=3)),
        {"chains": chains(REGISTRY, code_hashes=[CODE_HASH])},
        Status.UNKNOWN,
    ),
    "deep enough": (established(seen(depth=12)), {"confirmations": 12}, Status.OK),
    "not deep enough": (established(seen(depth=11)), {"confirmations": 12}, Status.FAILED),
    "the deeper of two": (established(seen(depth=1), seen(depth=12)), {"confirmations": 12}, Status.OK),
    "no node was asked": (established(seen()), {"confirmations": 0}, Status.UNKNOWN),
    "nothing to be deep": (established(), {"confirmations": 12}, Status.PENDING),
    "final": (established(seen()), {"final": True}, Status.OK),
    "only mined": (established(seen(state=AnchorState.MINED)), {"final": True}, Status.FAILED),
    "final, some day": (established(), {"final": True}, Status.PENDING),
    "young": (established(), {"unanchored_seconds": 10}, Status.OK),
    "too old": (established(), {"unanchored_seconds": 9}, Status.FAILED),
    "anchored at any age": (established(seen()), {"unanchored_seconds": 0}, Status.OK),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule(name: str) -> None:
    found, rules, wanted = CASES[name]
    assert status(found, **rules) is wanted


def test_a_rule_that_is_not_given_is_not_told_of() -> None:
    assert checked(AcceptanceRules(), established(seen())) == []
    assert [told for told, _ in checked(PRODUCTION, established(seen()))] == [Status.OK]


def test_all_rules_of_the_paper_are_told_in_one_order() -> None:
    told = [detail.split(":")[0] for _, detail in checked(parse_rules(canonical_json(ACCEPTANCE)), established(seen()))]
    assert told == ["environment", "log_keys", "assurance", "chains", "confirmations", "unanchored_seconds"]


def test_rules_need_not_be_canonical() -> None:
    assert parse_rules(json.dumps(ACCEPTANCE, indent=2).encode()) == parse_rules(canonical_json(ACCEPTANCE))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "loan-notary/acceptance@2"},
        {"format": None},
        {"extra": 1},
        {"environment": "staging"},
        {"environment": None},
        {"assurance": "signed"},
        {"assurance": ["co-signed"]},
        {"chains": []},
        {"chains": [{"chain_id": 1, "registries": []}]},
        {"chains": [{"chain_id": "1", "registries": [OTHER]}]},
        {"chains": [{"chain_id": 1, "registries": [OTHER.upper()]}]},
        {"chains": [{"chain_id": 1, "registries": [OTHER], "code_hashes": ["0x00"]}]},
        {"chains": [{"chain_id": 1, "registries": [OTHER], "extra": 1}]},
        {"confirmations": -1},
        {"confirmations": "12"},
        {"confirmations": True},
        {"final": False},
        {"final": "yes"},
        {"final": 1},
        {"log_keys": ["nonsense"]},
        {"log_keys": []},
        {"record_types": ["bond"]},
        {"record_types": "agreement"},
        {"unanchored_seconds": -1},
    ],
    ids=str,
)
def test_rules_that_are_not_understood_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        parse_rules(canonical_json({**ACCEPTANCE, **change}))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b'{"a":1,"a":2}', b"\xff", b" " * MAX_RULES + b"{}"])
def test_what_are_no_rules(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_rules(data)


def test_a_broken_rule_makes_the_verdict_invalid() -> None:
    report = Report()
    report.add("seal", Status.OK, "")
    apply_rules(PRODUCTION, established(seen(chain_id=1337)), NOW, report)
    assert report.verdict is Verdict.INVALID
