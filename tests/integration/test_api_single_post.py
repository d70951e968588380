# SPDX-License-Identifier: Apache-2.0
"""The short way of a single record: Flask's own answers, and Flask spared where all is plain."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key
from api.clock import now
from api.serving.single_post import SinglePost
from api.traffic.middleware import Traffic
from api.writer_protocol import LENGTH_SIZE, frame, write_busy
from notary.access import READ_RECORDS, ApiKey, key_id
from notary.encoding import parse_b64url
from notary.receipts.report import Verdict
from notary.schemes import generate_key
from tests.support.api import Api, LenderKit, agreement, api_over, make_folder, repayment, running_api, socket_folder
from tests.support.builders import signed
from tests.support.post_first import close

OWN = {"nonce", "tag", "seal", "inclusion", "checkpoint", "received_at", "log_key", "keys", "envelope", "trace_id"}
"""Members of an answer that are others each time, or with other keys."""
Ask = Callable[[Api], TestResponse]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Api]]:
    """Two notaries: the one as it is, the other with Flask alone."""
    folder = tmp_path_factory.mktemp("single")
    with running_api(folder / "one") as whole, running_api(folder / "two") as alone:
        flask = alone.app
        flask.wsgi_app = Traffic(partial(Flask.wsgi_app, flask), alone.services.limiter)  # type: ignore[method-assign]
        yield whole, alone


@pytest.fixture
def reached(apis: tuple[Api, Api]) -> Iterator[list[str]]:
    """Note what reaches Flask."""
    seen: list[str] = []
    functions = apis[0].app.before_request_funcs.setdefault(None, [])

    def note() -> None:
        seen.append("a request")

    functions.append(note)
    yield seen
    functions.remove(note)


def told(response: TestResponse) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return what an answer says, without what is another's each time."""
    headers = dict(response.headers)
    for name in ("Content-Length", "RateLimit"):
        assert headers.pop(name)
    members = {name: "there" if name in OWN else value for name, value in response.json.items()}
    return response.status_code, headers, members


def sealed(kit: LenderKit, value: dict[str, Any]) -> bytes:
    return signed(value, kit.key)


def posted(body: bytes | dict[str, Any], **more: Any) -> Ask:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return lambda api: api.request("POST", "/v1/records", data, **more)


def key_with(api: Api, *, of: LenderKit | None = None, **members: Any) -> LenderKit:
    kit = of or api.bank
    secret = new_api_key()
    found = {"scopes": ("records:write",), "created_at": now(), **members}
    digest = hash_secret(secret)
    api.services.access.add_api_key(ApiKey(key_id(digest), kit.lender.number, "another", **found), digest)
    return LenderKit(kit.lender, secret, kit.key, kit.borrower)


