# SPDX-License-Identifier: Apache-2.0
"""Takes one message to its receiver, and says how that went; never raises for what the receiver does."""

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

from api.tracing.spans import Tracing
from api.webhooks.addresses import Network, Target, parse_target, resolve
from notary.errors import InvalidInputError
from notary.webhooks import Delivery, Webhook, signature_header

CONNECT_WAIT = 5.0
ANSWER_WAIT = 15.0
"""Seconds for the whole exchange after the connection: a receiver that drips its answer does not hold a thread."""


class Outcome(NamedTuple):
    """How an attempt went: the HTTP status, None if there was none, and a sentence."""

    status: int | None
    detail: str


class Sender:
    """Posts messages to public addresses, and to those in `allowed` networks of the operator's own."""

    def __init__(
        self,
        allowed: Sequence[Network],
        tls: ssl.SSLContext,
        answer_wait: float = ANSWER_WAIT,
        tracing: Tracing | None = None,
    ) -> None:
        self._tracing = tracing
        self._allowed = allowed
        self._answer_wait = answer_wait
        self._tls = tls

    def send(self, webhook: Webhook, delivery: Delivery, now: int) -> Outcome:
        """Make one attempt. Redirects are answers like others: nothing is followed."""
        if self._tracing is None:
            return self._send(webhook, delivery, now, {})
        attempt = delivery.attempts + 1
        with self._tracing.span("webhook delivery", "client", event=delivery.type, attempt=attempt) as span:
            outcome = self._send(webhook, delivery, now, {"traceparent": self._tracing.traceparent()})
            span.note("http.response.status_code", outcome.status or 0)
            if outcome.status is None or not 200 <= outcome.status < 300:
                span.fail()
            return outcome

    def _send(self, webhook: Webhook, delivery: Delivery, now: int, more: Mapping[str, str]) -> Outcome:
        try:
            target = parse_target(webhook.url, self._allowed)
            connection = self._connect(target)
        except InvalidInputError as error:
            return Outcome(None, str(error))
        except OSError as error:
            return Outcome(None, f"no connection: {error}")
        deadline = threading.Timer(self._answer_wait, _cut, [connection])
        deadline.start()
        try:
            body, seconds = delivery.body.encode(), now // 1000
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "loan-notary",
                "webhook-id": delivery.id,
                "webhook-timestamp": str(seconds),
                "webhook-signature": signature_header(webhook.secrets(now), delivery.id, seconds, body),
                **more,
            }
            connection.request("POST", target.path, body, headers)
            response = connection.getresponse()
            return Outcome(response.status, response.reason[:200])
        except (OSError, HTTPException) as error:
            return Outcome(None, f"no answer: {type(error).__name__}")
        finally:
            deadline.cancel()
            connection.close()

    def _connect(self, target: Target) -> HTTPConnection:
        address = resolve(target, self._allowed)
        plain = socket.create_connection((address, target.port), CONNECT_WAIT)
        plain.settimeout(self._answer_wait)
        # The port is in the Host header only where it is not the scheme's own (RFC 9110 section 7.2).
        connection = HTTPConnection(target.host, target.port)
        connection.default_port = {"https": 443, "http": 80}[target.scheme]
        try:
            connection.sock = (
                self._tls.wrap_socket(plain, server_hostname=target.host) if target.scheme == "https" else plain
            )
        except OSError:
            plain.close()
            raise
        return connection


def _cut(connection: HTTPConnection) -> None:
    # Closing alone would not wake the thread that reads.
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
