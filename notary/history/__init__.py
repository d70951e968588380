# SPDX-License-Identifier: Apache-2.0
"""What a loan's records say together: where the loan stands, what is owed, what is odd. Rules only, no I/O.

::

    book = Book.of(read_events(store.loan_records(lender, loan)), as_of)
    view = loan_view(book, DEFAULT_POLICY)
    view.account.outstanding, view.days_past_due, [item.en for item in view.findings]

Everything follows from the records' payloads and the moments at which they were received, so that an audit that has
them comes to the same. A new check is one function in a `findings_*` module and one line in `findings.CHECKS`.
"""

from notary.history.account import Account
from notary.history.book import Book, Event, read_events
from notary.history.case import Case
from notary.history.cost import YearlyCost, yearly_cost
from notary.history.finding import Finding, Severity
from notary.history.findings import CHECKS, TIMED, findings, findings_of
from notary.history.findings_time import SILENT_STAGES, Silence, silence
from notary.history.plan import NextDue, PaymentPlan
from notary.history.policy import DEFAULT_POLICY, AprCap, Policy
from notary.history.view import LoanView, loan_view
from notary.history.view_json import finding_json, view_json

__all__ = [
    "CHECKS",
    "DEFAULT_POLICY",
    "SILENT_STAGES",
    "TIMED",
    "Account",
    "AprCap",
    "Book",
    "Case",
    "Event",
    "Finding",
    "LoanView",
    "NextDue",
    "PaymentPlan",
    "Policy",
    "Severity",
    "Silence",
    "YearlyCost",
    "finding_json",
    "findings",
    "findings_of",
    "loan_view",
    "read_events",
    "silence",
    "view_json",
    "yearly_cost",
]
