# SPDX-License-Identifier: Apache-2.0
"""The API's own description: complete, true to what the API answers, and the same as the files in `docs`."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import jsonschema_rs
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from schemathesis.specs.openapi import definitions
from werkzeug.test import TestResponse

from api.auth import hash_secret, new_api_key
from api.clock import now
from api.openapi import build, collection, operation_id, undescribed
from api.openapi.examples import CLIENT_KEY
from api.problems import KINDS
from api.scopes import ANYBODY, PASS, SCOPES
from notary.access import ROLES, ApiKey, key_id
from tests.support.api import Api, running_api
from tests.support.builders import ORIGIN, anchor_of

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT: dict[str, Any] = orjson.loads((DOCS / "openapi.json").read_bytes())
COMPONENTS = DOCUMENT["components"]


class Operation:
    """An operation of the document."""

    def __init__(self, method: str, path: str, value: Mapping[str, Any]) -> None:
        self.method, self.path, self.value = method, path, value
        self.id: str = value["operationId"]

    @property
    def examples(self) -> list[tuple[str | None, Any]]:
        """Its bodies with their media types; one that is none for an operation without."""
        content = self.value.get("requestBody", {}).get("content", {})
        found = [
            (media_type, item["value"])
            for media_type, media in content.items()
            for item in media.get("examples", {}).values()
        ]
        return found or [(None, None)]


OPERATIONS = {
    value["operationId"]: Operation(method.upper(), path, value)
    for path, item in DOCUMENT["paths"].items()
    for method, value in item.items()
}
LINKS = {
    link["operationId"]: (source.id, link["parameters"])
    for source in OPERATIONS.values()
    for answer in source.value["responses"].values()
    for link in answer.get("links", {}).values()
}
EXAMPLES = [(name, number) for name, item in OPERATIONS.items() for number in range(len(item.examples))]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("document") / "data") as api:
        # The examples name the third organisation as an auditor, sign with registered keys, and speak of one loan.
        assert api.services.access.add_organisation("Sample Audit", "auditor", now()).number == 3
        assert replay(api, "keysRegister")[1].status_code == 201
        head = api.services.log.head()
        assert head.size == 2
        api.services.store.save_anchor(anchor_of(head))
        assert replay(api, "keysRegister", 1)[1].status_code == 201
        assert replay(api, "recordsSubmit")[1].status_code == 201
        yield api


def token_of(api: Api, operation: Operation) -> str | None:
    """Return the bearer token that an operation wants."""
    [security] = operation.value["security"] or [{}]
    if "loanPass" in security:
        return str(replay(api, "passesMint", 0)[1].json["secret"])
    if security.get("apiKey") == ["organisations:write"]:
        secret = new_api_key()
        made = api.services.access.add_organisation("The operator", "operator", now())
        digest = hash_secret(secret)
        api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["operator"], now()), digest)
        return secret
    return api.bank.api_key if security else None


def assertion() -> str:
    """Return what the example of a token request cannot hold, because it is too old after ten minutes."""
    claims = {"iss": "1", "sub": "1", "aud": ORIGIN, "exp": int(time.time()) + 60, "jti": f"jti-{time.time_ns()}"}
    return jwt.encode({"alg": "Ed25519"}, claims, OKPKey.import_key(CLIENT_KEY.to_pem()), algorithms=["Ed25519"])


def replay(api: Api, name: str, number: int = 0) -> tuple[dict[str, Any], TestResponse]:
    """Send an example of an operation as it stands in the document.

    Only what another operation must have answered before, as its links say, is taken from there. Returns what was sent
    too, as links name it.
    """
    operation = OPERATIONS[name]
    parameters = {item["name"]: item for item in operation.value.get("parameters", [])}
    path = {name: item["example"] for name, item in parameters.items() if item["in"] == "path"}
    query = {name: item["example"] for name, item in parameters.items() if item["in"] == "query" and "example" in item}
    if name in LINKS:
        source, expressions = LINKS[name]
        sent, answer = replay(api, source)
        path |= {key: value_of(expression, sent, answer) for key, expression in expressions.items()}
    media_type, body = operation.examples[number]
    if name == "oauthToken":
        replay(api, "clientKeysAdd")
        body = {**body, "client_assertion": assertion()}
    address = operation.path.format(**{key: quote(value, safe="") for key, value in path.items()})
    if query:
        address += f"?{urlencode(query)}"
    data = body if isinstance(body, str | None) else json.dumps(body, ensure_ascii=False)
    if media_type == "application/x-www-form-urlencoded":
        data = urlencode(body)
    token = token_of(api, operation)
    response = api.app.test_client().open(
        address,
        method=operation.method,
        data=data,
        content_type=media_type,
        headers={"Idempotency-Key": str(uuid4()), **({"Authorization": f"Bearer {token}"} if token else {})},
    )
    return {"path": path, "body": body}, response


def value_of(expression: str, sent: dict[str, Any], answer: TestResponse) -> str:
    """Return what a runtime expression stands for."""
    if expression.startswith("$request.path."):
        return str(sent["path"][expression.removeprefix("$request.path.")])
    source, name = expression.split("#/")
    return str({"$request.body": sent["body"], "$response.body": answer.json}[source][name])


def closed(schema: Any) -> Any:
    """Return a schema that takes no member which it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(item) for key, item in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    return found


