# SPDX-License-Identifier: Apache-2.0
"""Verification of a receipt, link by link, offline.

::

    format -> seal -> record -> signatures -> checkpoint -> inclusion -> anchor -> block

Every link is checked even when an earlier one broke, so that the report names what is wrong and not just that
something is. `Report.trusted` lists what had to be believed and from whom; a verdict is never wider than that.
"""

from typing import Any

from notary.encoding import format_time
from notary.errors import InvalidInputError
from notary.receipt import Receipt, parse_receipt
from notary.record_links import RecordLinks
from notary.report import Report, Status
from notary.sealed import SealedDocument
from notary.sealed_links import ChainWitness, EvidenceVerifier, SealedLinks
from notary.signatures import Schemes
from notary.signed_note import NoteVerifier, parse_verifier


class ReceiptVerifier:
    """Verifies receipts against one choice of what to trust.

    `log_key` is the log's key as its operator publishes it; without it the receipt's own is taken, and the report
    says so. `chain` is a node to ask; without it block hashes are taken on trust.
    """

    def __init__(
        self,
        schemes: Schemes,
        verify_evidence: EvidenceVerifier,
        log_key: NoteVerifier | None = None,
        chain: ChainWitness | None = None,
    ) -> None:
        self._schemes = schemes
        self._verify_evidence = verify_evidence
        self._log_key = log_key
        self._chain = chain

    def verify(self, data: bytes) -> Report:
        """Check every link of a receipt; never raises for what the receipt holds."""
        report = Report()
        try:
            receipt = parse_receipt(data)
            key = self._log_key or parse_verifier(receipt.log_key)
        except InvalidInputError as error:
            report.add("format", Status.FAILED, str(error))
            return report
        report.add("format", Status.OK, "a receipt in canonical form")
        source = "given by you" if self._log_key else "as the receipt names it: compare it with the operator's"
        report.trust(f"the log's key {key.format()}, {source}")
        self._verify_receipt(receipt, key, report)
        return report

    def _verify_receipt(self, receipt: Receipt, key: NoteVerifier, report: Report) -> None:
        common, links = SealedLinks(receipt, key, report), RecordLinks(receipt, self._schemes, report)
        report.facts = _facts_of(receipt)
        report.run("seal", common.seal)
        report.run("record", links.check_record)
        report.run("signatures", links.check_signatures)
        report.run("checkpoint", common.checkpoint)
        report.run("inclusion", lambda: links.check_inclusion(common.opened_checkpoint()))
        common.run_anchors(self._verify_evidence, self._chain)
        if links.record is not None:
            record = links.record
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


def _facts_of(document: SealedDocument) -> dict[str, Any]:
    return {"environment": document.environment, "lender": document.lender}
