# SPDX-License-Identifier: Apache-2.0
"""Three kinds of loan that sample portfolios mix: CNY in Chinese, USD and JPY in English. All names are invented."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Profile:
    """One kind of loan. Principals are in smallest units, hours in UTC; year and serial are filled in.

    `clauses` are the names of the document's clauses: principal, rate, repayment, late payment, law.
    """

    language: str
    currency: str
    share: int
    lender: str
    number: str
    principals: tuple[int, int, int]
    rates: tuple[Decimal, Decimal]
    terms: tuple[int, ...]
    fee_rate: Decimal
    penalty_per_day: Decimal
    governing_law: str
    calendar: str
    opening_hour: int
    disbursement_rail: str
    repayment_rails: tuple[str, ...]
    purposes: tuple[str, ...]
    document_name: str
    clauses: tuple[str, ...]


CNY = Profile(
    language="zh",
    currency="CNY",
    share=60,
    lender="示范银行股份有限公司",
    number="示消贷字（{year}）第{serial:06}号",
    principals=(500_000, 30_000_000, 100_000),
    rates=(Decimal("0.0345"), Decimal("0.1440")),
    terms=(6, 12, 12, 24, 36),
    fee_rate=Decimal(0),
    penalty_per_day=Decimal("0.0005"),
    governing_law="CN",
    calendar="CNBE",
    opening_hour=1,
    disbursement_rail="CNAPS_HVPS",
    repayment_rails=("CNAPS_BEPS", "IBPS", "UNIONPAY"),
    purposes=("装修", "教育", "购车", "经营周转", "医疗"),
    document_name="{serial:06}-借款合同.pdf",
    clauses=("第一条", "第二条", "第三条", "第四条", "第五条"),
)
USD = Profile(
    language="en",
    currency="USD",
    share=25,
    lender="Example Bank Co., Ltd.",
    number="EB-{year}-{serial:06}",
    principals=(200_000, 5_000_000, 50_000),
    rates=(Decimal("0.0599"), Decimal("0.1799")),
    terms=(12, 24, 36, 48),
    fee_rate=Decimal("0.01"),
    penalty_per_day=Decimal("0.0004"),
    governing_law="US-NY",
    calendar="USNY",
    opening_hour=14,
    disbursement_rail="FEDWIRE",
    repayment_rails=("ACH", "FEDNOW"),
    purposes=("Home improvement", "Vehicle", "Working capital", "Education"),
    document_name="{serial:06}-loan-agreement.pdf",
    clauses=("1", "2", "3", "4", "5"),
)
JPY = Profile(
    language="en",
    currency="JPY",
    share=15,
    lender="Example Bank Co., Ltd.",
    number="EBJ-{year}-{serial:06}",
    principals=(300_000, 10_000_000, 50_000),
    rates=(Decimal("0.0180"), Decimal("0.0980")),
    terms=(12, 24, 36),
    fee_rate=Decimal("0.005"),
    penalty_per_day=Decimal("0.0004"),
    governing_law="JP",
    calendar="JPTO",
    opening_hour=0,
    disbursement_rail="ZENGIN",
    repayment_rails=("ZENGIN",),
    purposes=("Vehicle", "Renovation", "Tuition"),
    document_name="{serial:06}-loan-agreement.pdf",
    clauses=("1", "2", "3", "4", "5"),
)

PROFILES = (CNY, USD, JPY)