def check_answer(operation: Operation, response: TestResponse) -> None:
    """See that an answer is one of those that the document has for an operation, and has no member beside them."""
    answer = operation.value["responses"][str(response.status_code)]
    if "content" not in answer:
        assert response.data == b""
        assert "Content-Type" not in response.headers
        return
    kinds = answer["content"]
    schema = kinds[response.mimetype if response.mimetype in kinds else "*/*"]["schema"]
    if "json" not in response.mimetype:
        assert response.data
        return
    lines = response.data.splitlines() if "ndjson" in response.mimetype else [response.data]
    validator = jsonschema_rs.Draft202012Validator(closed({**schema, "components": COMPONENTS}))
    for line in lines:
        validator.validate(orjson.loads(line))


# --- the document


def test_the_files_are_those_of_the_code(api: Api) -> None:
    """`python -m api.openapi docs` writes them anew, unless something breaks that the changelog does not name."""
    made = build(api.app)
    assert orjson.loads(orjson.dumps(made)) == DOCUMENT
    assert orjson.loads((DOCS / "postman.json").read_bytes()) == orjson.loads(orjson.dumps(collection(made)))


def test_every_endpoint_is_described(api: Api) -> None:
    assert undescribed(api.app) == set()


def test_the_document_is_openapi() -> None:
    assert [error.message for error in definitions.OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    for schema in COMPONENTS["schemas"].values():
        jsonschema_rs.Draft202012Validator({**schema, "components": COMPONENTS})


def test_every_operation_says_all_that_it_should() -> None:
    assert len(OPERATIONS) == sum(len(item) for item in DOCUMENT["paths"].values())
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for operation in OPERATIONS.values():
        value = operation.value
        assert value["summary"]
        assert set(value["tags"]) <= tags
        assert ("requestBody" in value) == (operation.examples != [(None, None)]), operation.id
        assert "500" in value["responses"]
        if value["security"]:
            assert "401" in value["responses"]
        for name, _ in [LINKS.get(operation.id, ("", {}))]:
            assert not name or name in OPERATIONS


def test_security_is_that_of_the_table_of_scopes() -> None:
    for endpoint, scope in SCOPES.items():
        wanted = {ANYBODY: [], PASS: [{"loanPass": []}]}.get(scope, [{"apiKey": [scope]}])
        assert OPERATIONS[operation_id(endpoint)].value["security"] == wanted


def test_the_problems_of_an_answer_have_its_status() -> None:
    for operation in OPERATIONS.values():
        for status, answer in operation.value["responses"].items():
            for _, types in [
                media["schema"]["allOf"]
                for name, media in answer.get("content", {}).items()
                if name == "application/problem+json"
            ]:
                slugs = [name.rpartition(":")[2] for name in types["properties"]["type"]["enum"]]
                assert {str(KINDS[slug].status) for slug in slugs} == {status}


def test_served_to_anybody_and_kept_by_whoever_has_it(api: Api) -> None:
    client = api.app.test_client()
    response = client.get("/openapi.json")
    assert (response.status_code, response.mimetype, response.json) == (200, "application/json", DOCUMENT)
    assert "public" in response.headers["Cache-Control"]
    again = client.get("/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


# --- what it says is so


@pytest.mark.parametrize(("name", "number"), EXAMPLES, ids=lambda value: str(value))
def test_an_example_works_as_it_stands(api: Api, name: str, number: int) -> None:
    _, response = replay(api, name, number)
    with response:
        assert 200 <= response.status_code < 300, response.data
        check_answer(OPERATIONS[name], response)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_schema_of_a_request_takes_its_examples(name: str) -> None:
    for media_type, media in OPERATIONS[name].value.get("requestBody", {}).get("content", {}).items():
        validator = jsonschema_rs.Draft202012Validator({**media["schema"], "components": COMPONENTS})
        for example in media.get("examples", {}).values():
            assert validator.is_valid(example["value"]), (name, media_type)


@pytest.mark.parametrize("name", [name for name, item in OPERATIONS.items() if item.value["security"]])
def test_without_a_key_the_answer_is_the_documented_problem(api: Api, name: str) -> None:
    operation = OPERATIONS[name]
    path = operation.path.replace("{", "").replace("}", "")
    response = api.app.test_client().open(path, method=operation.method, data=b"{}")
    assert response.status_code == 401
    check_answer(operation, response)


# --- the collection


def test_the_collection_has_every_operation() -> None:
    made = orjson.loads((DOCS / "postman.json").read_bytes())
    requests = [item["request"] for folder in made["item"] for item in folder["item"]]
    found = {
        (
            request["method"],
            "/" + "/".join(f"{{{part[1:]}}}" if part.startswith(":") else part for part in request["url"]["path"]),
        )
        for request in requests
    }
    assert found == {(item.method, item.path) for item in OPERATIONS.values()}
    for request in requests:
        names = {part[1:] for part in request["url"]["path"] if part.startswith(":")}
        assert {item["key"] for item in request["url"]["variable"]} == names
