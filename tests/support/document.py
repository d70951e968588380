# SPDX-License-Identifier: Apache-2.0
"""The API's document, as it lies in `docs`, and its examples sent to a real API."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key
from api.audits.audit import Order
from api.clock import now
from api.openapi.examples import AUDIT_ID, CLIENT_KEY, ERASED_LOAN
from notary.access import ROLES, ApiKey, key_id
from notary.audit.sample import FORMAT as SAMPLE
from notary.audit.sample import Wanted
from tests.support.api import Api, agreement, running_api
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


@contextmanager
def example_api(path: Path, **settings: Any) -> Iterator[Api]:
    """Run an API that has what the examples speak of: an auditor as third organisation, keys, two loans, an anchor."""
    with running_api(path, **settings) as api:
        assert api.services.access.add_organisation("Sample Audit", "auditor", now()).number == 3
        assert replay(api, "keysRegister")[1].status_code == 201
        head = api.services.log.head()
        assert head.size == 2
        # Its block is made up: with no evidence of it receipts cannot tell, with any they would contradict it.
        api.services.store.save_anchor(anchor_of(head, evidence=None))
        assert replay(api, "keysRegister", 1)[1].status_code == 201
        assert replay(api, "recordsSubmit")[1].status_code == 201
        add_sample(api)
        assert api.submit(agreement(ERASED_LOAN, api.bank)).status_code == 201
        yield api


def add_sample(api: Api) -> None:
    """Give the bank an audit of the example's id: a sample of one item."""
    wanted = Wanted("attribute", api.bank.lender.number, ("repayment",), Decimal("0.5"), Decimal("0.5"))
    files = api.services.audits
    drawn = bytes.fromhex(AUDIT_ID.removeprefix("audit_"))
    made = files.create(wanted.lender, Order("sample", wanted.lender, wanted=wanted), now(), drawn)
    terms = {"mode": "attribute", "confidence": "0.5", "tolerable": "0.5"}
    files.end(made, now(), {"format": SAMPLE, "wanted": terms, "items": [{"index": 2}]}, None)


def cancel_audits(api: Api) -> None:
    """Cancel the audits that are not over, of which an organisation has at most four."""
    for audit in api.services.audits.all_of():
        if not audit.is_over:
            api.services.audits.cancel(audit.organisation, audit.id, now())


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


class Prepared(NamedTuple):
    """An example of an operation, ready to be sent; `path` are its path parameters, `body` the example itself."""

    operation: Operation
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    data: str | None
    media_type: str | None

    @property
    def address(self) -> str:
        """Where it is sent."""
        address = self.operation.path.format(**{key: quote(value, safe="") for key, value in self.path.items()})
        return f"{address}?{urlencode(self.query)}" if self.query else address

    def send(self, api: Api, token: str | None) -> TestResponse:
        """Send it with a bearer token, or none."""
        return api.app.test_client().open(
            self.address,
            method=self.operation.method,
            data=self.data,
            content_type=self.media_type,
            headers={"Idempotency-Key": str(uuid4()), **({"Authorization": f"Bearer {token}"} if token else {})},
        )


def prepared(api: Api, name: str, number: int = 0) -> Prepared:
    """Return an example of an operation as it stands in the document.

    Only what another operation must have answered before, as its links say, is taken from there.
    """
    operation = OPERATIONS[name]
    if name == "auditsOrder":
        cancel_audits(api)
    if name.startswith("audits") and not any(audit.id == AUDIT_ID for audit in api.services.audits.all_of()):
        # It went with the loan that another example has erased.
        add_sample(api)
    parameters = {item["name"]: item for item in operation.value.get("parameters", [])}
    path = {name: item["example"] for name, item in parameters.items() if item["in"] == "path"}
    query = {name: item["example"] for name, item in parameters.items() if item["in"] == "query" and "example" in item}
    if name in LINKS:
        source, expressions = LINKS[name]
        sent, answer = replay(api, source)
        path |= {key: value_of(expression, sent, answer) for key, expression in expressions.items()}
    media_type, body = operation.examples[number]
    if name == "erasuresErase":
        # No loan is erased while a job, or an audit, of its lender is under way.
        cancel_audits(api)
        for job in api.services.jobs.all_of():
            if job.state in ("open", "running"):
                api.services.jobs.cancel(job.lender, job.id, now())
    if name == "oauthToken":
        replay(api, "clientKeysAdd")
        body = {**body, "client_assertion": assertion()}
    data = body if isinstance(body, str | None) else json.dumps(body, ensure_ascii=False)
    if media_type == "application/x-www-form-urlencoded":
        data = urlencode(body)
    return Prepared(operation, {key: str(value) for key, value in path.items()}, query, body, data, media_type)


def replay(api: Api, name: str, number: int = 0) -> tuple[dict[str, Any], TestResponse]:
    """Send an example of an operation; return what was sent too, as links name it."""
    item = prepared(api, name, number)
    return {"path": item.path, "body": item.body}, item.send(api, token_of(api, item.operation))


def value_of(expression: str, sent: dict[str, Any], answer: TestResponse) -> str:
    """Return what a runtime expression stands for."""
    if expression.startswith("$request.path."):
        return str(sent["path"][expression.removeprefix("$request.path.")])
    source, name = expression.split("#/")
    return str({"$request.body": sent["body"], "$response.body": answer.json}[source][name])
