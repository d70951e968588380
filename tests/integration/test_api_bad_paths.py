# SPDX-License-Identifier: Apache-2.0
"""Bad receipts, and paths and methods that are not there: the right answer, and nothing left behind."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from notary.canonical import canonical_json
from notary.encoding import b64url
from tests.support.api import Api
from tests.support.bad_envelopes import STRANGER
from tests.support.bad_records import BIG, JSON_ROWS, KNOWN, OPEN, Row, begun_api, check, send

JWK = STRANGER.public.jwk


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with begun_api(tmp_path_factory.mktemp("bad input")) as api:
        yield api


VERIFY_ROWS = {
    "6 MB": Row(BIG * 3, 413, "request-entity-too-large"),
    "text": Row(b"{}", 415, "unsupported-media-type", media_type="text/plain"),
    "no content type": Row(b"{}", 415, "unsupported-media-type", media_type=None),
    "gzip": Row(b"{}", 415, "unsupported-media-type", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", VERIFY_ROWS)
def test_verify(api: Api, name: str) -> None:
    check(send(api, "/v1/verify", VERIFY_ROWS[name]), VERIFY_ROWS[name])


@pytest.mark.parametrize("name", JSON_ROWS)
def test_what_is_no_receipt_is_an_invalid_receipt(api: Api, name: str) -> None:
    before = api.state()
    response = send(api, "/v1/verify", JSON_ROWS[name])
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.json["verdict"] == "invalid"
    assert [(item["link"], item["status"]) for item in response.json["checks"]] == [("format", "failed")]
    assert api.state() == before


KEY = {"party": "lender", "jwk": JWK, "valid_from": "2026-01-01T00:00:00.000Z"}
KEY |= dict.fromkeys(("valid_until", "revoked_from", "root"))
RECEIPT_CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another format": (lambda value: value.update(format="loan-notary/receipt@2"), "format"),
    "a member more": (lambda value: value.update(note="x"), "format"),
    "a member less": (lambda value: value.pop("nonce"), "format"),
    "index as text": (lambda value: value.update(index="1"), "format"),
    "index below zero": (lambda value: value.update(index=-1), "format"),
    "anchors as an object": (lambda value: value.update(anchors={}), "format"),
    "a checkpoint that is none": (lambda value: value.update(checkpoint="x"), "checkpoint"),
    "another log's key": (lambda value: value.update(log_key="x"), "seal"),
    "a key more": (lambda value: value.update(keys=[KEY]), "signatures"),
    "payload that is no record": (lambda value: value["envelope"].update(payload="e30"), "record"),
    "another nonce": (lambda value: value.update(nonce=b64url(bytes(32))), "inclusion"),
    "another tag": (lambda value: value.update(tag=b64url(bytes(32))), "inclusion"),
    "another index": (lambda value: value.update(index=0), "inclusion"),
    "an index beyond the tree": (lambda value: value.update(index=2**52), "inclusion"),
    "no inclusion": (lambda value: value.update(inclusion=[]), "inclusion"),
    "too much inclusion": (lambda value: value["inclusion"].extend(value["inclusion"]), "inclusion"),
    "another time": (lambda value: value.update(received_at="2020-01-01T00:00:00.000Z"), "seal"),
}


@pytest.mark.parametrize("name", RECEIPT_CHANGES)
def test_a_changed_receipt_is_invalid_and_the_report_names_the_link(api: Api, name: str) -> None:
    data = api.get(f"/v1/records/{KNOWN}/receipt").data
    assert api.request("POST", "/v1/verify", data).json["verdict"] == "valid"
    change, link = RECEIPT_CHANGES[name]
    value = orjson.loads(data)
    change(value)
    report = api.request("POST", "/v1/verify", canonical_json(value)).json
    assert report["verdict"] == "invalid"
    assert link in {item["link"] for item in report["checks"] if item["status"] == "failed"}


PATHS = {
    "/v1/records/1": 404,
    "/v1/records/%00": 404,
    "/v1/records/" + KNOWN.upper(): 404,
    "/v1/records/{" + KNOWN + "}": 404,
    "/v1/records/" + KNOWN.replace("-", ""): 404,
    "/v1/records/urn:uuid:" + KNOWN: 404,
    "/v1/records/%ED%A0%80": 404,
    "/v1/records/%FF": 404,
    "/v1/records/../records": 404,
    "/v1/records/": 404,
    "/v1/records/" + KNOWN + "/": 404,
    "/v1/records/" + KNOWN + "/receipt/x": 404,
    "/v1/records/" + "9" * 10_000: 404,
    "/v1/loans/": 404,
    "/v1/loans/%00": 404,
    "/v1/loans/%0A": 404,
    "/v1/loans/none": 404,
    "/v1/loans/" + OPEN.replace("开放", ""): 404,
    "/v1/keys/x": 404,
    "/v1/keys/%00": 404,
    "/v1/keys/..": 404,
    "/v2/records": 404,
    "/static/x": 404,
    "/log": 404,
    "/log/": 404,
    "//log/checkpoint": 404,
    "/log/checkpoint/": 404,
    "/log/tile": 404,
    "/log/tile/0": 404,
    "/log/tile/0/": 404,
    "/log/tile/0/0": 404,
    "/log/tile/0/000": 404,
    "/log/tile/0/000.p/0": 404,
    "/log/tile/0/000.p/01": 404,
    "/log/tile/0/000.p/256": 404,
    "/log/tile/0/000.p/-1": 404,
    "/log/tile/0/000.p/1/": 404,
    "/log/tile/0/000.p/1%0A": 404,
    "/log/tile/0/000.p/%D9%A1": 404,
    "/log/tile/0//000.p/1": 404,
    "/log/tile/0/x000/000.p/1": 404,
    "/log/tile/0/../entries/000.p/1": 404,
    "/log/tile/0/..%2f..%2fcheckpoint": 404,
    "/log/tile/0/" + "x999/" * 5 + "999": 404,
    "/log/tile/0/" + "x999/" * 3_000 + "999": 404,
    "/log/tile/00/000.p/1": 404,
    "/log/tile/-1/000.p/1": 404,
    "/log/tile/8/000.p/1": 404,
    "/log/tile/99999999999999999999/000.p/1": 404,
    "/log/tile/1/000.p/1": 404,
    "/log/tile/%D9%A0/000.p/1": 404,
    "/log/tile/entries/000.p/99": 404,
    "/log/tile/entries/000": 404,
    "/log/tile/data/000.p/1": 404,
}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:60])
def test_paths_that_name_nothing(api: Api, path: str) -> None:
    before = api.state()
    check(api.get(path), Row(b"", PATHS[path], "not-found"))
    assert api.state() == before


METHODS = [
    ("PATCH", "/v1/records", "POST"),
    ("PUT", "/v1/records", "POST"),
    ("DELETE", f"/v1/records/{KNOWN}", "GET"),
    ("GET", "/v1/verify", "POST"),
    ("DELETE", "/v1/keys", "POST"),
    ("POST", "/log/checkpoint", "GET"),
    ("BREW", "/healthz", "GET"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), METHODS)
def test_methods_that_are_not_there(api: Api, method: str, path: str, allowed: str) -> None:
    before = api.state()
    response = api.request(method, path, b"{}")
    check(response, Row(b"", 405, "method-not-allowed"))
    assert allowed in response.headers["Allow"]
    assert api.state() == before


QUERIES = (
    "as_of=%00",
    "as_of=%FF%FE",
    "lender=%ED%A0%80",
    "as_of=" + "9" * 20_000,
    "as_of=%0D%0AX-Injected:%201",
    "%FF=%FF",
)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
def test_a_query_that_is_no_text_is_answered_with_a_problem_or_passed_over(api: Api, query: str) -> None:
    response = api.get(f"/v1/loans/{OPEN}?{query}")
    assert response.status_code == (200 if query.startswith("%") else 422)
    assert response.mimetype == ("application/json" if response.status_code == 200 else "application/problem+json")
    assert "X-Injected" not in response.headers


def test_the_methods_of_an_address_are_told_without_content(api: Api) -> None:
    for path in ("/v1/records", "/healthz", "/openapi.json"):
        response = api.request("OPTIONS", path)
        assert (response.status_code, response.data) == (204, b"")
        assert "Content-Type" not in response.headers
        assert "OPTIONS" in response.headers["Allow"]


def test_only_the_head_of_an_answer(api: Api) -> None:
    for path in ("/openapi.json", "/v1/records/none", "/docs"):
        head, whole = api.request("HEAD", path), api.get(path)
        assert (head.status_code, head.mimetype, head.data) == (whole.status_code, whole.mimetype, b"")


def test_a_name_from_the_request_is_no_header(api: Api) -> None:
    digest = "0" * 62 + "%0D"
    for path in (f"/v1/documents/{digest}", "/v1/records/x%0D%0AX-Injected:%201", "/problems/%0D%0AX-Injected:%201"):
        response = api.get(path)
        check(response, Row(b"", 404, "not-found"))
        assert "X-Injected" not in response.headers
