# SPDX-License-Identifier: Apache-2.0
"""The types of record that a loan's history is made of.

::

    record = parse_record(parse_json(payload, limit=65_536))
    record.loan, record.signers, record.facts()

A new type is one class in a module here, one line in `RECORD_TYPES` and one in `notary.lifecycle.TRANSITIONS`.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from notary.errors import Fault, InvalidRecordError
from notary.records.administration import Administration
from notary.records.agreement import Agreement
from notary.records.amendment import Amendment
from notary.records.application import Application
from notary.records.classification import Classification
from notary.records.consent import ConsentRevoked, DataConsent
from notary.records.court_order import CourtOrder
from notary.records.credit_decision import CreditDecision
from notary.records.disbursement import Disbursement
from notary.records.dispute import Dispute, DisputeResolution, PaymentClaim
from notary.records.facility import Facility, LimitChange
from notary.records.facts import Facts
from notary.records.faults import faults_of
from notary.records.notice import OverdueNotice, Reminder
from notary.records.offer import Offer
from notary.records.rate_set import RateSet
from notary.records.record import Document, Record
from notary.records.repayment import Repayment, Reversal
from notary.records.restructuring import Restructuring
from notary.records.schedule import Schedule
from notary.records.security import Collateral, Guarantee, Release
from notary.records.settlement import Settlement
from notary.records.transfer import Assignment, Participation
from notary.records.write_off import Recovery, WriteOff

__all__ = [
    "RECORD_TYPES",
    "Administration",
    "Agreement",
    "Amendment",
    "Application",
    "Assignment",
    "Classification",
    "Collateral",
    "ConsentRevoked",
    "CourtOrder",
    "CreditDecision",
    "DataConsent",
    "Disbursement",
    "Dispute",
    "DisputeResolution",
    "Document",
    "Facility",
    "Facts",
    "Guarantee",
    "LimitChange",
    "Offer",
    "OverdueNotice",
    "Participation",
    "PaymentClaim",
    "RateSet",
    "Record",
    "Recovery",
    "Release",
    "Reminder",
    "Repayment",
    "Restructuring",
    "Reversal",
    "Schedule",
    "Settlement",
    "WriteOff",
    "parse_record",
]

RECORD_TYPES: Mapping[str, type[Record]] = {
    "data_consent": DataConsent,
    "consent_revoked": ConsentRevoked,
    "application": Application,
    "credit_decision": CreditDecision,
    "offer": Offer,
    "facility": Facility,
    "limit_change": LimitChange,
    "agreement": Agreement,
    "amendment": Amendment,
    "guarantee": Guarantee,
    "collateral": Collateral,
    "release": Release,
    "disbursement": Disbursement,
    "schedule": Schedule,
    "rate_set": RateSet,
    "repayment": Repayment,
    "reversal": Reversal,
    "payment_claim": PaymentClaim,
    "dispute": Dispute,
    "dispute_resolution": DisputeResolution,
    "reminder": Reminder,
    "overdue_notice": OverdueNotice,
    "classification": Classification,
    "restructuring": Restructuring,
    "assignment": Assignment,
    "participation": Participation,
    "settlement": Settlement,
    "write_off": WriteOff,
    "recovery": Recovery,
    "court_order": CourtOrder,
    "administration": Administration,
}


def parse_record(value: object) -> Record:
    """Read a record from JSON that `notary.canonical.parse_json` read.

    Raises `InvalidRecordError` with one fault for each member that is wrong.
    """
    if not isinstance(value, dict):
        raise InvalidRecordError(Fault("", "must be an object"))
    name = value.get("type")
    model = RECORD_TYPES.get(name) if isinstance(name, str) else None
    if model is None:
        words = "is required" if "type" not in value else "is not a known record type"
        raise InvalidRecordError(Fault("/type", f"{words}; known are {', '.join(RECORD_TYPES)}"))
    try:
        # What model_validate does, less a layer that looks for options.
        record: Record = model.__pydantic_validator__.validate_python(value)
    except ValidationError as error:
        raise InvalidRecordError(*faults_of(error)) from None
    return record
