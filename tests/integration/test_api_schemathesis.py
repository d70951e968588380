# SPDX-License-Identifier: Apache-2.0
"""The whole document against a running API by schemathesis: its examples, the edges of each parameter, invented
requests good and bad, and chains of requests along the links. All checks are on.

Some things are told to it that no schema says. 422 may answer a request that fits its schema: sums, points on curves,
signatures and the order of moments are beyond schemas. And 400 may where JSON stands within base64: a payload is text
to a schema. Whole numbers are sent as such: to a schema 1.0 is one too, the notary takes no fraction at all. A form
that is too long is answered with 413. Patterns with Unicode's classes are left out, because its generator does not know
them: then it invents more than is taken, which is a 422.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from api.access.auth import hash_secret, new_api_key, new_pass_secret
from api.clock import now
from notary.access import ROLES, ApiKey, LoanPass, key_id
from tests.support.api import Api
from tests.support.document import DOCUMENT, example_api
from tests.support.serving import serving_app

DAY = 86_400_000
TAKEN = ["2xx", "3xx", "401", "403", "404", "409", "422"]
ENVELOPES = ("recordsSubmit", "draftsHandIn", "myLoanSubmit")
"""Operations whose body holds JSON within base64."""
LOAN = "/v1/loans/{number}"
BEHIND_NUMBERS = {
    path: {method: value["operationId"] for method, value in item.items() if method in ("get", "put", "post", "delete")}
    for path, item in DOCUMENT["paths"].items()
    if path.startswith(LOAN)
}
"""The operations on a loan and those below its number, by path and method.

