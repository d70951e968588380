# SPDX-License-Identifier: Apache-2.0
"""What a new document takes away from those who were written for an old one, and whether the changelog says so.

An operation, an answer, a parameter or a member that is gone, a value that is not taken any more, and whatever has
become required of a request. What is only more breaks nothing.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_ANNOUNCED = re.compile(r"^### (?:Changed|Removed)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the names of what breaks: `DELETE /v1/x`, `GET /v1/x 200`, `Loan.state`, ..."""
    return [*_operations(old, new), *_components(old, new)]


def unannounced(changes: list[str], changelog: str) -> list[str]:
    """Return the changes that no line under "Changed" or "Removed" of a changelog names, in backquotes."""
    told = "".join(_ANNOUNCED.findall(changelog))
    return [change for change in changes if f"`{change}`" not in told]


def _operations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method in item.keys() & _METHODS:
            name = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield name
                continue
            yield from _operation(name, item[method], now)


def _operation(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["security"] != new["security"]:
        yield f"{name} security"
    known = {item["name"]: item for item in old.get("parameters", [])}
    given = {item["name"]: item for item in new.get("parameters", [])}
    for gone in known.keys() - given.keys():
        yield f"{name} ?{gone}"
    for item in given.values():
        if item.get("required") and not known.get(item["name"], {}).get("required"):
            yield f"{name} ?{item['name']}"
        elif item["name"] in known:
            yield from _schema(f"{name} ?{item['name']}", known[item["name"]]["schema"], item["schema"])
    yield from _content(name, old.get("requestBody", {}), new.get("requestBody", {}))
    if "requestBody" in new and "requestBody" not in old:
        yield f"{name} body"
    for status, answer in old["responses"].items():
        if status not in new["responses"]:
            yield f"{name} {status}"
        else:
            yield from _content(f"{name} {status}", answer, new["responses"][status])


def _content(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    given = new.get("content", {})
    for media_type, value in old.get("content", {}).items():
        if media_type not in given:
            yield f"{name} {media_type}"
        elif "problem" not in media_type:
            yield from _schema(name, value["schema"], given[media_type]["schema"])


def _components(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    given = new["components"]["schemas"]
    for name, schema in old["components"]["schemas"].items():
        # A schema whose name is gone is noticed where it was used.
        if name in given:
            yield from _schema(name, schema, given[name])


def _schema(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    another = any(old.get(key) != new.get(key) for key in ("$ref", "type", "const"))
    if another or old.get("pattern") != new.get("pattern", old.get("pattern")):
        yield name
        return
    if set(old.get("enum", ())) - set(new.get("enum", ())):
        yield name
    # Requests are closed, and what they need may only become less; answers are open, and must go on to hold it.
    was, now = set(old.get("required", ())), set(new.get("required", ()))
    for member in now - was if new.get("additionalProperties") is False else was - now:
        yield f"{name}.{member}"
    for member, schema in old.get("properties", {}).items():
        if member not in new.get("properties", {}):
            yield f"{name}.{member}"
        else:
            yield from _schema(f"{name}.{member}", schema, new["properties"][member])
    if "items" in old and "items" in new:
        yield from _schema(f"{name}[]", old["items"], new["items"])
    for key in ("anyOf", "oneOf", "allOf"):
        if any(part not in new.get(key, []) for part in old.get(key, [])):
            yield name
