# SPDX-License-Identifier: Apache-2.0
"""One message to one receiver, over real sockets."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from api.webhooks.sending import Sender
from notary.webhooks import Delivery, Webhook
from tests.support.builders import NOW
from tests.support.receiver import receiving
from tests.support.tls import server_and_client

OWN = [ip_network("127.0.0.0/8"), ip_network("::1")]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = Delivery("msg_1", "wh_1", "record.recorded", '{"type":"记录"}', NOW, next_at=NOW)


def webhook(url: str) -> Webhook:
    return Webhook("wh_1", 1, url, ("record.recorded",), SECRET, NOW, 0, 0)


@pytest.fixture
def sender() -> Sender:
    return Sender(OWN, ssl.create_default_context())


def test_a_message_arrives_signed(sender: Sender) -> None:
    with receiving() as receiver:
        assert sender.send(webhook(receiver.url), MESSAGE, NOW) == (204, "No Content")
    [got] = receiver.got
    assert (got.path, got.body.decode()) == ("/hook?to=me", MESSAGE.body)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.split("/")[2]
    assert (got.headers["webhook-id"], got.headers["webhook-timestamp"]) == ("msg_1", str(NOW // 1000))
    assert got.is_signed_with(SECRET)


def test_over_tls_with_the_host_s_certificate(tmp_path: Path) -> None:
    server, client = server_and_client(tmp_path, "localhost")
    with receiving(server, "localhost") as receiver:
        assert Sender(OWN, client).send(webhook(receiver.url), MESSAGE, NOW).status == 204
    assert receiver.got[0].headers["host"] == receiver.url.split("/")[2]


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    server, client = server_and_client(tmp_path, "other.example")
    with receiving(server, "localhost") as receiver:
        outcome = Sender(OWN, client).send(webhook(receiver.url), MESSAGE, NOW)
    assert outcome.status is None
    assert "certificate" in outcome.detail
    assert receiver.got == []


def test_a_certificate_of_nobody_known_is_refused(tmp_path: Path, sender: Sender) -> None:
    server, _ = server_and_client(tmp_path, "localhost")
    with receiving(server, "localhost") as receiver:
        assert sender.send(webhook(receiver.url), MESSAGE, NOW).status is None
    assert receiver.got == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_not_followed(sender: Sender, status: int) -> None:
    with receiving() as inner, receiving() as receiver:
        receiver.statuses, receiver.location = [status], inner.url
        assert sender.send(webhook(receiver.url), MESSAGE, NOW).status == status
    assert inner.got == []


def test_an_address_inside_is_not_connected_to() -> None:
    with receiving() as receiver:
        strict = Sender([ip_network("10.0.0.0/8")], ssl.create_default_context())
        for host in ("127.0.0.1", "localhost"):
            url = receiver.url.replace("127.0.0.1", host)
            outcome = strict.send(webhook(url), MESSAGE, NOW)
            assert outcome.status is None
            assert "is not an address that messages may be sent to" in outcome.detail
    assert receiver.got == []


def test_nobody_there(sender: Sender) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        outcome = sender.send(webhook(f"http://127.0.0.1:{closed.getsockname()[1]}/"), MESSAGE, NOW)
    assert (outcome.status, outcome.detail[:15]) == (None, "no connection: ")
    assert sender.send(webhook("https://no-such-host.invalid/"), MESSAGE, NOW).status is None


@contextmanager
def odd_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that says what `talk` says to its one client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 2", b"HTTP/1.1 abc OK\r\n\r\n"])
def test_an_answer_that_is_none(sender: Sender, answer: bytes) -> None:
    with odd_server(lambda connection: connection.sendall(answer)) as url:
        outcome = sender.send(webhook(url), MESSAGE, NOW)
    assert (outcome.status, outcome.detail[:11]) == (None, "no answer: ")


def test_an_answer_that_drips_is_cut_off() -> None:
    # Each byte is in time; the whole is not.
    sender = Sender(OWN, ssl.create_default_context(), answer_wait=0.5)
    cut = threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            for _ in range(3000):
                connection.sendall(b"X")
                cut.wait(0.02)
        except OSError:
            cut.set()

    with odd_server(drip) as url:
        assert sender.send(webhook(url), MESSAGE, NOW).status is None
    assert cut.is_set()
