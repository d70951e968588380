# SPDX-License-Identifier: Apache-2.0
"""The gateway under the real HTTP server: who is slow holds nobody up, and what broke off is not taken for whole."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any

import orjson
import pytest

from notary.registration import MAX_BODY
from tests.support.odd_app import LONG, PART
from tests.support.odd_app import PATIENCE as PATIENCE_OF_SITE
from tests.support.service import PATIENCE, Answer, ask, connection, free_port, until

ROOT = Path(__file__).parents[2]
MANY = 200
"""Connections: more than a worker has threads."""


@dataclass(frozen=True)
class Site:
    """The application that runs, and the folder of its notes."""

    port: int
    notes: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def connect_narrowly(self) -> socket.socket:
        """Return a connection that takes a few kilobytes before they are read.

        It is told so before it connects: one that has offered more begins to stutter, and takes minutes for what is on
        its way already.
        """
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.settimeout(PATIENCE)
        link.connect(("127.0.0.1", self.port))
        return link

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Answer:
        with connection(f"http://127.0.0.1:{self.port}") as link:
            return ask(link, method, path, body)

    def environ(self, *headers: bytes, target: bytes = b"/shown") -> dict[str, str]:
        lines = [b"GET " + target + b" HTTP/1.1", b"Host: here.example:81", b"Connection: close", *headers]
        with self.connect() as link:
            link.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
            _, _, body = read_all(link).partition(b"\r\n\r\n")
        shown: dict[str, str] = orjson.loads(body)
        return shown

    def note(self, name: str) -> int:
        path = self.notes / name
        return int(path.read_text() or 0) if path.exists() else -1


def read_all(link: socket.socket) -> bytes:
    heard = b""
    while part := link.recv(65536):
        heard += part
    return heard


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    notes, port = tmp_path_factory.mktemp("notes"), free_port()
    (notes / "tmp").mkdir()
    command = [sys.executable, "-m", "tests.support.odd_app", str(port), str(notes)]
    process = subprocess.Popen(command, cwd=ROOT)
    found = Site(port, notes)

    def answers() -> bool:
        assert process.poll() is None
        try:
            return found.ask("/shown").status == 200
        except OSError:
            return False

    until(answers, "the application answers")
    try:
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_answers_of_all_kinds_come_whole(site: Site) -> None:
    assert site.ask("/stream").body == PART * LONG
    assert site.ask("/length").body == PART * LONG
    head = site.ask("/length", "HEAD")
    assert (head.headers["content-length"], head.body) == (str(LONG * len(PART)), b"")
    assert site.ask("/empty").body == b""
    nothing = site.ask("/nothing")
    assert (nothing.status, "content-length" in nothing.headers, nothing.body) == (204, False, b"")


@pytest.mark.parametrize("path", ["/break", "/less"])
def test_an_answer_that_breaks_off_cannot_be_taken_for_whole(site: Site, path: str) -> None:
    with pytest.raises((HTTPException, OSError)):
        site.ask(path)


def test_an_error_before_the_answer_is_an_answer(site: Site) -> None:
    answer = site.ask("/raise")
    assert (answer.status, b"Internal Server Error" in answer.body) == (500, True)


def test_an_error_in_front_of_the_application_is_answered_by_it(site: Site) -> None:
    for body, status in ((b"raise", 500), (b"other", 200)):
        head = b"Host: x\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        with site.connect() as link:
            link.sendall(b"POST /v1/records HTTP/1.1\r\n" + head + b"Content-Length: 5\r\n\r\n" + body)
            heard = read_all(link)
        assert heard.startswith(b"HTTP/1.1 %d " % status)
        assert not heard.endswith(b"\r\n\r\n")


def test_a_long_answer_that_no_pipe_is_to_be_had_for_is_refused_for_now(site: Site) -> None:
    (site.notes / "stream.closed").unlink(missing_ok=True)
    (site.notes / "tmp").rename(site.notes / "away")
    try:
        answer = site.ask("/stream")
        assert (answer.status, answer.headers["retry-after"], b"no room on disk" in answer.body) == (503, "1", True)
        assert site.note("stream.closed") == 1
        assert site.ask("/shown").status == 200
    finally:
        (site.notes / "away").rename(site.notes / "tmp")
    assert site.ask("/stream").body == PART * LONG
    until(lambda: not list((site.notes / "tmp").iterdir()), "nothing of it is left")


def test_an_answer_is_made_no_faster_than_it_is_taken_and_given_up_where_nobody_takes_it(site: Site) -> None:
    (site.notes / "stream.closed").unlink(missing_ok=True)
    parts = 5_000
    with site.connect_narrowly() as link:
        link.sendall(b"GET /stream?parts=%d HTTP/1.1\r\nHost: x\r\n\r\n" % parts)
        until(lambda: site.note("stream.closed") > 0, "it is given up")
        heard = b""
        with suppress(ConnectionResetError):
            heard = read_all(link)
        # It cannot be taken for whole either: the last chunk does not come.
        assert not heard.endswith(b"0\r\n\r\n")
    assert site.note("stream.made") < parts // 4


def test_who_leaves_ends_his_answer(site: Site) -> None:
    (site.notes / "stream.closed").unlink(missing_ok=True)
    with site.connect() as link:
        link.sendall(b"GET /stream?parts=1000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert link.recv(1000)
    until(lambda: site.note("stream.closed") > 0, "it is ended")


def test_more_slow_senders_than_threads_hold_nobody_up_and_are_sent_away(site: Site) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(site.connect()) for _ in range(MANY)]
        for link in slow:
            link.sendall(b"POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        assert site.ask("/shown").status == 200
        for link in slow:
            heard = read_all(link)
            assert (heard[:13], b"\r\nconnection: close\r\n" in heard.lower()) == (b"HTTP/1.1 408 ", True)


def test_more_slow_readers_than_threads_hold_nobody_up_for_long(site: Site) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(site.connect_narrowly()) for _ in range(MANY)]
        for link in slow:
            link.sendall(b"GET /stream?parts=5000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert site.ask("/shown").status == 200


def test_large_bodies_are_read_as_they_come(site: Site) -> None:
    data = PART * LONG
    wanted = f"{len(data)} {sha256(data).hexdigest()}".encode()
    assert site.ask("/digest", "POST", data).body == wanted
    assert site.ask("/digest", "POST", iter([data[:100_000], data[100_000:]])).body == wanted


def test_an_answer_begins_before_the_body_ends(site: Site) -> None:
    with site.connect() as link:
        link.sendall(b"POST /duplex HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        heard = b""
        for word in (b"one", b"two", b"three"):
            link.sendall(b"%x\r\n%b\r\n" % (len(word), word))
            while word + b"!" not in heard:
                heard += link.recv(1000)
        link.sendall(b"0\r\n\r\n")
        assert (heard + read_all(link)).endswith(b"0\r\n\r\n")


def test_a_body_that_is_longer_than_any_record_is_read_as_it_comes(site: Site) -> None:
    with site.connect() as link:
        link.sendall(b"POST /duplex HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nabc" % (MAX_BODY + 1))
        heard = b""
        while b"abc!" not in heard:
            part = link.recv(1000)
            assert part, heard
            heard += part


def test_who_keeps_sending_has_more_time_than_who_does_not(site: Site) -> None:
    parts, size = 5, 40_000
    with site.connect() as link:
        link.sendall(
            b"POST /digest HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (parts * size)
        )
        for number in range(parts):
            if number:
                # Together longer than the patience, and much shorter than what each part earns.
                time.sleep(PATIENCE_OF_SITE / (parts - 2))
            link.sendall(b"x" * size)
        assert read_all(link).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("header", [b"Content-Length: 5000000", b"Transfer-Encoding: chunked"])
def test_a_large_body_that_stops_coming_is_given_up(site: Site, header: bytes) -> None:
    with site.connect() as link:
        link.sendall(b"POST /digest HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n3\r\nabc\r\n")
        assert read_all(link).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("header", [b"Content-Length: 9", b"Content-Length: 5000000", b"Transfer-Encoding: chunked"])
def test_a_body_that_breaks_off_is_refused(site: Site, header: bytes) -> None:
    with site.connect() as link:
        link.sendall(b"POST /digest HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n3\r\nabc\r\n")
        link.shutdown(socket.SHUT_WR)
        # Where the server sees that nobody sends any more it may close without a word.
        assert read_all(link)[:13] in (b"HTTP/1.1 400 ", b"")


@pytest.mark.parametrize("header", [b"Content-Length: 5000000", b"Transfer-Encoding: chunked"])
def test_a_large_body_that_breaks_off_is_not_taken_for_whole_even_where_nobody_hears_the_answer(
    site: Site, header: bytes
) -> None:
    for name in ("refused", "taken"):
        (site.notes / f"digest.{name}").unlink(missing_ok=True)
    with site.connect() as link:
        link.sendall(b"POST /digest HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n186a0\r\n" + bytes(90_000))
    until(lambda: site.note("digest.refused") + site.note("digest.taken") > -2, "it has come to its end")
    assert (site.note("digest.refused"), site.note("digest.taken")) == (1, -1)


@pytest.mark.parametrize("ending", [b"0\r\nX-Digest: 1\r\n\r\n", b"none\r\n", b"5\r\nab"])
def test_chunks_that_are_not_taken_are_said_to_be_so(site: Site, ending: bytes) -> None:
    with site.connect() as link:
        link.sendall(b"POST /digest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + ending)
        link.shutdown(socket.SHUT_WR)
        heard = read_all(link)
    assert heard.startswith(b"HTTP/1.1 400 ") or not heard
    if heard:
        assert b"trailers" in heard


def test_more_large_bodies_than_there_are_threads_for_are_sent_away_and_told_when_to_come(site: Site) -> None:
    with ExitStack() as stack:
        statuses = []
        for _ in range(40):
            link = stack.enter_context(site.connect())
            link.sendall(b"POST /duplex HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nabc")
            statuses.append(link)
        heard = [link.recv(200) for link in statuses]
    busy = [text for text in heard if text.startswith(b"HTTP/1.1 503 ")]
    assert 0 < len(busy) < 40
    assert all(b"retry-after: 1\r\n" in text for text in busy)
    until(lambda: site.ask("/digest", "POST", PART * 3).status == 200, "there is room again")


def test_a_request_is_told_as_it_came(site: Site) -> None:
    shown = site.environ(
        b"Cookie: a=1", b"Cookie: b=2", b"X-List: 1", b"X-List: 2", b"X_List: 3", b"Content_Length: 9",
        target=b"/shown/a%20b%2Fc/%E6%9D%8E?x=%20&y",
    )  # fmt: skip
    assert shown["PATH_INFO"].encode("latin-1").decode() == "/shown/a b/c/李"
    assert shown["QUERY_STRING"] == "x=%20&y"
    assert (shown["HTTP_COOKIE"], shown["HTTP_X_LIST"]) == ("a=1; b=2", "1,2")
    assert (shown["HTTP_HOST"], shown["SERVER_PORT"]) == ("here.example:81", str(site.port))
    assert (shown["REMOTE_ADDR"], shown["SERVER_PROTOCOL"]) == ("127.0.0.1", "HTTP/1.1")
    assert shown["wsgi.url_scheme"] == "http"
    assert "CONTENT_LENGTH" not in shown
