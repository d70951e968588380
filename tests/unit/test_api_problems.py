# SPDX-License-Identifier: Apache-2.0
"""The table of problems: every error has its row, and what is told of it is what may be told."""

from inspect import getmembers, isclass

import orjson
import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions

import chain.errors
import notary.errors
from api import problems
from notary.errors import (
    CorruptLogError,
    DuplicateRecordError,
    ErasedError,
    Fault,
    InvalidInputError,
    InvalidRecordError,
    LogBusyError,
    NotaryError,
    NotFoundError,
    PolicyRefusedError,
    ProofError,
    ReadOnlyError,
    RefusedError,
    SequenceError,
    TransitionError,
    UnavailableError,
)

CLASSES = {
    member
    for module in (notary.errors, chain.errors)
    for _, member in getmembers(module, isclass)
    if issubclass(member, NotaryError)
}


def row(cls: type[NotaryError]) -> problems.Problem:
    return next(problems.PROBLEMS[base] for base in cls.__mro__ if base in problems.PROBLEMS)


@pytest.mark.parametrize("cls", sorted(CLASSES, key=lambda cls: cls.__name__), ids=lambda cls: cls.__name__)
def test_every_error_has_a_row_of_the_right_kind(cls: type[NotaryError]) -> None:
    status = row(cls).status
    if issubclass(cls, notary.errors.TilePathError):
        assert status == 404
    elif issubclass(cls, InvalidInputError):
        assert status in (400, 422)
    elif issubclass(cls, ErasedError):
        assert status == 410
    elif issubclass(cls, RefusedError):
        assert status == 409
    elif issubclass(cls, NotFoundError):
        assert status == 404
    elif issubclass(cls, ReadOnlyError):
        assert status == 405
    elif issubclass(cls, UnavailableError):
        assert status == 503
    else:
        # Proofs and stored data that contradict each other, a wrong chain: the service's own trouble, no client's.
        assert status == 500


@pytest.mark.parametrize("cls", [InvalidInputError, RefusedError, NotFoundError, UnavailableError, NotaryError])
def test_the_trees_have_a_row_for_what_is_added_later(cls: type[NotaryError]) -> None:
    assert cls in problems.PROBLEMS


def test_the_rows_are_told_apart() -> None:
    by_slug: dict[str, set[tuple[int, str]]] = {}
    for problem in problems.PROBLEMS.values():
        assert problem.slug == problem.slug.lower().replace(" ", "-")
        by_slug.setdefault(problem.slug, set()).add((problem.status, problem.title))
    assert all(len(meanings) == 1 for meanings in by_slug.values())


def test_faults_become_pointers() -> None:
    document = problems.describe(InvalidRecordError(Fault("/a", "is bad", "C5"), Fault("", "must be an object")))
    assert (document["status"], document["type"]) == (422, "urn:loan-notary:problem:invalid-record")
    assert document["errors"] == [
        {"pointer": "/a", "detail": "is bad", "check": "C5"},
        {"pointer": "", "detail": "must be an object", "check": "C1"},
    ]


@pytest.mark.parametrize(
    ("error", "pointer", "check"),
    [
        (DuplicateRecordError("x", 7), "/id", "C4"),
        (SequenceError("/previous", "a", "b"), "/previous", "C2"),
        (TransitionError("repayment", "settled", ("active",)), "/type", "C6"),
    ],
)
def test_refusals_point_too(error: RefusedError, pointer: str, check: str) -> None:
    document = problems.describe(error)
    assert document["status"] == 409
    assert [(item["pointer"], item["check"]) for item in document["errors"]] == [(pointer, check)]


@pytest.mark.parametrize("error", [CorruptLogError("secret"), ProofError("secret"), NotaryError("secret")])
def test_the_service_s_own_trouble_is_not_told(error: NotaryError) -> None:
    document = problems.describe(error)
    assert document["status"] == 500
    assert "secret" not in orjson.dumps(document).decode()
    assert document["trace_id"]


@pytest.mark.parametrize("error", [UnavailableError("away"), LogBusyError("busy")])
def test_trouble_that_passes_is_told(error: NotaryError) -> None:
    assert problems.describe(error)["detail"] == str(error)


def test_trace_ids_are_each_another() -> None:
    assert len({problems.describe(NotaryError())["trace_id"] for _ in range(100)}) == 100


def app_raising(error: Exception) -> Flask:
    app = Flask(__name__)
    problems.install(app)

    @app.get("/")
    def fail() -> str:
        raise error

    return app


@pytest.mark.parametrize("status", sorted(code for code in default_exceptions if code >= 400))
def test_every_http_error_is_a_problem(status: int) -> None:
    response = app_raising(default_exceptions[status]()).test_client().get("/")
    assert (response.status_code, response.content_type) == (status, problems.MEDIA_TYPE)
    document = orjson.loads(response.data)
    assert (document["status"], len(document["trace_id"])) == (status, 32)
    assert document["detail"]


@pytest.mark.parametrize(
    "error", [ValueError("secret"), KeyError("secret"), RecursionError("secret"), OSError("secret")]
)
def test_what_nobody_foresaw_is_a_500_without_details(error: Exception) -> None:
    with capture_logs() as logged:
        response = app_raising(error).test_client().get("/")
    assert (response.status_code, response.content_type) == (500, problems.MEDIA_TYPE)
    assert b"secret" not in response.data
    assert [event["trace_id"] for event in logged] == [orjson.loads(response.data)["trace_id"]]


def test_only_trouble_that_passes_says_when_to_come_back() -> None:
    for error in (LogBusyError("x"), UnavailableError("x"), NotaryError("x"), NotFoundError("x"), HTTPException()):
        response = app_raising(error).test_client().get("/")
        assert ("Retry-After" in response.headers) == (response.status_code == 503)


def test_a_refusal_by_policy_names_its_findings() -> None:
    found = {"code": "F6", "severity": "warning", "records": [{"sequence": 0, "id": "x"}], "zh": "晚", "en": "Late."}
    document = problems.describe(PolicyRefusedError(found))
    assert (document["status"], document["type"]) == (409, "urn:loan-notary:problem:refused-by-policy")
    assert (document["detail"], list(document["findings"])) == ("F6: Late.", [found])
    assert "errors" not in document


def test_an_error_in_front_of_the_application_is_told_as_one_in_it() -> None:
    secret = "4_2 is what it choked on"
    error = InternalServerError(original_exception=ValueError(secret))
    with capture_logs() as logged:
        answer = problems.answer_http(error, "0" * 32)
    told = orjson.loads(answer.get_data())
    assert (answer.status_code, told["type"], told["trace_id"]) == (500, "urn:loan-notary:problem:internal", "0" * 32)
    assert secret not in answer.get_data(as_text=True)
    [line] = logged
    assert (line["event"], line["exc_info"], line["trace_id"]) == (
        "unexpected error",
        error.original_exception,
        "0" * 32,
    )
