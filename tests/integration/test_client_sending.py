# SPDX-License-Identifier: Apache-2.0
"""Both clients over real connections: what is tried again, what is sent, what becomes of it."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from loan_notary import (
    AsyncClient,
    BadAnswerError,
    Client,
    ConflictError,
    InvalidRequestError,
    MissingError,
    NoAnswerError,
    ProblemError,
    Retries,
    ServiceError,
    StateTimeoutError,
    calls,
    generate_key,
    sign,
)
from loan_notary.batches import LINES
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.listening import Scripted, listening, scripted

AT_ONCE = Retries(first=0.0)
READY = Scripted(body=b'{"status":"ready"}')
BUSY = Scripted(503, b'{"title":"busy","detail":"later","status":503}', {"Retry-After": "0"})
SILENT = Scripted(0)
Run = Callable[..., Any]


def run_sync(url: str, ask: Callable[[Any], Any], key: str = "", retries: Retries = AT_ONCE, **more: Any) -> Any:
    with Client(url, key, retries=retries, **more) as client:
        answer = ask(client)
        return list(answer) if isinstance(answer, Iterator) else answer


def run_async(url: str, ask: Callable[[Any], Any], key: str = "", retries: Retries = AT_ONCE, **more: Any) -> Any:
    async def whole() -> Any:
        async with AsyncClient(url, key, retries=retries, **more) as client:
            answer = ask(client)
            if isinstance(answer, AsyncIterator):
                return [item async for item in answer]
            return await answer if isinstance(answer, Awaitable) else answer

    return asyncio.run(whole())


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs something with a client of either kind."""
    made: Run = request.param
    return made


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("client") / "data") as api:
        yield api


@pytest.fixture(scope="module")
def url(api: Api) -> Iterator[str]:
    with listening(api) as url:
        yield url


def new_loan() -> str:
    return f"LN-{uuid4()}"


@pytest.mark.parametrize("failures", [[BUSY], [SILENT], [Scripted(429)], [Scripted(502, b"<html>"), SILENT, BUSY]])
def test_a_call_is_sent_again_until_it_is_answered(run: Run, failures: list[Scripted]) -> None:
    with scripted(*failures, Scripted(body=b'{"id":"key_1"}')) as server:
        assert run(server.url, lambda client: client.create_api_key("x", ["records:read"]), "ln_1") == {"id": "key_1"}
    assert len(server.asked) == len(failures) + 1
    assert len({(item.method, item.path, item.body, item.headers["idempotency-key"]) for item in server.asked}) == 1
    first = server.asked[0]
    assert (first.method, first.path, first.headers["authorization"]) == ("POST", "/v1/api-keys", "Bearer ln_1")
    assert orjson.loads(first.body) == {"name": "x", "scopes": ["records:read"]}


def test_two_calls_have_two_idempotency_keys(run: Run) -> None:
    with scripted(Scripted()) as server:
        for _ in range(2):
            run(server.url, lambda client: client.revoke_pass("pass_1"))
    one, two = server.asked
    assert one.headers["idempotency-key"] != two.headers["idempotency-key"]


def test_the_last_answer_counts(run: Run) -> None:
    with scripted(BUSY) as server, pytest.raises(ServiceError, match="busy: later") as error:
        run(server.url, lambda client: client.readiness(), retries=Retries(attempts=3, first=0.0))
    assert (len(server.asked), error.value.status) == (3, 503)


def test_nobody_there(run: Run) -> None:
    with scripted(READY) as server:
        url = server.url
    with pytest.raises(NoAnswerError, match=f"the notary at {url} does not answer"):
        run(url, lambda client: client.readiness())


def test_somebody_who_hangs_up(run: Run) -> None:
    with scripted(SILENT) as server, pytest.raises(NoAnswerError):
        run(server.url, lambda client: client.readiness(), retries=Retries(attempts=2, first=0.0))
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500])
def test_other_errors_are_not_tried_again(run: Run, status: int) -> None:
    with scripted(Scripted(status, b'{"title":"no"}'), READY) as server, pytest.raises(ProblemError, match="no"):
        run(server.url, lambda client: client.readiness())
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed(run: Run) -> None:
    with (
        scripted(Scripted(307, b"", {"Location": "/elsewhere"}), READY) as server,
        pytest.raises(BadAnswerError, match="307"),
    ):
        run(server.url, lambda client: client.readiness())
    assert [item.path for item in server.asked] == ["/readyz"]


