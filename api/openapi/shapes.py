# SPDX-License-Identifier: Apache-2.0
"""Short ways to write a JSON Schema."""

from collections.abc import Mapping
from typing import Any

from api.openapi.model import Schema
from notary.canonical import MAX_INTEGER

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"$ref": "#/components/schemas/Time"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
BINARY: Schema = {"type": "string", "format": "binary"}
BASE64URL: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]*$"}
HEX: Schema = {"type": "string", "pattern": "^0x[0-9a-f]+$"}


def ref(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def members(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, **more: Any) -> Schema:
    """Return the schema of an object in an answer, which may get more members one day."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}, **more}


def exactly(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object in a request, in which no other member is taken."""
    return members(required, optional, additionalProperties=False)


def either(*names: str) -> Schema:
    """Return the schema of one of some texts."""
    return {"type": "string", "enum": list(names)}


def items(schema: Schema, **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, **more}


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may be absent."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def listing(name: str, of: str, *optional: str) -> Schema:
    """Return the schema of an answer that holds one list."""
    return members({name: items(ref(of))}, dict.fromkeys(optional, or_null(TEXT)))
