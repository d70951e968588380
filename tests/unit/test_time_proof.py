# SPDX-License-Identifier: Apache-2.0
"""What a receipt proves of time: the earliest outside witness counts, and nothing is said that nobody outside saw."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import parse_time
from notary.errors import ProofError, TimestampError, UnknownAuthorityError
from notary.log.anchors import Anchor, LogHead
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import Receipt, parse_receipt
from notary.receipts.report import Report, Status, Verdict
from notary.receipts.sealed import write_sealed
from notary.receipts.time_proof import Moment, prove_time
from notary.receipts.verification import ReceiptVerifier
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, anchor_of, kit_over, record, submission

PUBLIC = {"chain_id": 1}
NOTE = "checkpoint"


def says(**times: int) -> Any:
    """Return a verifier of the tokens b"<name>": its time, in seconds, with an inaccuracy of one second."""

    def verify(token: bytes, _: str) -> Moment:
        name = token.decode()
        if name == "broken":
            raise TimestampError("the token is broken")
        if name not in times:
            raise UnknownAuthorityError(f"nobody vouches for {name}")
        return Moment(times[name] * 1000, times[name] * 1000 + 1000, f"the authority {name}")

    return verify


def anchor(seconds: int, **changes: Any) -> Anchor:
    return anchor_of(LogHead(3, bytes(32), NOTE), block_time=seconds, **{**PUBLIC, **changes})


def test_the_earliest_witness_comes_first() -> None:
    proof = prove_time(NOTE, [b"a", b"b"], [anchor(15)], says(a=20, b=10))
    assert [(moment.latest, moment.by) for moment in proof.moments] == [
        (11_000, "the authority b"),
        (15_000, "block 12 of chain 1"),
        (21_000, "the authority a"),
    ]
    assert proof.passed_over == ()


def test_the_order_is_that_of_the_latest_possible_times() -> None:
    proof = prove_time(NOTE, [b"a"], [anchor(10)], says(a=10))
    assert [moment.latest for moment in proof.moments] == [10_000, 11_000]


def test_who_is_not_trusted_is_passed_over_and_told_of() -> None:
    proof = prove_time(NOTE, [b"a", b"x", b"y"], [anchor(1, chain_id=31337)], says(a=20))
    assert [moment.by for moment in proof.moments] == ["the authority a"]
    assert proof.passed_over[:2] == ("nobody vouches for x", "nobody vouches for y")
    assert "block 12 of chain 31337 counts for nothing" in proof.passed_over[2]


def test_without_trusted_authorities_no_token_is_even_read() -> None:
    proof = prove_time(NOTE, [b"broken", b"a"], [], None)
    assert proof.moments == ()
    assert len(proof.passed_over) == 1


def test_a_broken_token_is_not_passed_over() -> None:
    with pytest.raises(TimestampError, match="broken"):
        prove_time(NOTE, [b"a", b"broken"], [anchor(1)], says(a=1))


def test_a_time_beyond_the_calendar_is_no_time() -> None:
    assert prove_time(NOTE, [], [anchor(253_402_300_799)], None).moments
    for seconds in (253_402_300_800, 2**53 - 1):
        with pytest.raises(TimestampError, match="beyond the year 9999"):
            prove_time(NOTE, [], [anchor(seconds)], None)


# --- as a link of a receipt


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotaryKit]:
    folder: Path = tmp_path_factory.mktemp("time")
    kit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
    kit.submit(canonical_json(record("agreement")))
    kit.sequencer.append([submission(900, "after", "agreement")])
    yield kit
    kit.store.close()


@pytest.fixture(scope="module")
def receipt(kit: NotaryKit) -> Receipt:
    return parse_receipt(ReceiptIssuer(kit.store, kit.keyring, kit.signer).stored(kit.store.record_at(1)))


def report_of(kit: NotaryKit, receipt: Receipt, verify: Any = None, chain: Any = None, evidence: Any = None) -> Report:
    return ReceiptVerifier(
        SCHEMES, evidence or (lambda _: b"code"), kit.signer.verifier, chain, verify_token=verify
    ).verify(write_sealed(receipt, kit.signer))  # fmt: skip


def time_of(report: Report) -> tuple[Status, str]:
    [check] = [check for check in report.checks if check.link == "time"]
    return check.status, check.detail


def anchored(kit: NotaryKit, receipt: Receipt, seconds: int, **changes: Any) -> Receipt:
    made = anchor_of(kit.log.head(), **{**PUBLIC, "block_time": seconds, **changes})
    return replace(receipt, anchors=(made,))


RECEIVED = NOW // 1000


def test_nobody_has_seen_it_yet(kit: NotaryKit, receipt: Receipt) -> None:
    report = report_of(kit, receipt)
    assert time_of(report)[0] is Status.PENDING
    assert report.verdict is Verdict.VALID
    assert "not_later_than" not in report.facts


def test_an_interval_with_an_end_and_no_beginning(kit: NotaryKit, receipt: Receipt) -> None:
    stamped = replace(receipt, timestamps=(b"a",))
    report = report_of(kit, stamped, says(a=RECEIVED + 60))
    status, detail = time_of(report)
    assert (status, report.verdict) == (Status.OK, Verdict.VALID)
    assert parse_time(str(report.facts["not_later_than"])) == (RECEIVED + 61) * 1000
    assert "not later than 2026-01-01T00:01:01.000Z, by the authority a" in detail
    assert "how much earlier, nothing proves" in detail
    assert "clocks" not in detail
    assert "the clock of the authority a" in report.trusted


def test_the_chain_s_clock_counts_once_the_anchor_is_shown(kit: NotaryKit, receipt: Receipt) -> None:
    report = report_of(kit, anchored(kit, receipt, RECEIVED + 5))
    assert time_of(report)[0] is Status.OK
    assert report.facts["not_later_than"] == "2026-01-01T00:00:05.000Z"
    assert "the clock of block 12 of chain 1" in report.trusted


class Node:
    """A witness with one answer."""

    def __init__(self, answer: Exception | None = None) -> None:
        self._answer = answer

    def confirm(self, _: Anchor) -> int:
        if self._answer:
            raise self._answer
        return 3


def test_an_anchor_that_only_a_node_shows_counts_too(kit: NotaryKit, receipt: Receipt) -> None:
    bare = anchored(kit, receipt, RECEIVED + 5, evidence=None)
    assert time_of(report_of(kit, bare))[0] is Status.NOT_CHECKED
    assert time_of(report_of(kit, bare, chain=Node()))[0] is Status.OK


def test_a_broken_anchor_dates_nothing(kit: NotaryKit, receipt: Receipt) -> None:
    def refuse(_: Anchor) -> bytes:
        raise ProofError("no evidence")

    shown = anchored(kit, receipt, RECEIVED + 5)
    for report in (report_of(kit, shown, evidence=refuse), report_of(kit, shown, chain=Node(ProofError("not there")))):
        assert time_of(report) == (
            Status.NOT_CHECKED,
            "only the notary says when the record was in the log: no anchor could be checked",
        )
        assert "not_later_than" not in report.facts
        assert report.verdict is Verdict.INVALID


def test_a_test_chain_s_clock_is_its_owner_s(kit: NotaryKit, receipt: Receipt) -> None:
    status, detail = time_of(report_of(kit, anchored(kit, receipt, RECEIVED + 5, chain_id=31337)))
    assert status is Status.NOT_CHECKED
    assert "sets its clock" in detail


@pytest.mark.parametrize(("verify", "words"), [(None, "none was given"), (says(), "nobody vouches for a")])
def test_a_token_that_nobody_can_check_dates_nothing_and_harms_nothing(
    kit: NotaryKit, receipt: Receipt, verify: Any, words: str
) -> None:
    report = report_of(kit, replace(receipt, timestamps=(b"a",)), verify)
    status, detail = time_of(report)
    assert (status, report.verdict) == (Status.NOT_CHECKED, Verdict.VALID)
    assert words in detail


def test_a_broken_token_breaks_the_link(kit: NotaryKit, receipt: Receipt) -> None:
    report = report_of(kit, replace(receipt, timestamps=(b"broken",)), says())
    assert time_of(report) == (Status.FAILED, "the token is broken")
    assert report.verdict is Verdict.INVALID


def test_a_token_says_nothing_of_a_record_outside_its_checkpoint(kit: NotaryKit, receipt: Receipt) -> None:
    outside = replace(receipt, timestamps=(b"a",), nonce=bytes(32))
    status, detail = time_of(report_of(kit, outside, says(a=RECEIVED)))
    assert status is Status.NOT_CHECKED
    assert "not shown to cover the record" in detail


def test_a_time_before_the_notary_s_own_is_pointed_out(kit: NotaryKit, receipt: Receipt) -> None:
    report = report_of(kit, replace(receipt, timestamps=(b"a",)), says(a=RECEIVED - 60))
    assert time_of(report)[0] is Status.OK
    assert "one of the clocks is wrong" in time_of(report)[1]
