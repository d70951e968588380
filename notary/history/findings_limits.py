# SPDX-License-Identifier: Apache-2.0
"""Findings about what was allowed: F7 limits, F8 decisions, F19 consent."""

from collections.abc import Iterator
from datetime import date

from notary.history.book import Book
from notary.history.case import Case
from notary.history.finding import Finding, Severity, finding, money
from notary.history.terms import limit_on
from notary.records import Agreement, Application, ConsentRevoked, CreditDecision, DataConsent, Disbursement, Facility


def over_the_limit(case: Case) -> Iterator[Finding]:
    """F7: after a draw more was outstanding (of what does not revolve: drawn) than the limit in force."""
    book = case.book
    facility = book.last(Facility)
    drawn = 0
    for event, draw in book.all(Disbursement):
        drawn += draw.amount.minor
        limit = limit_on(book, date.fromisoformat(draw.value_date), event.sequence)
        revolving = facility is not None and facility[0].sequence < event.sequence and facility[1].revolving
        used = book.balances[event.sequence] + draw.amount.minor if revolving else drawn
        if limit is not None and used > limit:
            taken, allowed = money(used, book.currency), money(limit, book.currency)
            yield finding(
                "F7", Severity.WARNING, [event],
                f"{draw.value_date} 放款后用款 {taken}，超过当时有效额度 {allowed}。",
                f"With the draw of {draw.value_date}, {taken} were used; the limit in force was {allowed}.",
            )  # fmt: skip


def beyond_the_decision(case: Case) -> Iterator[Finding]:
    """F8: the agreement is for more than was approved, or came after the approval had expired."""
    book = case.book
    for event, agreement in book.all(Agreement):
        found = book.last(CreditDecision, event.sequence)
        if found is None or found[1].outcome != "approved":
            continue
        decided, decision = found
        allowed = decision.amount or decision.limit
        agreed = agreement.principal
        if allowed is not None and allowed.currency == agreed.currency and agreed.minor > allowed.minor:
            given, approved = money(agreed.minor, agreed.currency), money(allowed.minor, allowed.currency)
            yield finding(
                "F8", Severity.WARNING, [decided, event],
                f"合同金额 {given} 超过审批金额 {approved}。",
                f"The agreement is for {given}, but {approved} were approved.",
            )  # fmt: skip
        signed = agreement.occurred_at[:10]
        if decision.valid_until is not None and signed > decision.valid_until:
            yield finding(
                "F8", Severity.WARNING, [decided, event],
                f"合同于 {signed} 签订，而审批有效期至 {decision.valid_until}。",
                f"The agreement is of {signed}, but the approval held until {decision.valid_until}.",
            )  # fmt: skip


def without_consent(case: Case) -> Iterator[Finding]:
    """F19: a decision about a person was made without a consent that held: none, expired, or revoked before."""
    book = case.book
    if not _about_a_person(book):
        return
    consents, revoked = book.all(DataConsent), book.all(ConsentRevoked)
    for event, decision in book.all(CreditDecision):
        made = decision.occurred_at[:10]
        gone = {record.consent for other, record in revoked if other.sequence < event.sequence}
        earlier = [(other, record) for other, record in consents if other.sequence < event.sequence]
        if any(record.id not in gone and record.expiry >= made for _, record in earlier):
            continue
        rests = [event, *(other for other, _ in earlier)]
        rests += [other for other, record in revoked if other.sequence < event.sequence]
        state = ("已撤回或过期", "was revoked or had expired") if earlier else ("缺失", "is missing")
        yield finding(
            "F19", Severity.SERIOUS, rests,
            f"{made} 的授信决定所依据的个人信息处理同意{state[0]}。",
            f"The consent to use personal data for the decision of {made} {state[1]}.",
        )  # fmt: skip


def _about_a_person(book: Book) -> bool:
    """Tell whether the borrower is a person, as the agreement says, or before it an application by pseudonym."""
    if book.terms is not None:
        return any(party.role == "borrower" and party.subject_ref is not None for party in book.terms.parties)
    return bool(book.all(Application))
