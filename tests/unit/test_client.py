# SPDX-License-Identifier: Apache-2.0
"""The client without a notary: calls, retries, errors, webhook messages, signing."""

import pickle
import random
from collections.abc import Callable
from datetime import UTC, datetime
from inspect import signature

import orjson
import pytest
from cryptography.x509 import load_der_x509_certificate

import loan_notary
from loan_notary import (
    AsyncClient,
    BadAnswerError,
    Client,
    Retries,
    WebhookMessageError,
    add_signatures,
    calls,
    check_record,
    generate_key,
    sign,
    signature_over,
    verify_webhook,
)
from loan_notary.batches import LINES, batches
from loan_notary.errors import problem_error, read_problem
from notary import errors
from notary.errors import InvalidEnvelopeError, InvalidInputError, InvalidRecordError
from notary.webhooks import signature_header
from tests.support.builders import record
from tests.support.certificates import Authority

NOW = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUFB" * 8)
BODY = b'{"type":"record.final"}'


class Most(random.Random):
    """Draws the greatest value."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def message(secret: str = SECRETS[0], timestamp: int = 1000, body: bytes = BODY) -> dict[str, str]:
    made = signature_header([secret], "msg_1", timestamp, body)
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(timestamp), "Webhook-Signature": made}


def test_all_that_is_exported_is_there_and_sorted() -> None:
    assert loan_notary.__all__ == sorted(
        loan_notary.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
    assert all(hasattr(loan_notary, name) for name in loan_notary.__all__)


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    def methods(client: type) -> dict[str, list[str]]:
        found = {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}
        return {name: list(signature(method).parameters) for name, method in found.items() if callable(method)}

    assert methods(Client).keys() == methods(AsyncClient).keys()
    one, two = methods(Client), methods(AsyncClient)
    # A method that sends a call has the arguments of its call; one of a client's own has `self` too.
    assert {name: [item for item in names if item != "self"] for name, names in one.items()} == {
        name: [item for item in names if item != "self"] for name, names in two.items()
    }


def test_a_post_keeps_its_idempotency_key_and_no_two_have_one() -> None:
    first, second = (calls.records.submit({"id": "1"}) for _ in range(2))
    assert first.headers["Idempotency-Key"] == first.headers["Idempotency-Key"]
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]
    assert "Idempotency-Key" not in calls.records.drafts().headers


def test_names_are_quoted_into_paths() -> None:
    assert calls.records.loan("示/1 ?#", as_of="2026-01-31T08:30:00.000Z").path == (
        "/v1/loans/%E7%A4%BA%2F1%20%3F%23?as_of=2026-01-31T08%3A30%3A00.000Z"
    )
    assert calls.records.findings(severities=["high", "low"]).path == "/v1/findings?severity=high&severity=low"


def test_a_line_break_does_not_make_two_records_of_one() -> None:
    assert calls.records.submit_batch([b'{"id":\n1}']).body == b'{"id": 1}\n'


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"format":"loan-notary/receipt@9"}'])
def test_an_answer_that_is_none_of_the_api(body: bytes) -> None:
    with pytest.raises(BadAnswerError, match="POST /v1/records: this is no answer of a notary"):
        calls.records.submit({}).result(201, body)


def test_a_redirect_is_no_answer() -> None:
    with pytest.raises(BadAnswerError, match="HTTP status 302"):
        calls.log.checkpoint().result(302, b"checkpoint")


def test_fewer_answers_than_records_are_no_answer() -> None:
    with pytest.raises(BadAnswerError, match="1 answers to 2 records"):
        calls.records.submit_batch([b"{}", b"{}"]).result(200, b'{"status":201}\n')


@pytest.mark.parametrize(
    ("status", "name", "base"),
    [
        (400, "InvalidRequestError", errors.InvalidInputError),
        (401, "AuthenticationError", errors.InvalidInputError),
        (403, "PermissionDeniedError", errors.InvalidInputError),
        (404, "MissingError", errors.NotFoundError),
        (409, "ConflictError", errors.RefusedError),
        (413, "InvalidRequestError", errors.InvalidInputError),
        (422, "InvalidRequestError", errors.InvalidInputError),
        (429, "RateLimitedError", errors.UnavailableError),
        (500, "ServiceError", errors.UnavailableError),
        (503, "ServiceError", errors.UnavailableError),
    ],
)
def test_the_error_of_a_status(status: int, name: str, base: type[Exception]) -> None:
    fault = {"pointer": "/principal", "detail": "is missing", "check": "C5"}
    members = {"type": "urn:x", "title": "No", "detail": "why", "status": status, "trace_id": "ab", "errors": [fault]}
    error = problem_error(status, members)
    assert type(error).__name__ == name
    assert isinstance(error, base)
    assert (error.status, error.type, error.title, error.detail, error.trace_id) == (status, "urn:x", "No", "why", "ab")
    assert error.faults == (errors.Fault("/principal", "is missing", "C5"),)
    assert str(error) == "No: why"
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), copied.members) == (type(error), members)


@pytest.mark.parametrize("body", [b"<html>bad gateway", b"[1]", b'{"errors":[1],"title":null}'])
def test_a_page_of_a_proxy_is_an_error_too(body: bytes) -> None:
    error = read_problem(502, body)
    assert (type(error).__name__, error.status, error.faults) == ("ServiceError", 502, ())


def test_waits_double_up_to_the_longest() -> None:
    retries = Retries(attempts=7, first=0.5, longest=5.0, draw=Most())
    assert [retries.after_silence(failed) for failed in range(1, 8)] == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0, None]


@pytest.mark.parametrize(
    ("status", "retry_after", "body", "wait"),
    [
        (503, "", b"", 1.0),
        (502, "", b"", 1.0),
        (504, "", b"", 1.0),
        (503, "7", b"", 8.0),
        (429, "60", b"", 61.0),
        (429, "61", b"", None),
        (503, "Sat, 31 Jan 2026 08:30:09 GMT", b"", 10.0),
        (503, "Sat, 31 Jan 2026 08:29:09 GMT", b"", 1.0),
        (503, "soon", b"", 1.0),
        (503, "²", b"", 1.0),
        (500, "7", b"", None),
        (200, "7", b"", None),
        (409, "", b'{"type":"urn:loan-notary:problem:duplicate-record"}', None),
        (409, "", b"[]", None),
        (409, "", b"<", None),
        (409, "", b'{"type":"urn:loan-notary:problem:idempotency-in-progress"}', 1.0),
    ],
)
def test_what_is_tried_again_and_when(status: int, retry_after: str, body: bytes, wait: float | None) -> None:
    retries = Retries(draw=Most())
    assert retries.after_answer(1, status, {"Retry-After": retry_after}, body, NOW) == wait
    assert retries.after_answer(5, status, {"Retry-After": retry_after}, body, NOW) is None


@pytest.mark.parametrize("secrets", [SECRETS[0], SECRETS, SECRETS[::-1]])
def test_a_message_by_one_of_the_secrets(secrets: str) -> None:
    assert verify_webhook(secrets, message(), BODY, now=1000) == {"type": "record.final"}


def test_the_standard_s_own_example() -> None:
    # Standard Webhooks 1.0, reference implementations' test vector.
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1a,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify_webhook(SECRETS[0], headers, b'{"test": 2432232314}', now=1614265330) == {"test": 2432232314}


@pytest.mark.parametrize("moment", [700, 1300])
def test_a_message_within_the_tolerance(moment: float) -> None:
    assert verify_webhook(SECRETS, message(), BODY, now=moment)
    with pytest.raises(WebhookMessageError, match="last 300 seconds"):
        verify_webhook(SECRETS, message(), BODY, now=moment + (1 if moment > 1000 else -1))


def test_the_present_is_now_if_nobody_says() -> None:
    with pytest.raises(WebhookMessageError, match="last 300 seconds"):
        verify_webhook(SECRETS, message(), BODY)


@pytest.mark.parametrize(
    ("headers", "body", "wanted"),
    [
        (message(), BODY + b" ", "no signature"),
        ({**message(), "Webhook-Id": "msg_2"}, BODY, "no signature"),
        ({**message(), "Webhook-Timestamp": "1001"}, BODY, "no signature"),
        ({**message(), "Webhook-Timestamp": "-5"}, BODY, "not a number"),
        ({**message(), "Webhook-Timestamp": "9" * 5000}, BODY, "not a number"),
        ({**message(), "Webhook-Timestamp": "²"}, BODY, "not a number"),
        ({**message(), "Webhook-Signature": ""}, BODY, "no signature"),
        ({**message(), "Webhook-Signature": "v1,é v1a,x"}, BODY, "no signature"),
        (message(body=b"["), b"[", "not JSON"),
        (message(body=b"[]"), b"[]", "not a JSON object"),
        ({name: text for name, text in message().items() if name != "Webhook-Id"}, BODY, "webhook-id is missing"),
    ],
)
def test_messages_that_are_not_the_notary_s(headers: dict[str, str], body: bytes, wanted: str) -> None:
    with pytest.raises(WebhookMessageError, match=wanted):
        verify_webhook(SECRETS, headers, body, now=1000)


def test_without_a_secret_nothing_is_the_notary_s() -> None:
    with pytest.raises(WebhookMessageError, match="no signature"):
        verify_webhook([], message(), BODY, now=1000)


@pytest.mark.parametrize(
    "make", [lambda: Client("notary.example"), lambda: Client("https://"), lambda: AsyncClient("ftp://notary.example")]
)
def test_urls_of_no_notary(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidInputError, match="http:// or https://"):
        make()


def test_an_api_key_that_cannot_be_one_is_not_quoted() -> None:
    with pytest.raises(InvalidInputError) as error:
        Client("http://notary.example", "ln_a\nb")
    assert "ln_" not in str(error.value)
    assert "ln_secret" not in repr(Client("http://notary.example", "ln_secret"))


def test_a_record_is_checked_before_it_is_sent() -> None:
    assert check_record(record("repayment")).type == "repayment"
    with pytest.raises(InvalidRecordError):
        check_record({**record("repayment"), "amount": "much"})


def test_signatures_are_added_to_those_of_others() -> None:
    keys = [generate_key(alg) for alg in ("EdDSA", "ES256", "PS256")]
    first = sign(record("repayment"), keys[0])
    for begun in (first, first.encode(), first.to_json()):
        whole = add_signatures(begun, *keys[1:])
        assert [item.kid for item in whole.signatures] == [key.public.kid for key in keys]
        assert whole.payload == first.payload
        assert signature_over(begun, generate_key()).keys() == {"protected", "signature"}
    with pytest.raises(InvalidEnvelopeError, match="one key signed twice"):
        add_signatures(first, keys[0])


def test_certificates_go_along_with_the_first_signature() -> None:
    key = Authority.create().certify("示范银行")
    chain = [load_der_x509_certificate(item) for item in key.chain]
    envelope = sign(record("repayment"), key.key, generate_key(), certificates=chain)
    assert [item.x5c for item in envelope.signatures] == [key.chain, ()]


def test_batches_have_a_limit_and_keep_the_order() -> None:
    made = list(batches({"id": number} for number in range(2 * LINES + 1)))
    bodies = [b"" if (call := batch.call(False)) is None else call.body for batch in made]
    assert [body.count(b"\n") for body in bodies] == [LINES, LINES, 1]
    assert [orjson.loads(line)["id"] for line in b"".join(bodies).splitlines()] == list(range(2 * LINES + 1))
    large = [b"x" * 3_000_000] * 3
    assert [len(batch.call(False).body) // 3_000_000 for batch in batches(large)] == [2, 1]
    assert list(batches([])) == []


def test_no_more_than_a_batch_is_read_ahead() -> None:
    read = []
    items = (read.append(number) or {"id": number} for number in range(10 * LINES))
    next(batches(items))
    assert len(read) == LINES


def test_only_what_was_not_taken_goes_again() -> None:
    [batch] = batches([{"id": number} for number in range(3)])
    retries = Retries(attempts=2, draw=Most())
    away = {"status": 503, "title": "busy", "detail": "later"}
    assert batch.answered([{"status": 201, "id": "0"}, away, {"status": 422}], retries) == 1.0
    assert batch.call(False).body == b'{"id":1}\n'
    assert batch.answered([away], retries) == 0.0
    assert batch.call(False) is None
    one, two, three = batch.in_order()
    assert (one.number, one.new, one.error) == (1, True, None)
    assert (two.number, two.error.status, three.number, three.error.status) == (2, 503, 3, 422)
