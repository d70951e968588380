# SPDX-License-Identifier: Apache-2.0
"""Every read of a lender's loans is noted before it is answered: when, by whom, what kind, of which loan.

`KINDS` says which endpoints read. What is answered to a POST is the sender's own word, and no read. A list is one line,
with what it was asked for, and not one for each of its items.
"""

from collections.abc import Callable, Iterable, Mapping

from flask import g, request

from api.clock import now
from api.together import Together
from api.tracing.ids import trace_id
from notary.access_log import API_KEY, PASS, SESSION, Access, AccessLog
from notary.privacy.vault import OwnerKeys

KINDS: Mapping[str, str] = {
    "records.show": "record",
    "records.receipt": "receipt",
    "records.proof": "proof",
    "records.cose_receipt": "proof",
    "records.certificate": "certificate",
    "documents.get": "document",
    "documents.info": "document",
    "documents.attachment": "document",
    "drafts.show": "draft",
    "drafts.index": "list",
    "loans.timeline": "loan",
    "loans.receipt": "history",
    "loans.evidence": "package",
    # Of a loan whose own number ends like the path of its lines.
    "loans.accesses": "loan",
    "lists.records": "list",
    "lists.loans": "list",
    "erasures.retention": "list",
    "findings.every": "findings",
    "jobs.results": "answers",
    "deliveries.deliveries": "messages",
    "deliveries.delivery": "messages",
    "audits.report": "report",
    "audits.evaluate_sample": "report",
    "my_loan.show": "loan",
    "my_loan.receipt": "receipt",
    "my_loan.certificate": "certificate",
    "my_loan.evidence": "package",
    "pages.my_loan.view": "loan",
    "pages.loans.home": "list",
    "pages.loans.index": "list",
    "pages.loans.show": "loan",
    "pages.loans.evidence": "package",
    "pages.loans.receipt": "receipt",
    "pages.loans.certificate": "certificate",
    "pages.uploads.show": "answers",
    "pages.uploads.results": "answers",
    "pages.deliveries.index": "messages",
    "pages.deliveries.show": "messages",
    "pages.auditor_loans.index": "list",
    "pages.auditor_loans.show": "loan",
    "pages.auditor_loans.evidence": "package",
    "pages.auditor_loans.receipt": "receipt",
    "pages.auditor_loans.certificate": "certificate",
    "pages.auditor.findings": "findings",
    "pages.audits.show": "report",
    "pages.audits.report": "report",
    "pages.audits.items": "report",
    "pages.audits.evaluation": "report",
}
"""What the endpoints that read loans read, by endpoint."""


_AT_ONCE = 512
"""Lines that are written in one go, at most."""


class ReadNotes:
    """Writes down who reads; `keys` returns an organisation's keys, which name loans and documents blindly.

    What the threads of a process read at once is written in one go.
    """

    def __init__(self, log: AccessLog, keys: Callable[[int], OwnerKeys]) -> None:
        self._log = log
        self._keys = keys
        self._together = Together(self._write, lambda _line: 1, _AT_ONCE)

    def note(
        self, lender: int, *, loan: str = "", entry: int | None = None, document: str = "", query: str = ""
    ) -> None:
        """Note what the present request reads of a lender's loans: a loan by number, a document by SHA-256 in hex.

        `query` says what a list was asked for (`asked_for`); the number of a loan has no place in it.

        Raises `UnavailableError`: what cannot be noted is not read.
        """
        endpoint = request.endpoint or ""
        reader, by = g.reads_as
        way = PASS if reader is None else SESSION if endpoint.startswith("pages.") else API_KEY
        keys = self._keys(lender)
        self._together.do(
            Access(
                lender, now(), reader, by, way, KINDS[endpoint], keys.loan_reference(loan) if loan else "",
                keys.document_reference(document) if document else "", entry, query, trace_id(),
            )
        )  # fmt: skip

    def _write(self, lines: list[Access]) -> list[bool]:
        self._log.note(lines)
        return [True] * len(lines)

    def references(self, lender: int, loan: str, documents: Iterable[str]) -> list[str]:
        """Return by what a loan and its documents, given by their SHA-256, are named in the lines."""
        keys = self._keys(lender)
        return [keys.loan_reference(loan), *map(keys.document_reference, documents)]


def asked_for(wanted: Mapping[str, object]) -> str:
    """Return in one line what a list was asked for, by names and values; None says that it was not asked."""
    return " ".join(f"{name}={value}" for name, value in sorted(wanted.items()) if value is not None)
