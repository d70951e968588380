# SPDX-License-Identifier: Apache-2.0
"""What breaks those who were written for an older document, and what the changelog must name of it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from api.openapi import breaking_changes, unannounced

THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "note": {"type": "string"}}}
WISH = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"enum": ["x", "y"]}, "c": {"pattern": "^x"}},
    "additionalProperties": False,
}


def media(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


OLD: dict[str, Any] = {
    "paths": {
        "/things": {
            "post": {
                "security": [{"apiKey": ["things:write"]}],
                "parameters": [{"name": "after", "in": "query", "schema": {"type": "string"}}],
                "requestBody": media({"$ref": "#/components/schemas/Wish"}),
                "responses": {"201": media({"$ref": "#/components/schemas/Thing"}), "409": {}},
            },
            "get": {
                "security": [],
                "responses": {"200": media({"type": "array", "items": {"type": "string"}})},
            },
        }
    },
    "components": {"schemas": {"Thing": THING, "Wish": WISH}},
}


def post(document: dict[str, Any]) -> Any:
    return document["paths"]["/things"]["post"]


def get(document: dict[str, Any]) -> Any:
    return document["paths"]["/things"]["get"]


def schema(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def need(document: dict[str, Any]) -> None:
    schema(document, "Wish")["required"].append("b")
    schema(document, "Wish")["properties"]["b"] = {}


def items(document: dict[str, Any]) -> Any:
    return get(document)["responses"]["200"]["content"]["application/json"]["schema"]["items"]


BREAKS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a path": (lambda new: new["paths"].pop("/things"), "POST /things"),
    "a method": (lambda new: new["paths"]["/things"].pop("post"), "POST /things"),
    "another scope": (lambda new: post(new).update(security=[{"apiKey": ["all"]}]), "POST /things security"),
    "a status": (lambda new: post(new)["responses"].pop("409"), "POST /things 409"),
    "a media type": (
        lambda new: post(new)["responses"]["201"]["content"].clear(),
        "POST /things 201 application/json",
    ),
    "a parameter": (lambda new: post(new)["parameters"].clear(), "POST /things ?after"),
    "a parameter's type": (
        lambda new: post(new)["parameters"][0]["schema"].update(type="integer"),
        "POST /things ?after",
    ),
    "a required parameter": (
        lambda new: get(new).update(parameters=[{"name": "q", "required": True, "schema": {}}]),
        "GET /things ?q",
    ),
    "a body": (lambda new: get(new).update(requestBody=media({})), "GET /things body"),
    "an answer's member": (lambda new: schema(new, "Thing")["properties"].pop("note"), "Thing.note"),
    "an answer's certainty": (lambda new: schema(new, "Thing")["required"].clear(), "Thing.id"),
    "an answer's type": (lambda new: schema(new, "Thing")["properties"]["id"].update(type="integer"), "Thing.id"),
    "a list's type": (lambda new: items(new).update(type="integer"), "GET /things 200[]"),
    "another schema": (
        lambda new: post(new)["responses"].update({"201": media({"$ref": "#/x"})}),
        "POST /things 201",
    ),
    "a value": (lambda new: schema(new, "Wish")["properties"]["a"]["enum"].remove("y"), "Wish.a"),
    "another pattern": (lambda new: schema(new, "Wish")["properties"]["c"].update(pattern="^y"), "Wish.c"),
    "a request's need": (need, "Wish.b"),
}
HARMLESS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a path": lambda new: new["paths"].update({"/more": {"get": {}}}),
    "a status": lambda new: post(new)["responses"].update({"429": {}}),
    "a parameter": lambda new: get(new).update(parameters=[{"name": "q", "schema": {}}]),
    "an answer's member": lambda new: schema(new, "Thing")["properties"].update(more={}),
    "an answer's certainty": lambda new: schema(new, "Thing")["required"].append("note"),
    "a request's member": lambda new: schema(new, "Wish")["properties"].update(b={}),
    "a need less": lambda new: schema(new, "Wish")["required"].clear(),
    "a pattern's end": lambda new: schema(new, "Wish")["properties"]["c"].pop("pattern"),
    "a value": lambda new: schema(new, "Wish")["properties"]["a"]["enum"].append("z"),
    "a text": lambda new: post(new).update(summary="Other words"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_is_named(name: str) -> None:
    change, named = BREAKS[name]
    new = copy.deepcopy(OLD)
    change(new)
    assert named in breaking_changes(OLD, new)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_more_breaks_nothing(name: str) -> None:
    new = copy.deepcopy(OLD)
    HARMLESS[name](new)
    assert breaking_changes(OLD, new) == []


def test_the_changelog_names_what_breaks_under_the_right_heading() -> None:
    text = "## Unreleased\n\n### Added\n\n- `A.b`\n\n### Removed\n\n- `C.d`, and `GET /e`.\n\n## 1.0.0\n\n- `F.g`\n"
    assert unannounced(["A.b", "C.d", "GET /e", "F.g"], text) == ["A.b", "F.g"]
    assert unannounced(["A.b"], text.replace("Added", "Changed")) == []
