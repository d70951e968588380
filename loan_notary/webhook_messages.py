# SPDX-License-Identifier: Apache-2.0
"""For those who receive webhooks: is a message the notary's, and of just now? (Standard Webhooks 1.0)

>>> verify_webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {}, b"{}")
Traceback (most recent call last):
loan_notary.errors.WebhookMessageError: /: the header webhook-id is missing
"""

import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from loan_notary.errors import WebhookMessageError
from notary.webhooks import signature_header

TOLERANCE = 300
"""Seconds by which the clocks of the two may differ, and a message may be old."""


def verify_webhook(
    secrets: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the message, once its signature is seen to be by one of `secrets`. Raises `WebhookMessageError`.

    `body` are the bytes as they came; `headers` in any case of letters; `now` the present in seconds since 1970. The
    same message may come twice: its `webhook-id` tells. Raises `InvalidInputError` for a secret that is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (_header(given, name) for name in ("id", "timestamp", "signature"))
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise WebhookMessageError("the header webhook-timestamp is not a number of seconds")
    known = [secrets] if isinstance(secrets, str) else secrets
    wanted = signature_header(known, message_id, int(timestamp), body).split(" ") if known else []
    # Every pair is compared, so that the time taken says nothing of which fits.
    fits = [hmac.compare_digest(one.encode(), two.encode()) for one in wanted for two in signatures.split(" ")]
    if not any(fits):
        raise WebhookMessageError("no signature is by a secret that is known")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise WebhookMessageError(f"the message is not of the last {tolerance:.0f} seconds")
    try:
        message = orjson.loads(body)
    except ValueError:
        raise WebhookMessageError("the body is not JSON") from None
    if not isinstance(message, dict):
        raise WebhookMessageError("the body is not a JSON object")
    return message


def _header(headers: Mapping[str, str], name: str) -> str:
    try:
        return headers[f"webhook-{name}"]
    except KeyError:
        raise WebhookMessageError(f"the header webhook-{name} is missing") from None