def test_a_file_is_sent_whole_each_time(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(range(256)) * 12_000)
    with scripted(BUSY, Scripted(body=b"{}")) as server:
        run(server.url, lambda client: client.put_document(file))
    assert [item.body == file.read_bytes() for item in server.asked] == [True, True]
    assert "transfer-encoding" not in server.asked[0].headers
    assert server.asked[0].headers["content-type"] == "application/octet-stream"


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    with scripted(READY) as server, pytest.raises(FileNotFoundError):
        run(server.url, lambda client: client.put_document(tmp_path / "none.pdf"))
    assert server.asked == []


def test_lists_go_from_page_to_page(run: Run) -> None:
    pages = [{"drafts": [{"id": "1"}], "after": "a b"}, {"drafts": [{"id": "2"}], "after": None}]
    with scripted(*(Scripted(body=orjson.dumps(page)) for page in pages)) as server:
        assert run(server.url, lambda client: client.drafts()) == [{"id": "1"}, {"id": "2"}]
    assert [item.path for item in server.asked] == ["/v1/drafts", "/v1/drafts?after=a+b"]
    pages = [{"deliveries": [{"id": "1"}], "next": "7"}, {"deliveries": [{"id": "2"}]}]
    with scripted(*(Scripted(body=orjson.dumps(page)) for page in pages)) as server:
        assert len(run(server.url, lambda client: client.deliveries("wh_1", state="failed"))) == 2
    assert server.asked[1].path == "/v1/webhooks/wh_1/deliveries?state=failed&cursor=7"
    pages = [{"anchors": [{"size": 1}], "next": "/v1/anchors?after=1&limit=1"}, {"anchors": [], "next": None}]
    with scripted(*(Scripted(body=orjson.dumps(page)) for page in pages)) as server:
        assert run(server.url, lambda client: client.anchors(limit=1)) == [{"size": 1}]
    assert server.asked[1].path == "/v1/anchors?after=1&limit=1"


def test_lines_that_were_not_taken_go_again_and_the_answers_keep_their_order(run: Run) -> None:
    first = b'{"status":201,"id":"1","index":4}\n' + BUSY.body + b'\n{"status":422,"title":"bad"}\n'
    with scripted(Scripted(body=first), BUSY, Scripted(body=b'{"status":200,"id":"2"}\n')) as server:
        found = run(server.url, lambda client: client.submit_many([{"id": name} for name in "123"]))
    assert [item.body.count(b"\n") for item in server.asked] == [3, 1, 1]
    assert [(item.number, item.record_id, item.index, item.new) for item in found] == [
        (1, "1", 4, True), (2, "2", None, False), (3, "", None, False),
    ]  # fmt: skip
    assert [item.error and item.error.status for item in found] == [None, None, 422]


def test_waiting_ends_with_the_state_or_the_time(run: Run, api: Api, url: str) -> None:
    key = api.bank.api_key
    receipt = run(url, lambda client: client.submit(agreement(new_loan(), api.bank)), key)
    assert run(url, lambda client: client.wait_for(receipt, "recorded"), key).record_id == receipt.record_id
    with pytest.raises(StateTimeoutError, match="recorded, not final") as error:
        run(url, lambda client: client.wait_for(receipt.record_id, timeout=0.3), key)
    assert (error.value.state, error.value.wanted) == ("recorded", "final")


def test_a_signed_record_its_receipt_and_its_verdict(run: Run, api: Api, url: str) -> None:
    bank, loan = api.bank, new_loan()
    record = agreement(loan, bank)
    # Signed once: a second signature by the same ECDSA key would be another envelope.
    envelope = sign(record, bank.key, bank.borrower)
    first, again = (run(url, lambda client: client.submit(envelope), bank.api_key) for _ in range(2))
    assert first.record == again.record == record
    assert (first.record_id, first.index, first.state) == (record["id"], again.index, "recorded")
    report = run(url, lambda client: client.verify(first), log_key=first.log_key)
    assert (report.verdict.value, report.holds("signatures")) == ("valid", True)
    history = run(url, lambda client: client.history(loan), bank.api_key)
    assert history.records == [record]
    changed = history.data.replace("示范银行".encode(), "示范行银".encode(), 1)
    assert run(url, lambda client: client.verify(changed)).verdict.value == "invalid"


