# SPDX-License-Identifier: Apache-2.0
"""Verification of a history receipt: every record as in a receipt, then all of them as one loan's history.

::

    format -> seal -> record -> signatures -> checkpoint -> inclusion -> documents -> completeness -> lifecycle
           -> anchor -> block

What the records say together, the loan's view and its findings, is computed anew from them and no word of the notary.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise

from notary.encoding import format_time
from notary.errors import Fault, ProofError, ReceiptError
from notary.history import DEFAULT_POLICY, Book, Event, loan_view, view_json
from notary.log.signed_note import NoteVerifier
from notary.parties.signatures import Schemes
from notary.receipts.acceptance import Established
from notary.receipts.history_receipt import HistoryReceipt
from notary.receipts.record_links import RecordLinks
from notary.receipts.report import NotCheckedError, Report, Status
from notary.receipts.sealed_links import ChainWitness, EvidenceVerifier, SealedLinks
from notary.records import Record

_MOST_TOLD = 10


class HistoryLinks:
    """The links of one history receipt."""

    def __init__(self, history: HistoryReceipt, key: NoteVerifier, schemes: Schemes, report: Report) -> None:
        self._history = history
        self._report = report
        self._common = SealedLinks(history, key, report)
        self._links = [RecordLinks(receipt, schemes, report) for receipt in history.records]

    def run(self, verify_evidence: EvidenceVerifier, chain: ChainWitness | None) -> Established:
        """Check every link, and return what they have shown."""
        report, common = self._report, self._common
        report.run("seal", common.seal)
        self._run_each("record", RecordLinks.check_record)
        self._run_each("signatures", RecordLinks.check_signatures)
        report.run("checkpoint", common.checkpoint)
        self._run_each("inclusion", lambda links: links.check_inclusion(common.opened_checkpoint()))
        if any(links.speaks_of_documents for links in self._links):
            self._run_each("documents", RecordLinks.check_documents)
        report.run("completeness", self._completeness)
        report.run("lifecycle", self._lifecycle)
        common.run_anchors(verify_evidence, chain)
        return Established(
            document=self._history,
            received_at=max(receipt.received_at for receipt in self._history.records),
            records=[item.record for item in self._links],
            assurances=[item.assurance for item in self._links],
            anchors=common.anchors,
        )

    def _run_each(self, link: str, check: Callable[[RecordLinks], str]) -> None:
        """Check one link of every record: one line if all hold, else one that names those that do not."""
        found = Report()
        for links in self._links:
            found.run(link, lambda links=links: check(links))  # type: ignore[misc]
        for status in (Status.FAILED, Status.UNKNOWN, Status.NOT_CHECKED):
            told = [f"record {i}: {item.detail}" for i, item in enumerate(found.checks) if item.status is status]
            if told:
                more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
                self._report.add(link, status, "; ".join(told[:_MOST_TOLD]) + more)
                return
        self._report.add(link, Status.OK, _summary([item.detail for item in found.checks]))

    def _completeness(self) -> str:
        """Check the numbering. That each record stands at its number is what its tag, and so its inclusion, shows."""
        size = self._common.opened_checkpoint().size
        if not self._report.holds("inclusion"):
            raise ProofError(
                "not every record is in the log under its number, so nobody can tell whether one is left out"
            )
        records = self._history.records
        for number, (before, after) in enumerate(pairwise(records), 1):
            if after.index <= before.index:
                raise ProofError(f"record {number} stands at entry {after.index}, not behind entry {before.index}")
        self._check_claims()
        last = len(records) - 1
        return (
            f"records 0 to {last}, none between them is missing; whether there were more of this loan in the log of "
            f"{size} entries, or have been since, no history receipt can show"
        )

    def _check_claims(self) -> None:
        """Check what the lender himself said about a record's number and the one before it."""
        digest: str | None = None
        for number, (links, receipt) in enumerate(zip(self._links, self._history.records, strict=True)):
            record = links.record
            if record is not None and record.sequence not in (None, number):
                raise ProofError(f"record {number} says that it is number {record.sequence}")
            if record is not None and record.previous not in (None, digest):
                raise ProofError(f"record {number} names another record before it")
            digest = sha256(receipt.envelope.payload).hexdigest()

    def _lifecycle(self) -> str:
        records = self._read_records()
        other = next((number for number, record in enumerate(records) if record.loan != records[0].loan), None)
        if other is not None:
            detail = f"is of loan {records[other].loan}, not of {records[0].loan}"
            raise ReceiptError(Fault(f"/records/{other}", detail))
        received = [receipt.received_at for receipt in self._history.records]
        # Recorded in this order, whatever the notary's clock did meanwhile.
        events = [Event(number, received[number], record) for number, record in enumerate(records)]
        as_of = max(received)
        view = view_json(loan_view(Book.of(events, as_of), DEFAULT_POLICY))
        self._report.loan = view
        self._report.facts |= {
            "loan": records[0].loan,
            "records": len(records),
            "as_of": format_time(as_of),
            "state": view["state"],
            "findings": len(view["findings"]),
        }
        return f"a legal history, which leaves the loan {view['state']}"

    def _read_records(self) -> Sequence[Record]:
        records = [links.record for links in self._links if links.record is not None]
        if len(records) < len(self._links):
            raise NotCheckedError("not every record could be read")
        return records


def _summary(details: list[str]) -> str:
    """Return what holds for all records: each distinct sentence with its number, or how many there are."""
    counted = Counter(details)
    if len(details) == 1:
        return details[0]
    if len(counted) < len(details):
        return ", ".join(f"{count} {detail}" for detail, count in counted.items())
    return f"each of the {len(details)} records"
