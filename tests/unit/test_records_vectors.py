# SPDX-License-Identifier: Apache-2.0
"""Every record type against its vectors (tests/vectors/records/README.md)."""

from typing import Any

import pytest

from notary.errors import InvalidRecordError
from notary.records import RECORD_TYPES, parse_record
from tests.support.record_vectors import FILES, INVALID, VALID, changed


def test_every_type_has_vectors() -> None:
    assert FILES.keys() == RECORD_TYPES.keys()


@pytest.mark.parametrize("value", VALID)
def test_a_valid_record_is_read_and_nothing_of_it_is_lost(value: dict[str, Any]) -> None:
    record = parse_record(value)
    assert type(record) is RECORD_TYPES[value["type"]]
    assert record.model_dump(mode="json", exclude_none=True) == value


@pytest.mark.parametrize(("record", "case"), INVALID)
def test_an_invalid_record_is_refused_at_every_fault(record: dict[str, Any], case: dict[str, Any]) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        parse_record(changed(record, case))
    assert [[fault.pointer, fault.check] for fault in refused.value.faults] == case["faults"]
    assert all("pydantic" not in fault.detail and "Input" not in fault.detail for fault in refused.value.faults)
