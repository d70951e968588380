# SPDX-License-Identifier: Apache-2.0
"""Every record type against its vectors (tests/vectors/records/README.md)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from notary.errors import InvalidRecordError
from notary.records import RECORD_TYPES, parse_record

VECTORS = Path(__file__).parents[1] / "vectors" / "records"
FILES = {path.stem: json.loads(path.read_text("utf-8")) for path in VECTORS.glob("*.json")}
VALID = [pytest.param(item["record"], id=item["desc"]) for file in FILES.values() for item in file["valid"]]
INVALID = [
    pytest.param(file["valid"][0]["record"], case, id=f"{kind}: {case['desc']}")
    for kind, file in FILES.items()
    for case in file["invalid"]
]


def steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def parent_of(record: Any, path: list[str]) -> Any:
    for step in path[:-1]:
        record = record[int(step) if isinstance(record, list) else step]
    return record


def changed(record: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    record = copy.deepcopy(record)
    for pointer in case.get("remove", []):
        path = steps(pointer)
        parent = parent_of(record, path)
        del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    for pointer, value in case.get("set", {}).items():
        path = steps(pointer)
        parent_of(record, path)[path[-1]] = value
    return record


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
