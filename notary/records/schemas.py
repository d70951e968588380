# SPDX-License-Identifier: Apache-2.0
"""The record types as JSON Schema, for whoever writes records in another language.

::

    python -m notary.records.schemas docs/schemas

A schema says what one record looks like. What holds between members (a split sums to its amount) and between records
is said in the types' own documentation.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from notary.records import RECORD_TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a record type."""
    model = RECORD_TYPES[name]
    schema = {"$schema": DIALECT, "$id": f"urn:loan-notary:schema:{name}", **model.model_json_schema()}
    result: dict[str, Any] = _portable(schema)
    return result


def encoded_schema(name: str) -> str:
    """Return the file of a type's schema."""
    return json.dumps(schema_of(name), ensure_ascii=False, indent=2) + "\n"


def write_schemas(folder: Path) -> None:
    """Write one file for each type, over those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RECORD_TYPES:
        (folder / f"{name}.json").write_text(encoded_schema(name), "utf-8")


def _portable(value: Any) -> Any:
    """Spell code points in patterns as ECMA-262 does, and leave out the defaults of members that may be absent."""
    if isinstance(value, dict):
        return {
            key: re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", item)
            if key == "pattern" and isinstance(item, str)
            else _portable(item)
            for key, item in value.items()
            if not (key == "default" and item is None)
        }
    return [_portable(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
