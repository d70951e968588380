# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schemas are those of the models, and say what the models take."""

import json
from pathlib import Path

import pytest

from notary.records import RECORD_TYPES
from notary.records.schemas import DIALECT, encoded_schema, schema_of, write_schemas

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", RECORD_TYPES)
def test_the_published_schema_is_that_of_the_model(name: str) -> None:
    # `python -m notary.records.schemas docs/schemas` writes them anew.
    assert (PUBLISHED / f"{name}.json").read_text("utf-8") == encoded_schema(name)


def test_nothing_else_is_published() -> None:
    assert {path.stem for path in PUBLISHED.iterdir()} == RECORD_TYPES.keys()


@pytest.mark.parametrize("name", RECORD_TYPES)
def test_a_schema_is_strict(name: str) -> None:
    schema = schema_of(name)
    assert schema["$schema"] == DIALECT
    assert schema["$id"] == f"urn:loan-notary:schema:{name}"
    assert schema["additionalProperties"] is False
    assert schema["properties"]["type"]["const"] == name
    assert {"type", "id", "loan", "occurred_at"} <= set(schema["required"])
    text = json.dumps(schema)
    # Absent is the one form of absence, and patterns are ECMA-262's.
    assert '"null"' not in text
    assert '"default"' not in text
    assert "x{" not in text


def test_schemas_are_written(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schemas")
    assert json.loads((tmp_path / "schemas" / "repayment.json").read_text("utf-8")) == schema_of("repayment")