A number may end like their paths: so the loan's own methods are allowed there too, and in this the document is not
taken at its word; `test_below_a_number_a_loan_s_own_methods_are_allowed_too` says exactly which ones are.
"""
KEY = "Idempotency-Key"
FORGOTTEN = ("/v1/jobs", "/v1/audits")
"""What an erasure takes away: a key that is used again would bring back the answer that it was made, and it is gone."""
CHECKS = {
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "missing_required_header",
    "unsupported_method", "allow_header_conformance", "use_after_free", "ensure_resource_availability", "ignored_auth",
}  # fmt: skip
"""Without `object_level_authorization`, which wants a second identity: `test_api_access` sees to that."""


@schemathesis.serializer("application/x-ndjson", "application/pkcs7-signature", "application/timestamp-reply")
def as_it_is(_: Any, value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Api, str]]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with example_api(tmp_path / "data") as api, serving_app(api.app) as url:
        yield api, url


class Keys:
    """Gives each request a key that counts: requests revoke keys too, their own among them."""

    def __init__(self, api: Api) -> None:
        self.store = api.services.access
        self.operator = self.store.add_organisation("The operator", "operator", now()).number
        self.lender = api.bank.lender.number
        self.known: dict[str, str] = {}
        self.used: set[str] = set()

    def token(self, security: list[dict[str, list[str]]]) -> str | None:
        if not security:
            return None
        if "loanPass" in security[0]:
            secret = new_pass_secret()
            made = LoanPass(f"pass_{secret[3:]}", self.lender, "LN-2026-0001", now(), now() + DAY)
            self.store.add_pass(made, hash_secret(secret))
            return secret
        role = "operator" if security[0]["apiKey"] == ["organisations:write"] else "lender"
        secret = self.known.get(role, "")
        if not secret or self.store.caller_with(hash_secret(secret))[1].refusal(now() + DAY):
            secret = self.known[role] = new_api_key()
            number = self.operator if role == "operator" else self.lender
            digest = hash_secret(secret)
            self.store.add_api_key(ApiKey(key_id(digest), number, "a test's", ROLES[role], now()), digest)
        return secret

    def renew(self, case: Any) -> None:
        """Give a request for what an erasure takes away another `Idempotency-Key` than one before it had."""
        if case.method == "POST" and case.operation.path in FORGOTTEN and KEY in case.headers:
            if case.headers[KEY] in self.used:
                case.headers[KEY] = str(uuid4())
            self.used.add(case.headers[KEY])


def without_classes(value: Any) -> Any:
    """Leave out the patterns that the generator cannot read."""
    if isinstance(value, list):
        return [without_classes(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_classes(item)
        for key, item in value.items()
        if not (key == "pattern" and isinstance(item, str) and "\\p{" in item)
    }


def whole(value: Any) -> Any:
    """Write the numbers without fractions as integers."""
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def document(*record_types: str) -> Any:
    """Return the document; records of these types only are submitted one by one, if any are named."""
    made = without_classes(DOCUMENT)
    if record_types:
        names = (*record_types, "Envelope")
        for path in ("/v1/records", "/v1/my-loan/records"):
            body = made["paths"][path]["post"]["requestBody"]["content"]["application/json"]
            body["schema"] = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
    return made


def configuration(examples: int, seed: int) -> SchemathesisConfig:
    """Return what is told to it."""
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True},
            "checks": {"positive_data_acceptance": {"expected-statuses": TAKEN}},
            "operations": [
                {
                    "include-operation-id": name,
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*TAKEN, "400"]}},
                }
                for name in ENVELOPES
            ]
            + [
                {
                    "include-operation-id": "oauthToken",
                    "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
                }
            ]
            + [
                {"include-operation-id": name, "checks": {"allow_header_conformance": {"enabled": False}}}
                for path, methods in BEHIND_NUMBERS.items()
                for name in methods.values()
                if path != LOAN
            ],
        }
    )


def told_of(check: Any) -> str:
    """Return what a check has found; nothing where all is well."""
    if check.failure_info is None:
        return ""
    failure = check.failure_info.failure
    return f"{check.name}: {failure.operation}: {failure.title}\n{failure.message}\n{check.failure_info.code_sample}"


def run(api: Api, url: str, told: Any, examples: int, seed: int) -> tuple[set[str], list[str]]:
    """Run all phases; return the names of the checks that were made, and what failed."""
    schema = schemathesis.openapi.from_dict(told, config=configuration(examples, seed))
    schema.config.update(base_url=url)
    keys = Keys(api)

    @schema.hook("map_body")
    def without_fractions(_: Any, body: Any) -> Any:
        return whole(body)

    @schema.auth(refresh_interval=None)
    class Bearer:
        def get(self, case: Any, _: Any) -> str | None:
            return keys.token(case.operation.definition.raw["security"])

        def set(self, case: Any, data: str | None, _: Any) -> None:
            if data:
                case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
                keys.renew(case)

    made: set[str] = set()
    failed: list[str] = []
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            failed.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.PhaseFinished):
            made.add(event.phase.name.name)
        elif isinstance(event, events.ScenarioFinished):
            checks = [check for found in event.recorder.checks.values() for check in found]
            made.update(check.name for check in checks)
            failed += filter(None, map(told_of, checks))
    return made, failed


def test_nothing_is_answered_otherwise_than_the_document_says(served: tuple[Api, str]) -> None:
    made, failed = run(*served, document("record.disbursement"), examples=1, seed=1)
    assert not failed, "\n\n".join(failed[:5])
    assert made >= CHECKS
    assert made >= {"EXAMPLES", "COVERAGE", "FUZZING", "STATEFUL_TESTING"}


@pytest.mark.parametrize("path", BEHIND_NUMBERS)
def test_below_a_number_a_loan_s_own_methods_are_allowed_too(served: tuple[Api, str], path: str) -> None:
    assert len(BEHIND_NUMBERS) == 5
    allowed = served[0].app.test_client().options(path.replace("{number}", "LN-2026-0001")).headers["Allow"]
    wanted = BEHIND_NUMBERS[path].keys() | BEHIND_NUMBERS[LOAN].keys()
    assert set(allowed.split(", ")) - {"HEAD", "OPTIONS"} == {method.upper() for method in wanted}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_many_more_requests(served: tuple[Api, str], seed: int) -> None:
    _, failed = run(*served, document(), examples=50, seed=seed)
    assert not failed, "\n\n".join(failed[:5])
