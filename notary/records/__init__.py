# SPDX-License-Identifier: Apache-2.0
"""The types of record that a loan's history is made of.

::

    record = parse_record(parse_json(payload, limit=65_536))
    record.loan, record.signers

A new type is one module here, one line in `RECORD_TYPES` and one in `notary.lifecycle.TRANSITIONS`.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from notary.errors import Fault, InvalidRecordError
from notary.records.agreement import Agreement
from notary.records.disbursement import Disbursement
from notary.records.faults import faults_of
from notary.records.record import Document, Record
from notary.records.repayment import Repayment
from notary.records.settlement import Settlement

__all__ = [
    "RECORD_TYPES",
    "Agreement",
    "Disbursement",
    "Document",
    "Record",
    "Repayment",
    "Settlement",
    "parse_record",
]

RECORD_TYPES: Mapping[str, type[Record]] = {
    "agreement": Agreement,
    "disbursement": Disbursement,
    "repayment": Repayment,
    "settlement": Settlement,
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
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidRecordError(*faults_of(error)) from None
