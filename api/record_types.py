# SPDX-License-Identifier: Apache-2.0
"""The record types as one JavaScript module, for the verifier that runs in a browser.

::

    python -m api.record_types api/static/verify/record-types.js

The JSON Schemas of `notary.records.schemas` without what only people read, each shared part once, whose signatures a
type asks for, and in which stages of a loan it may stand. A test compares the file with what is made here.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from notary.lifecycle import TRANSITIONS
from notary.records import RECORD_TYPES
from notary.records.schemas import schema_of

_DROPPED = frozenset({"$defs", "$id", "$schema", "description", "discriminator", "title"})
_HEAD = """\
// SPDX-License-Identifier: Apache-2.0
/**
 * The record types, made from the code of the notary by `python -m api.record_types`: do not edit.
 *
 * `PARTS` are shared schemas by name; `TYPES` has each type's schema, its `signers` (whose signatures make an envelope
 * complete) and `authors` (of whom at least one must have signed). `TRANSITIONS` has for each type the stages of a loan
 * that take it, and the stage that follows.
 * @module
 */
"""


def record_types_module() -> str:
    """Return the text of the module."""
    parts: dict[str, Any] = {}
    types: dict[str, Any] = {}
    for name, model in RECORD_TYPES.items():
        schema = schema_of(name)
        for part, value in schema.get("$defs", {}).items():
            assert parts.setdefault(part, _bare(value)) == _bare(value), f"two different parts are called {part}"
        types[name] = {"signers": model.signers, "authors": model.authors, "schema": _bare(schema)}
    return _HEAD + _table("PARTS", parts) + _table("TYPES", types) + _table("TRANSITIONS", TRANSITIONS)


def _table(name: str, rows: Mapping[str, Any]) -> str:
    lines = (f"  {key}: {json.dumps(value, ensure_ascii=False)},\n" for key, value in rows.items())
    return f"export const {name} = {{\n{''.join(lines)}}};\n"


def _bare(schema: Any) -> Any:
    """Leave out what only people read, but no member of a record that happens to have such a name."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(member) for name, member in value.items()} if key == "properties" else _bare(value)
        for key, value in schema.items()
        if key not in _DROPPED
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(record_types_module(), "utf-8")
