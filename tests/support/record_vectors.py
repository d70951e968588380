# SPDX-License-Identifier: Apache-2.0
"""The vectors of record types, read (tests/vectors/records/README.md)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[1] / "vectors" / "records"
FILES = {path.stem: json.loads(path.read_text("utf-8")) for path in VECTORS.glob("*.json")}
VALID = [pytest.param(item["record"], id=item["desc"]) for file in FILES.values() for item in file["valid"]]
INVALID = [
    pytest.param(file["valid"][0]["record"], case, id=f"{kind}: {case['desc']}")
    for kind, file in FILES.items()
    for case in file["invalid"]
]


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _parent_of(record: Any, path: list[str]) -> Any:
    for step in path[:-1]:
        record = record[int(step) if isinstance(record, list) else step]
    return record


def changed(record: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Return the record that an invalid case describes."""
    record = copy.deepcopy(record)
    for pointer in case.get("remove", []):
        path = _steps(pointer)
        parent = _parent_of(record, path)
        del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    for pointer, value in case.get("set", {}).items():
        path = _steps(pointer)
        _parent_of(record, path)[path[-1]] = value
    return record