def test_a_record_cannot_be_taken_for_another_log_s(run: Run, api: Api, url: str, tmp_path: Path) -> None:
    receipt = run(url, lambda client: client.submit(agreement(new_loan(), api.bank)), api.bank.api_key)
    with running_api(tmp_path / "data") as elsewhere, listening(elsewhere) as other_url:
        made = agreement(new_loan(), elsewhere.bank)
        theirs = run(other_url, lambda client: client.submit(made), elsewhere.bank.api_key)
    assert run(url, lambda client: client.verify(theirs), log_key=theirs.log_key).verdict.value == "valid"
    assert run(url, lambda client: client.verify(theirs), log_key=receipt.log_key).verdict.value == "invalid"


def test_errors_point_at_what_is_wrong(run: Run, api: Api, url: str) -> None:
    key, record = api.bank.api_key, agreement(new_loan(), api.bank)
    with pytest.raises(InvalidRequestError) as invalid:
        run(url, lambda client: client.submit({**record, "maturity": "never"}), key)
    assert (invalid.value.status, [fault.pointer for fault in invalid.value.faults]) == (422, ["/maturity"])
    assert len(invalid.value.trace_id) == 32
    run(url, lambda client: client.submit(record), key)
    with pytest.raises(ConflictError) as conflict:
        run(url, lambda client: client.submit({**record, "governing_law": "DE"}), key)
    assert conflict.value.type == "urn:loan-notary:problem:duplicate-record"
    with pytest.raises(MissingError):
        run(url, lambda client: client.loan(record["loan"]), api.other.api_key)


def test_more_records_than_a_request_holds(run: Run, api: Api, url: str) -> None:
    loan = new_loan()
    items = [agreement(loan, api.bank), *(repayment(loan) for _ in range(LINES + 20))]
    found = run(url, lambda client: client.submit_many(items), api.bank.api_key)
    assert [item.number for item in found] == list(range(1, LINES + 22))
    assert [item.record_id for item in found] == [item["id"] for item in items]
    assert [item.sequence for item in found] == list(range(LINES + 21))
    again = run(url, lambda client: client.submit_many(items), api.bank.api_key)
    assert not any(item.new or item.error for item in again)


def test_records_may_come_from_an_asynchronous_source(api: Api, url: str) -> None:
    async def source() -> AsyncIterator[dict[str, Any]]:
        for _ in range(3):
            yield agreement(new_loan(), api.bank)

    found = run_async(url, lambda client: client.submit_many(source()), api.bank.api_key)
    assert [item.new for item in found] == [True] * 3


def test_a_call_that_is_sent_twice_makes_one_thing(run: Run, api: Api, url: str) -> None:
    call = calls.access.create_api_key(f"key {uuid4()}", ["records:read"])
    first, again = (run(url, lambda client: client.send(call), api.bank.api_key) for _ in range(2))
    assert first == again
    names = [item["name"] for item in run(url, lambda client: client.api_keys(), api.bank.api_key)]
    assert names.count(first["name"]) == 1


def test_the_application_may_stand_behind_it_without_a_socket(api: Api) -> None:
    transport = httpx.WSGITransport(api.app)
    with Client("http://notary", api.bank.api_key, transport=transport) as client:
        assert client.submit(agreement(new_loan(), api.bank)).state == "recorded"


def test_no_private_key_is_sent(run: Run) -> None:
    key = generate_key()
    with scripted(Scripted()) as server:
        run(server.url, lambda client: client.register_key("lender", key))
        run(server.url, lambda client: client.send(calls.records.submit_draft(sign({"id": "1"}, key))))
    assert orjson.loads(server.asked[0].body) == {"party": "lender", "jwk": key.public.jwk}
    secret = key.private.private_bytes_raw()
    assert not [item for item in server.asked if secret in item.body or secret.hex().encode() in item.body]


def test_many_records_take_no_more_memory_than_few() -> None:
    answers = b"".join(b'{"status":201,"id":"%d"}\n' % number for number in range(LINES))
    filler = "x" * 4000
    with scripted(Scripted(body=answers)) as server, Client(server.url) as client:

        def peak(count: int) -> int:
            for _ in client.submit_many({"id": number, "filler": filler} for number in range(count * LINES)):
                server.asked.clear()
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        before = peak(5)
        assert peak(25) - before < 20 * 1024
