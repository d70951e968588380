# SPDX-License-Identifier: Apache-2.0
"""Messages to webhooks: signatures, and when they are tried again."""

import base64
from dataclasses import replace

import pytest

from notary.errors import InvalidInputError
from notary.webhooks import DELAYS, Delivery, Webhook, attempted, parse_secret, signature_header
from tests.support.builders import NOW

MESSAGE = Delivery("msg_1", "wh_1", "record.recorded", "{}", NOW, next_at=NOW)


def test_the_signature_of_the_standard_s_own_example() -> None:
    # Standard Webhooks 1.0, reference implementations' test vector.
    header = signature_header(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_while_one_takes_over() -> None:
    new, old = ("whsec_" + base64.b64encode(bytes([number]) * 24).decode() for number in (1, 2))
    webhook = Webhook("wh_1", 1, "https://example.com/", (), new, NOW, 0, 0, old_secret=old, old_secret_until=NOW + 5)
    assert webhook.secrets(NOW + 4) == (new, old)
    assert webhook.secrets(NOW + 5) == (new,)
    both = signature_header((new, old), "m", 1, b"x")
    assert both.split(" ") == [signature_header([one], "m", 1, b"x") for one in (new, old)]


@pytest.mark.parametrize(
    "text",
    [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_not base64",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_" + base64.b64encode(b"x" * 25).decode().rstrip("="),
    ],
)
def test_bad_secrets(text: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        parse_secret(text)
    assert text.removeprefix("whsec_") not in str(error.value) or text == "whsec_"


@pytest.mark.parametrize("size", [24, 64])
def test_secrets_of_the_limits(size: int) -> None:
    assert parse_secret("whsec_" + base64.b64encode(b"x" * size).decode()) == b"x" * size


@pytest.mark.parametrize("status", [200, 204, 299])
def test_delivered(status: int) -> None:
    done = attempted(MESSAGE, status, "OK", NOW + 7)
    assert (done.state, done.delivered_at, done.next_at, done.attempts) == ("delivered", NOW + 7, None, 1)


@pytest.mark.parametrize("status", [None, 199, 300, 302, 400, 404, 500, 503])
def test_tried_again_by_the_schedule(status: int | None) -> None:
    message, now, waits = MESSAGE, NOW, []
    for _ in DELAYS:
        message = attempted(message, status, "no", now)
        assert message.state == "waiting"
        assert message.next_at is not None
        waits.append((message.next_at - now) // 1000)
        now = message.next_at
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    message = attempted(message, status, "no", now)
    assert (message.state, message.attempts, message.status) == ("failed", 10, status)


def test_gone_is_final_at_once() -> None:
    assert attempted(MESSAGE, 410, "Gone", NOW).state == "failed"


def test_a_message_replayed_starts_over() -> None:
    failed = replace(MESSAGE, attempts=10, next_at=None)
    assert attempted(replace(failed, attempts=0, next_at=NOW), 500, "", NOW).next_at == NOW + DELAYS[0]
