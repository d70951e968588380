# SPDX-License-Identifier: Apache-2.0
"""The API's own description: complete, true to what the API answers, and the same as the files in `docs`."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson
import pytest
from schemathesis.specs.openapi import definitions
from werkzeug.test import TestResponse

from api.access.scopes import ANYBODY, PASS, SCOPES
from api.openapi import build, collection, operation_id, undescribed
from api.problems import KINDS
from tests.support.api import Api
from tests.support.document import COMPONENTS, DOCS, DOCUMENT, LINKS, OPERATIONS, Operation, example_api, replay

EXAMPLES = [(name, number) for name, item in OPERATIONS.items() for number in range(len(item.examples))]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with example_api(tmp_path_factory.mktemp("document") / "data") as api:
        yield api


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
