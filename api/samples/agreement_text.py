# SPDX-License-Identifier: Apache-2.0
"""The words of a sample loan agreement, in Chinese and English."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from api.samples.loans import Loan
from notary.records.money import format_amount


@dataclass(frozen=True)
class AgreementText:
    """A document's words: title, the facts on top, the clauses, and the schedule's title and column heads."""

    title: str
    facts: tuple[str, ...]
    clauses: tuple[str, ...]
    schedule_title: str
    columns: tuple[str, ...]
    notice: str


def agreement_text(loan: Loan) -> AgreementText:
    """Return the words of a loan's agreement in its language."""
    return _WRITERS[loan.profile.language](loan)


def _percent(value: Decimal) -> str:
    return f"{value * 100:.2f}%"


def _sum(loan: Loan, minor: int) -> str:
    whole, point, decimals = format_amount(minor, loan.profile.currency).partition(".")
    return f"{int(whole):,}{point}{decimals}"


def _chinese(loan: Loan) -> AgreementText:
    terms, last = loan.terms, loan.schedule[-1]
    first, second, third, fourth, fifth = loan.profile.clauses
    signed = loan.agreed + timedelta(hours=8)
    return AgreementText(
        title="借款合同",
        facts=(
            f"合同编号：{loan.number}",
            f"贷款人：{loan.profile.lender}",
            f"借款人（假名标识）：{loan.subject_ref}",
            f"签订日期：{signed.year}年{signed.month}月{signed.day}日",
        ),
        clauses=(
            f"{first}　借款金额：人民币 {_sum(loan, terms.principal)} 元，用途：{loan.purpose}。",
            f"{second}　利率：年利率（单利）{_percent(terms.annual_rate)}，按 30/360 计息；"
            f"年化综合成本 {_percent(loan.apr)}。",
            f"{third}　还款方式：等额本息，共 {terms.months} 期，首期 {loan.schedule[0].due}，到期日 {last.due}。",
            f"{fourth}　罚息：逾期款项按日利率 {_percent(loan.profile.penalty_per_day)} 计收。",
            f"{fifth}　适用法律：中华人民共和国法律。",
        ),
        schedule_title="还款计划表（单位：元）",
        columns=("期数", "应还日", "本金", "利息", "本息合计", "剩余本金"),
        notice="本文件为虚构样本，不涉及任何真实的人或机构。",
    )


def _english(loan: Loan) -> AgreementText:
    terms, currency = loan.terms, loan.profile.currency
    first, second, third, fourth, fifth = loan.profile.clauses
    laws = {"US-NY": "the State of New York", "JP": "Japan"}
    return AgreementText(
        title="Loan Agreement",
        facts=(
            f"Agreement no.: {loan.number}",
            f"Lender: {loan.profile.lender}",
            f"Borrower (pseudonym): {loan.subject_ref}",
            f"Date: {loan.agreed:%Y-%m-%d}",
        ),
        clauses=(
            f"{first}. Principal: {currency} {_sum(loan, terms.principal)}, for: {loan.purpose}. "
            f"Origination fee, due at disbursement: {currency} {_sum(loan, terms.fee)}.",
            f"{second}. Interest: {_percent(terms.annual_rate)} a year, 30/360. "
            f"Annual percentage rate {_percent(loan.apr)}.",
            f"{third}. Repayment: {terms.months} equal monthly instalments, the first on {loan.schedule[0].due}, "
            f"the last on {loan.schedule[-1].due}.",
            f"{fourth}. Late payments bear {_percent(loan.profile.penalty_per_day)} a day.",
            f"{fifth}. Governing law: that of {laws[loan.profile.governing_law]}.",
        ),
        schedule_title=f"Schedule of payments ({currency})",
        columns=("No.", "Due", "Principal", "Interest", "Payment", "Balance"),
        notice="A made-up sample; no real person or institution is meant.",
    )


_WRITERS = {"zh": _chinese, "en": _english}
