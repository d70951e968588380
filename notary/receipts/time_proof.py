# SPDX-License-Identifier: Apache-2.0
"""What a receipt proves of time: an interval, never one instant.

Its end is the earliest moment at which somebody other than the notary had seen the checkpoint that covers the record:
a timestamp authority, or a block of a chain. Its beginning is open. Nothing in a receipt shows that the record did not
exist earlier: when it was received is the notary's word, when it occurred is the lender's. An anchor of a smaller
tree shows no beginning either, because the log may have been longer already when that anchor was made.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate, load_pem_x509_certificates

from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, TimestampError, UnknownAuthorityError
from notary.log.anchors import LOCAL_CHAINS, Anchor
from notary.receipts.report import NotCheckedError, Report, Status
from notary.receipts.sealed import SealedDocument

_LAST_TIME = 253_402_300_799_000


@dataclass(frozen=True)
class Moment:
    """When somebody, named in `by`, saw something.

    `time` is what they say, `latest` the same with their inaccuracy added; both in milliseconds since 1970.
    """

    time: int
    latest: int
    by: str


TokenVerifier = Callable[[bytes, str], Moment]
"""Verifies a timestamp token over a checkpoint; raises `UnknownAuthorityError` or another `TimestampError`."""


@dataclass(frozen=True)
class TimeProof:
    """All moments at which the checkpoint was there, earliest first, and why other witnesses count for nothing."""

    moments: tuple[Moment, ...]
    passed_over: tuple[str, ...]


def load_authorities(pem: bytes) -> tuple[Certificate, ...]:
    """Read certificates of authorities, or of those that issue theirs. Raises `InvalidInputError`."""
    try:
        return tuple(load_pem_x509_certificates(pem))
    except ValueError:
        raise InvalidInputError(Fault("", "not certificates in PEM")) from None


def prove_time(
    checkpoint: str, tokens: Sequence[bytes], anchors: Iterable[Anchor], verify: TokenVerifier | None
) -> TimeProof:
    """Put together what timestamp tokens and proven `anchors` say about when a checkpoint existed.

    Without `verify` no token counts. Raises `TimestampError` for a token or a time that is wrong; a token by an
    authority that nobody vouches for is passed over.
    """
    moments, passed_over = [], []
    for token in tokens:
        if verify is None:
            passed_over.append("a timestamp counts only with its authority's certificate, and none was given")
            continue
        try:
            moments.append(verify(token, checkpoint))
        except UnknownAuthorityError as error:
            passed_over.append(str(error))
    for anchor in anchors:
        time = (anchor.block_time or 0) * 1000
        block = f"block {anchor.block_number} of chain {anchor.chain_id}"
        if time > _LAST_TIME:
            raise TimestampError(f"{block} has a time beyond the year 9999")
        if anchor.chain_id in LOCAL_CHAINS:
            passed_over.append(f"{block} counts for nothing: whoever runs that test chain sets its clock")
        else:
            moments.append(Moment(time, time, block))
    moments.sort(key=lambda moment: moment.latest)
    return TimeProof(tuple(moments), tuple(dict.fromkeys(passed_over)))


def run_time(
    report: Report, document: SealedDocument, anchors: Sequence[Anchor], verify: TokenVerifier | None, received_at: int
) -> None:
    """Check the link `time` of a document.

    It stands on the links before it: `inclusion` must hold, and `anchors` are those that were shown. `received_at` is
    the notary's own word, in milliseconds since 1970.
    """

    def check() -> str:
        if not report.holds("inclusion"):
            raise NotCheckedError("the checkpoint is not shown to cover the record, so its time says nothing of it")
        is_broken = any(item.link in ("anchor", "block") and item.status is Status.FAILED for item in report.checks)
        proof = prove_time(document.checkpoint, document.timestamps, () if is_broken else anchors, verify)
        return _interval(report, proof, received_at)

    if document.timestamps or document.anchors:
        report.run("time", check)
    else:
        report.add("time", Status.PENDING, "nobody but the notary says yet when the record was in the log")


def _interval(report: Report, proof: TimeProof, received_at: int) -> str:
    if not proof.moments:
        reason = "; ".join(proof.passed_over) or "no anchor could be checked"
        raise NotCheckedError(f"only the notary says when the record was in the log: {reason}")
    first = proof.moments[0]
    report.facts["not_later_than"] = format_time(first.latest)
    report.trust(f"the clock of {first.by}")
    sentences = [
        f"in the log not later than {format_time(first.latest)}, by {first.by}",
        "how much earlier, nothing proves",
        *proof.passed_over,
    ]
    if first.latest < received_at:
        sentences.append("the notary says that it received the record later, so one of the clocks is wrong")
    return "; ".join(sentences)
