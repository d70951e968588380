# SPDX-License-Identifier: Apache-2.0
"""What the API puts around every request: repeats, limits, digests, ETags, headers."""

import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs
from werkzeug.exceptions import HTTPException, RequestTimeout, ServiceUnavailable

from api.access.auth import hash_secret
from api.metrics.counters import PROBLEMS
from api.traffic.hooks import NEEDED
from api.traffic.middleware import REFUSAL
from notary.access import key_id
from notary.canonical import canonical_json
from tests.support.api import (
    PROBLEM,
    Api,
    agreement,
    api_over,
    make_folder,
    repayment,
    running_api,
    served,
    socket_folder,
)

HOOK = b'{"url":"https://example.com/","events":["record.final"]}'


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("traffic") / "data") as api:
        assert api.submit(agreement("T-1", api.bank)).status_code == 201
        yield api


def keyed(api: Api, key: str, body: bytes = HOOK, path: str = "/v1/webhooks", **more: object):
    return api.request("POST", path, body, headers={"Idempotency-Key": key}, **more)


def test_a_repeated_request_is_made_once(api: Api) -> None:
    first = keyed(api, "once")
    again = keyed(api, '"once"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [item["id"] for item in api.get("/v1/webhooks").json["webhooks"]].count(first.json["id"]) == 1
    api.request("DELETE", f"/v1/webhooks/{first.json['id']}")
    # The answer, not the webhook, is what is kept.
    assert keyed(api, "once").json == first.json


def test_a_key_with_another_body_is_refused(api: Api) -> None:
    made = keyed(api, "two bodies".replace(" ", "-"))
    other = keyed(api, "two-bodies", HOOK.replace(b"final", b"recorded"))
    assert (other.status_code, other.json["type"]) == (422, "urn:loan-notary:problem:idempotency-key-reused")
    api.request("DELETE", f"/v1/webhooks/{made.json['id']}")


def test_a_key_with_another_query_is_refused(api: Api) -> None:
    body = canonical_json(repayment("T-1"))
    assert keyed(api, "two-queries", body, "/v1/records").status_code != 200
    other = keyed(api, "two-queries", body, "/v1/records?documents=required")
    assert (other.status_code, other.json["type"]) == (422, "urn:loan-notary:problem:idempotency-key-reused")


def test_a_key_is_the_tenant_s_own(api: Api) -> None:
    one, other = keyed(api, "mine"), keyed(api, "mine", by=api.other)
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json["id"] != other.json["id"]


def test_a_refusal_is_an_answer_too(api: Api) -> None:
    first, again = (keyed(api, "bad", b'{"url":"ftp://x/","events":["record.final"]}') for _ in range(2))
    assert (first.status_code, again.status_code) == (422, 422)
    assert again.json["trace_id"] == first.json["trace_id"]


def test_records_with_a_key_give_the_same_answer(api: Api) -> None:
    body = canonical_json(repayment("T-1"))
    first, again = (keyed(api, "rec", body, "/v1/records") for _ in range(2))
    without = api.submit(body)
    assert (first.status_code, again.status_code, without.status_code) == (201, 201, 200)
    assert first.data == again.data


@pytest.mark.parametrize("endpoint", sorted(NEEDED))
def test_what_is_made_anew_each_time_needs_a_key(api: Api, endpoint: str) -> None:
    [rule] = [rule for rule in api.app.url_map.iter_rules() if rule.endpoint == endpoint]
    path = "/".join("x" if part.startswith("<") else part for part in rule.rule.split("/"))
    bearer = {"Authorization": f"Bearer {api.bank.api_key}"}
    answer = api.app.test_client().post(path, data=b"{}", headers=bearer, content_type="application/json")
    if endpoint == "organisations.add":
        assert answer.status_code == 403
    else:
        assert (answer.status_code, answer.json["type"]) == (400, "urn:loan-notary:problem:idempotency-key")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_bad_keys_are_refused(api: Api, key: str) -> None:
    assert keyed(api, key).status_code == 400


def test_a_body_that_is_not_that_of_its_digest_is_refused(api: Api) -> None:
    body = canonical_json(repayment("T-1"))
    good = {"Content-Digest": f"sha-512=:eA==:, sha-256=:{b64encode(sha256(body).digest()).decode()}:"}
    before = api.state()
    for wrong in ("sha-256=:AAAA:", "sha-256=broken", f"sha-256=:{b64encode(bytes(32)).decode()}:"):
        for path, media_type in (("/v1/records", "application/json"), ("/v1/records:batch", "application/x-ndjson")):
            headers = {"Content-Digest": wrong}
            answer = api.request("POST", path, body, headers=headers, media_type=media_type)
            assert (answer.status_code, answer.json["type"]) == (422, "urn:loan-notary:problem:wrong-digest")
    assert api.state() == before
    assert api.request("POST", "/v1/records", body, headers=good).status_code == 201
    line = api.request("POST", "/v1/records:batch", body, headers=good, media_type="application/x-ndjson")
    assert orjson.loads(line.data)["status"] == 200
    line.close()


def test_what_has_not_changed_is_not_sent_again(api: Api) -> None:
    path = f"/v1/records/{api.get('/v1/loans/T-1').json['records'][0]['id']}"
    first = api.get(f"{path}/receipt")
    tag = first.headers["ETag"]
    again = api.request("GET", f"{path}/receipt", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert api.submit(repayment("T-1")).status_code == 201
    changed = api.request("GET", f"{path}/receipt", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_every_answer_is_hardened(api: Api) -> None:
    for path in ("/v1/loans/T-1", "/v1/loans/none", "/nowhere", "/healthz", "/log/checkpoint", "/check"):
        headers = api.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert "Access-Control-Allow-Origin" not in headers
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = api.request("OPTIONS", "/v1/records", headers=preflight)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_limits_are_told_and_kept(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data", requests_a_minute=3)
    with socket_folder() as sockets, served(folder, sockets / "writer"), api_over(folder, sockets / "writer") as api:
        # A minute can end in between; then the count begins anew, once.
        for _ in range(2):
            answers = [api.get("/v1/webhooks") for _ in range(4)]
            statuses = [answer.status_code for answer in answers]
            if statuses == [200, 200, 200, 429]:
                break
        assert statuses == [200, 200, 200, 429]
        assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
        assert answers[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
        last = answers[-1]
        assert (last.mimetype, last.json["type"]) == (PROBLEM, "urn:loan-notary:problem:too-many-requests")
        assert 0 < int(last.headers["Retry-After"]) <= 60
        assert api.get("/v1/webhooks", by=api.other).status_code == 200


def test_the_first_refusal_by_limit_is_written_down_and_each_is_counted(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data", requests_a_minute=2)
    count = PROBLEMS.labels("too-many-requests")._value.get
    with socket_folder() as sockets, served(folder, sockets / "writer"), api_over(folder, sockets / "writer") as api:
        for _ in range(2):
            before = count()
            with capture_logs() as logs:
                answers = [
                    api.request("GET", "/v1/webhooks", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
                    for _ in range(6)
                ]
            if [answer.status_code for answer in answers].count(429) == 4:
                break
        assert count() - before == 4
        key = key_id(hash_secret(api.bank.api_key))
        told = [entry for entry in logs if entry["event"] == "request limit reached"]
        assert told == [{"event": "request limit reached", "log_level": "info", "api_key": key, "trace_id": "ab" * 16}]
        assert answers[-1].json["trace_id"] == "ab" * 16
        assert api.bank.api_key not in str(logs)
        # Without a key the caller is counted by its address, which is not written down.
        with capture_logs() as logs:
            for _ in range(6):
                api.app.test_client().get("/v1/webhooks")
        assert {entry.get("api_key") for entry in logs if entry["event"] == "request limit reached"} == {None}


def test_an_answer_that_could_not_be_kept_was_given_as_a_fault_of_ours(api: Api) -> None:
    key, body = "kept-later", canonical_json(agreement("T-kept-later", api.bank))
    fails = "BEGIN SELECT raise(ABORT, 'the disk is full'); END"
    with closing(sqlite3.connect(api.folder.traffic)) as connection:
        for act in ("UPDATE", "DELETE"):
            connection.execute(f"CREATE TRIGGER fails_{act} BEFORE {act} ON seeded_answers {fails}")
        done = keyed(api, key, body, "/v1/records")
        for act in ("UPDATE", "DELETE"):
            connection.execute(f"DROP TRIGGER fails_{act}")
    assert (done.status_code, done.json["type"]) == (503, "urn:loan-notary:problem:unavailable")
    assert "the disk is full" in done.json["detail"]
    assert "Retry-After" in done.headers
    assert api.submit(body).status_code == 200


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (RequestTimeout("the body came too slowly"), "request-timeout"),
        (ServiceUnavailable("too many large bodies are on their way", retry_after=1), "service-unavailable"),
    ],
)
def test_what_stopped_a_request_before_flask_is_a_problem_like_any_other(
    api: Api, error: HTTPException, slug: str
) -> None:
    before = api.state()
    body = canonical_json(agreement("T-stopped", api.bank))
    refused = api.request(
        "POST", "/v1/records", body, headers={"Idempotency-Key": slug}, environ_overrides={REFUSAL: error}
    )
    assert (refused.status_code, refused.mimetype) == (error.code, PROBLEM)
    assert refused.json["type"] == f"urn:loan-notary:problem:{slug}"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert refused.headers["RateLimit"]
    assert refused.headers.get("Retry-After") == ("1" if error.code == 503 else None)
    assert api.get(f"/problems/{slug}").status_code == 200
    assert api.state() == before