LOAN = "SP-1"
STRANGER = generate_key("EdDSA")
AGREED = {"id": "01998d2e-5c00-7a31-8f42-000000000001"}
PAID = repayment(LOAN, id="01998d2e-5c00-7a31-8f42-000000000002")
TEXT = orjson.dumps(PAID)
PLAIN: dict[str, Ask] = {
    "a plain record": lambda api: api.submit(repayment(LOAN, id="01998d2e-5c00-7a31-8f42-000000000003")),
    "a record with spaces": posted(orjson.dumps(repayment(LOAN, id="01998d2e-5c00-7a31-8f42-000000000004"), option=2)),
    "a signed record": lambda api: api.submit(
        sealed(api.bank, repayment(LOAN, id="01998d2e-5c00-7a31-8f42-000000000005"))
    ),
    "a signed record as JOSE": lambda api: api.request(
        "POST", "/v1/records", sealed(api.bank, repayment(LOAN, id="01998d2e-5c00-7a31-8f42-000000000006")),
        media_type="application/jose+json",
    ),
    "a record with documents": lambda api: api.submit(
        repayment(
            LOAN, id="01998d2e-5c00-7a31-8f42-000000000007",
            documents=[{"name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "ab" * 32}],
        )
    ),
}  # fmt: skip
OTHERS: dict[str, Ask] = {
    "the same record again": lambda api: api.submit(PAID),
    "other bytes under its id": lambda api: api.submit({**PAID, "reference": "another"}),
    "a record out of order": lambda api: api.submit(repayment("SP-2")),
    "not JSON": posted(TEXT[:-1]),
    "broken UTF-8": posted(TEXT.replace(b"CNAPS", b"\xff")),
    "nothing": posted(b""),
    "a wrong record": posted({**PAID, "rail": 1}),
    "too long": posted(TEXT + b" " * 128 * 1024),
    "a bad signature": lambda api: api.submit(
        sealed(api.bank, repayment(LOAN, id=PAID["id"][:-1] + "9")).replace(b'"signature":"', b'"signature":"A')
    ),
    "an unknown key's signature": lambda api: api.submit(signed(repayment(LOAN), STRANGER)),
    "another media type": posted(TEXT, media_type="text/plain"),
    "a media type with a parameter": posted(TEXT, media_type="application/json; charset=utf-8"),
    "a query": lambda api: api.request("POST", "/v1/records?documents=required", TEXT),
    "a wrong query": lambda api: api.request("POST", "/v1/records?documents=perhaps", TEXT),
    "a digest of another body": posted(
        TEXT, headers={"Content-Digest": "sha-256=:4REjxQ4yrqUVicfSKYNO/cF9zNj5ANbzgDZt3/h3Qxo=:"}
    ),
    "compressed": posted(TEXT, headers={"Content-Encoding": "gzip"}),
    "an idempotency key": posted(TEXT, headers={"Idempotency-Key": "k-1"}),
    "no key": posted(TEXT, headers={"Authorization": ""}),
    "an unknown key": posted(TEXT, headers={"Authorization": "Bearer ln_nobody"}),
    "a scheme in small letters": lambda api: api.request(
        "POST", "/v1/records", TEXT, headers={"Authorization": f"bearer {api.bank.api_key}"}
    ),
    "another method": lambda api: api.request("PUT", "/v1/records", TEXT),
    "a key without the scope": lambda api: api.request(
        "POST", "/v1/records", TEXT, by=key_with(api, scopes=(READ_RECORDS,))
    ),
    "an expired key": lambda api: api.request("POST", "/v1/records", TEXT, by=key_with(api, expires_at=now() - 1)),
    "a revoked key": lambda api: api.request("POST", "/v1/records", TEXT, by=key_with(api, revoked_at=now() - 1)),
}


@pytest.fixture(scope="module", autouse=True)
def loans(apis: tuple[Api, Api]) -> None:
    for api in apis:
        assert api.submit(agreement(LOAN, api.bank, **AGREED)).status_code == 201
        assert api.submit(PAID).status_code == 201


@pytest.mark.parametrize("name", PLAIN)
def test_plain_records_get_the_answer_that_flask_would_give(
    apis: tuple[Api, Api], reached: list[str], name: str
) -> None:
    whole, alone = apis
    one = PLAIN[name](whole)
    assert reached == []
    two = PLAIN[name](alone)
    assert one.status_code == 201
    assert told(one) == told(two)
    for api, response in ((whole, one), (alone, two)):
        assert response.data == orjson.dumps(response.json, option=orjson.OPT_SORT_KEYS)
        assert api.services.verifier.verify(response.data).verdict is not Verdict.INVALID
        record = orjson.loads(parse_b64url(response.json["envelope"]["payload"]))
        stored = api.get(f"/v1/records/{record['id']}/receipt").json
        assert stored["envelope"] == response.json["envelope"]


@pytest.mark.parametrize("name", OTHERS)
def test_all_else_is_flask_s(apis: tuple[Api, Api], reached: list[str], name: str) -> None:
    whole, alone = apis
    one, two = OTHERS[name](whole), OTHERS[name](alone)
    assert reached == ["a request"]
    assert told(one) == told(two)
    assert whole.state() | {"head": 0} == alone.state() | {"head": 0}


def test_a_key_that_was_good_a_moment_ago_opens_nothing_once_it_is_revoked(apis: tuple[Api, Api]) -> None:
    for api in apis:
        kit = key_with(api)
        # The first use of a key in a minute is written down, which is Flask's to do.
        assert [api.submit(repayment(LOAN), by=kit).status_code for _ in range(3)] == [201] * 3
        found = key_id(hash_secret(kit.api_key))
        api.services.access.end_api_key(api.bank.lender.number, found, expires_at=None, revoked_at=now())
        assert api.submit(repayment(LOAN), by=kit).status_code == 401


def test_a_key_s_use_is_written_down(apis: tuple[Api, Api], reached: list[str]) -> None:
    api, kit = apis[0], key_with(apis[0])
    assert [api.submit(repayment(LOAN), by=kit).status_code for _ in range(3)] == [201] * 3
    assert reached == ["a request"]
    [found] = [key for key in api.services.access.api_keys(api.bank.lender.number) if key.id == key_id(
        hash_secret(kit.api_key)
    )]  # fmt: skip
    assert found.last_used_at is not None


def test_a_lender_s_own_policy_is_kept_to_from_the_next_request_on(apis: tuple[Api, Api]) -> None:
    for api in apis:
        assert api.submit(agreement("O-1", api.other), by=api.other).status_code == 201
        assert api.submit(repayment("O-1"), by=api.other).status_code == 201
        policy = orjson.dumps({"require_documents": ["repayment"]})
        assert api.request("PUT", "/v1/policy", policy, by=api.other).status_code == 200
        named = [{"name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "ab" * 32}]
        before = api.state()["head"]
        # A key of hers that nobody has seen before the policy was there opens no other way.
        for kit in (api.other, *[key_with(api, of=api.other)] * 3):
            refused = api.submit(repayment("O-1", documents=named), by=kit)
            assert (refused.status_code, refused.json["type"]) == (422, "urn:loan-notary:problem:missing-document")
        assert api.state()["head"] == before


def test_a_key_that_is_revoked_meanwhile_takes_nobody_s_answer_in_its_group(apis: tuple[Api, Api]) -> None:
    api = apis[0]
    ended, good = key_with(api), key_with(api)

    async def ask() -> list[bool]:
        post = SinglePost(api.services)

        async def is_created(kit: LenderKit) -> bool:
            environ = {"HTTP_AUTHORIZATION": f"Bearer {kit.api_key}"}
            return await post.answer(environ, orjson.dumps(repayment(LOAN))) is not None

        try:
            assert await is_created(ended)
            assert await is_created(good)
            found = key_id(hash_secret(ended.api_key))
            api.services.access.end_api_key(api.bank.lender.number, found, expires_at=None, revoked_at=now())
            # The first goes at once, and the others together after it.
            return await asyncio.gather(*map(is_created, (good, ended, good)))
        finally:
            await close(post)

    for kit in (ended, good):
        assert api.submit(repayment(LOAN), by=kit).status_code == 201
    assert asyncio.run(ask()) == [True, False, True]


def test_limits_are_kept_on_the_short_way_and_each_request_counts_once(tmp_path: Path) -> None:
    with running_api(tmp_path / "data", requests_a_minute=4) as api:
        # A minute can end in between; then the count begins anew, once.
        for trial in range(2):
            loan = f"Q-{trial}"
            values = [agreement(loan, api.bank), repayment("Q-none"), *(repayment(loan) for _ in range(4))]
            found = [api.submit(value) for value in values]
            statuses = [answer.status_code for answer in found]
            if statuses == [201, 409, 201, 201, 429, 429]:
                break
        assert statuses == [201, 409, 201, 201, 429, 429]
        left = [answer.headers["RateLimit"].split(";")[1] for answer in found]
        assert left == ["r=3", "r=2", "r=1", "r=0", "r=0", "r=0"]


def test_a_busy_log_is_asked_once(tmp_path: Path) -> None:
    asked = []
    folder = make_folder(tmp_path / "data")
    with socket_folder() as sockets, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(sockets / "writer"))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with closing(connection):
                while head := connection.recv(LENGTH_SIZE, socket.MSG_WAITALL):
                    asked.append(connection.recv(int.from_bytes(head), socket.MSG_WAITALL))
                    connection.sendall(frame(write_busy()))

        thread = threading.Thread(target=answer)
        thread.start()
        with api_over(folder, sockets / "writer") as api:
            api.services.access.used_api_key(key_id(hash_secret(api.bank.api_key)), now())
            response = api.submit(agreement("B-1", api.bank))
        thread.join()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.json["type"] == "urn:loan-notary:problem:log-busy"
    assert len(asked) == 1
