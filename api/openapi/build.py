# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI 3.1 document of an application.

Paths, methods and path parameters are those of its routes, scopes those of `api.access.scopes`, problems those of
`api.problems`; the rest stands in `api.openapi.tables`. A route without a line there is an error.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from api.access.scopes import ANYBODY, PASS, SCOPES
from api.openapi.model import Answer, Body, Operation, Query, Table
from api.openapi.schemas import component_schemas
from api.openapi.shapes import TEXT
from api.openapi.tables import TABLES
from api.problems import KINDS, TYPE_PREFIX
from api.problems import MEDIA_TYPE as PROBLEM_TYPE
from api.traffic.hooks import NEEDED, STREAMED
from api.traffic.middleware import COUNTED

VERSION = "1.0.0"
PAGES = frozenset({"pages"})
"""Blueprints of pages for people, which are no part of the document."""
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_SECURITY: dict[str, Any] = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`ln_...`) or an OAuth access token. Each operation names the scope that it wants.",
    },
    "loanPass": {"type": "http", "scheme": "bearer", "description": "A loan pass (`lp_...`)."},
}
_READS, _WRITES = ("internal", "unavailable"), ("malformed-json", "invalid-input")
_BODIES = (
    "bad-request", "request-timeout", "request-entity-too-large", "unsupported-media-type", "service-unavailable",
)  # fmt: skip


def build(app: Flask) -> dict[str, Any]:
    """Return the document."""
    operations = {endpoint: (table, item) for table in TABLES for endpoint, item in table.operations.items()}
    paths: dict[str, dict[str, Any]] = {}
    rules = {rule.endpoint: rule for rule in _routes(app)}
    for endpoint, (table, operation) in operations.items():
        rule = rules[endpoint]
        [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        path = paths.setdefault(_VARIABLE.sub(r"{\1}", rule.rule), {})
        path[method.lower()] = _operation(endpoint, rule, table, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Loan Notary",
            "version": VERSION,
            "summary": "Signed loan records in an append-only log, proved by receipts that verify offline.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": table.tag, "description": table.description} for table in TABLES],
        "paths": paths,
        "components": {"schemas": component_schemas(), "securitySchemes": _SECURITY},
    }


def undescribed(app: Flask) -> set[str]:
    """Return the endpoints without a line in the tables, and the lines without an endpoint."""
    return {rule.endpoint for rule in _routes(app)} ^ {name for table in TABLES for name in table.operations}


def operation_id(endpoint: str) -> str:
    """Return the operation's name: `records.submit_batch` is `recordsSubmitBatch`."""
    first, *others = re.split(r"[._]", endpoint)
    return first + "".join(part.capitalize() for part in others)


def _routes(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        # Two slashes are another spelling of one (`api.views.log`).
        if rule.endpoint.split(".")[0] not in PAGES and "//" not in rule.rule:
            yield rule


def _operation(endpoint: str, rule: Rule, table: Table, operation: Operation) -> dict[str, Any]:
    scope = SCOPES.get(endpoint, ANYBODY)
    found: dict[str, Any] = {
        "operationId": operation_id(endpoint),
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "tags": [table.tag],
        "security": _security(scope),
    }
    assert set(operation.paths) == rule.arguments, endpoint
    parameters = [_path_parameter(name, example) for name, example in operation.paths.items()]
    parameters += map(_query_parameter, operation.query)
    if "POST" in (rule.methods or ()) and _is_repeatable(endpoint, scope):
        parameters.append(_idempotency_key(endpoint))
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        found["requestBody"] = _body(operation.body)
    found["responses"] = _responses(operation, scope, _traffic_slugs(endpoint, rule, operation, scope))
    return found


def _security(scope: str) -> list[dict[str, Any]]:
    if scope == ANYBODY:
        return []
    return [{"loanPass": []}] if scope == PASS else [{"apiKey": [scope]}]


def _path_parameter(name: str, example: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {**TEXT, "minLength": 1}, "example": example}


def _query_parameter(query: Query) -> dict[str, Any]:
    schema = {"type": "array", "items": query.schema} if query.repeated else query.schema
    found = {"name": query.name, "in": "query", "description": query.description, "schema": schema}
    return {**found, "example": query.example} if query.example else found


def _body(body: Body) -> dict[str, Any]:
    content = {
        media_type: {
            "schema": schema,
            **({"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}),
        }
        for media_type, (schema, examples) in body.content.items()
    }
    return {"required": True, "content": content}


def _is_repeatable(endpoint: str, scope: str) -> bool:
    """Tell whether `Idempotency-Key` means something to a POST (`api.traffic.hooks`)."""
    return scope not in (ANYBODY, PASS) and endpoint not in STREAMED


def _idempotency_key(endpoint: str) -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": endpoint in NEEDED,
        "description": "With it the same request again gets the first answer again, for a day.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
    }


def _responses(operation: Operation, scope: str, traffic: tuple[str, ...]) -> dict[str, Any]:
    found = {str(status): _answer(operation, status, answer) for status, answer in operation.answers.items()}
    by_status: dict[int, list[str]] = {}
    for slug in dict.fromkeys((*_slugs(operation, scope), *traffic, *operation.refusals)):
        by_status.setdefault(KINDS[slug].status, []).append(slug)
    for status, slugs in sorted(by_status.items()):
        if status in operation.answers:
            found[str(status)]["content"][PROBLEM_TYPE] = _problem(slugs)
        else:
            titles = [f"`{slug}`: {KINDS[slug].title}." for slug in slugs]
            found[str(status)] = {
                "description": " ".join(titles) or HTTPStatus(status).phrase,
                "content": {PROBLEM_TYPE: _problem(slugs)},
            }
    return found


def _slugs(operation: Operation, scope: str) -> tuple[str, ...]:
    """Return the problems that all operations of this kind can answer."""
    found: tuple[str, ...] = _READS
    if operation.body:
        found += _BODIES
        if "application/json" in operation.body.content:
            found += _WRITES
    if operation.query:
        found += ("invalid-input",)
    if scope != ANYBODY:
        found += ("unauthorized",)
    if scope not in (ANYBODY, PASS):
        found += ("forbidden",)
    return found


def _traffic_slugs(endpoint: str, rule: Rule, operation: Operation, scope: str) -> tuple[str, ...]:
    """Return the problems of what stands around the operation: limits, repeats, digests."""
    found: tuple[str, ...] = ("too-many-requests",) if rule.rule.startswith(COUNTED) else ()
    if operation.body:
        found += ("wrong-digest",)
    if "POST" in (rule.methods or ()) and _is_repeatable(endpoint, scope):
        found += ("idempotency-key", "idempotency-key-reused", "idempotency-in-progress")
    return found


def _problem(slugs: list[str]) -> dict[str, Any]:
    types = {"properties": {"type": {"enum": [TYPE_PREFIX + slug for slug in slugs]}}}
    return {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, types]}}


def _answer(operation: Operation, status: int, answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.description}
    if answer.headers:
        found["headers"] = {name: {"description": text, "schema": TEXT} for name, text in answer.headers.items()}
    if answer.schema is not None:
        contents = {answer.media_type: answer.schema, **answer.others}
        found["content"] = {media_type: {"schema": schema} for media_type, schema in contents.items()}
    if links := operation.links.get(status):
        found["links"] = {
            operation_id(link.operation): {
                "operationId": operation_id(link.operation),
                "parameters": dict(link.parameters),
            }
            for link in links
        }
    return found
