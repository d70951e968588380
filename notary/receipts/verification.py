# SPDX-License-Identifier: Apache-2.0
"""Verification of a receipt or a history receipt, link by link, offline.

::

    format -> seal -> record -> signatures -> checkpoint -> inclusion -> documents -> anchor -> block -> time -> policy

Every link is checked even when an earlier one broke, so that the report names what is wrong and not just that
something is. `Report.trusted` lists what had to be believed and from whom; a verdict is never wider than that.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

from notary.canonical import parse_canonical
from notary.documents.digests import FileDigests
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, ReceiptError
from notary.log.key_history import choose_key, source_of
from notary.log.signed_note import NoteVerifier
from notary.parties.signatures import Schemes
from notary.receipts.acceptance import AcceptanceRules, Established, apply_rules
from notary.receipts.document_links import check_file
from notary.receipts.history_receipt import FORMAT as HISTORY
from notary.receipts.history_receipt import MAX_HISTORY, HistoryReceipt, history_from_json
from notary.receipts.history_verification import HistoryLinks
from notary.receipts.qr_proof import verify_qr
from notary.receipts.receipt import FORMAT as RECEIPT
from notary.receipts.receipt import MAX_RECEIPT, Receipt, receipt_from_json
from notary.receipts.record_links import RecordLinks
from notary.receipts.report import Report, Status
from notary.receipts.sealed_links import ChainWitness, EvidenceVerifier, SealedLinks
from notary.receipts.time_proof import TokenVerifier, run_time


def wall_clock() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class ReceiptVerifier:
    """Verifies receipts against one choice of what to trust.

    `log_key` is the log's key as its operator publishes it; without it the receipt's own is taken, and the report
    says so. `related` are keys that came before or after it (`notary.log.key_history`). `chain` is a node to ask;
    without it block hashes are taken on trust. `rules` say what is accepted beyond that; `clock` tells the present in
    milliseconds since 1970. `verify_token` knows which timestamp authorities are trusted; without it timestamps count
    for nothing.
    """

    def __init__(
        self,
        schemes: Schemes,
        verify_evidence: EvidenceVerifier,
        log_key: NoteVerifier | None = None,
        chain: ChainWitness | None = None,
        rules: AcceptanceRules | None = None,
        clock: Callable[[], int] = wall_clock,
        verify_token: TokenVerifier | None = None,
        related: Sequence[NoteVerifier] = (),
    ) -> None:
        self._schemes = schemes
        self._verify_evidence = verify_evidence
        self._log_key = log_key
        self._chain = chain
        self._rules = rules
        self._clock = clock
        self._verify_token = verify_token
        self._related = related

    def verify(self, data: bytes, files: Sequence[FileDigests] = ()) -> Report:
        """Check every link of a receipt or history receipt; never raises for what it holds.

        Each of `files` must be a document that a record of it names.
        """
        report = Report()
        try:
            document = read_document(data)
            key = choose_key(document.log_key, self._log_key, self._related)
        except InvalidInputError as error:
            report.add("format", Status.FAILED, str(error))
            return report
        kind = "history receipt" if isinstance(document, HistoryReceipt) else "receipt"
        report.add("format", Status.OK, f"a {kind} in canonical form")
        report.trust(f"the log's key {key.format()}, {source_of(key, self._log_key, 'receipt')}")
        report.facts = {"environment": document.environment, "lender": document.lender}
        if isinstance(document, HistoryReceipt):
            links = HistoryLinks(document, key, self._schemes, report)
            established = links.run(self._verify_evidence, self._chain)
        else:
            established = self._verify_receipt(document, key, report)
        for file in files:
            report.run("document", partial(check_file, file, established.records))
        shown = [seen.anchor for seen in established.anchors if seen.is_shown]
        run_time(report, document, shown, self._verify_token, established.received_at)
        if self._rules is not None:
            apply_rules(self._rules, established, self._clock(), report)
        return report

    def verify_qr(self, text: str, files: Sequence[FileDigests] = ()) -> Report:
        """Check every link of the text of a certificate's QR code; never raises for what it holds.

        What only a receipt can tell (documents, rules on records and chains) is unknown.
        """
        asked = self._rules.environment if self._rules else None
        report = verify_qr(text, self._log_key, environment=asked, related=self._related)
        if self._rules not in (None, AcceptanceRules(environment=asked)):
            report.add(
                "policy", Status.UNKNOWN, "a code shows too little to hold these rules against: take the receipt"
            )
        for _ in files:
            report.add("document", Status.UNKNOWN, "a code names no documents: take the receipt")
        return report

    def _verify_receipt(self, receipt: Receipt, key: NoteVerifier, report: Report) -> Established:
        common, links = SealedLinks(receipt, key, report), RecordLinks(receipt, self._schemes, report)
        report.run("seal", common.seal)
        report.run("record", links.check_record)
        report.run("signatures", links.check_signatures)
        report.run("checkpoint", common.checkpoint)
        report.run("inclusion", lambda: links.check_inclusion(common.opened_checkpoint()))
        if links.speaks_of_documents:
            report.run("documents", links.check_documents)
        common.run_anchors(self._verify_evidence, self._chain)
        record = links.record
        if record is not None:
            report.facts |= {
                "type": record.type,
                "id": record.id,
                "loan": record.loan,
                "occurred_at": record.occurred_at,
                "received_at": format_time(receipt.received_at),
                "index": receipt.index,
            }
        if links.assurance is not None:
            report.facts |= {"assurance": links.assurance.value, "signers": links.signers}
        return Established(receipt, receipt.received_at, [record], [links.assurance], common.anchors)


def read_document(data: bytes) -> Receipt | HistoryReceipt:
    """Read a document of any format that was ever released; nothing in it is verified.

    Raises `InvalidInputError` of several kinds.
    """
    value = parse_canonical(data, limit=MAX_HISTORY)
    name = value.get("format") if isinstance(value, dict) else None
    if name == HISTORY:
        return history_from_json(value)
    if name != RECEIPT:
        raise ReceiptError(Fault("/format", f"only the formats {RECEIPT} and {HISTORY} are known here"))
    if len(data) > MAX_RECEIPT:
        raise ReceiptError(Fault("", f"more than {MAX_RECEIPT} bytes"))
    return receipt_from_json(value)
