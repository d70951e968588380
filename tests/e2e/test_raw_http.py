# SPDX-License-Identifier: Apache-2.0
"""Requests that no library sends: two read as one and one as two, targets and headers that mean something else.

Behind each comes a plain request on the same connection. Either it is not answered, because the server has closed, or
its answer is the second and last: then both ends agree where the first request ended.
"""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import pytest

from notary.canonical import canonical_json
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.service import PATIENCE, Service, new_service

_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LAST = b"GET /log/checkpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
_CHECKPOINT = re.compile(rb"\n\n\xe2\x80\x94 ")
"""What stands in a signed note and in no other answer here."""
_OUTSIDE = (b"SPDX-License-Identifier", b"root:", b'"api_key', b"SQLite format", b"PRIVATE KEY")
"""What the files have that no request may get at: sources, accounts of the machine, settings, database and keys."""


@dataclass(frozen=True)
class Heard:
    """What came back on a connection: each answer's status, and all of its bytes."""

    statuses: tuple[int, ...]
    texts: tuple[bytes, ...]

    def judge(self, *allowed: int) -> None:
        """Check that there was one answer to one request, of a status that may be."""
        assert self.statuses[0] in allowed, self.texts
        assert len(self.statuses) <= 2, self.texts
        assert not _CHECKPOINT.search(self.texts[0])
        for text in self.texts[1:]:
            assert _CHECKPOINT.search(text), text
        for text in self.texts:
            assert not any(secret in text for secret in _OUTSIDE), text


@dataclass(frozen=True)
class Wire:
    """A service, and a lender's key to it."""

    service: Service
    api_key: str

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.service.port), timeout=PATIENCE)

    def send(self, *parts: bytes, last: bytes = _LAST) -> Heard:
        """Send bytes on a connection of their own, and hear until the server closes it."""
        with self.connect() as link:
            heard = b""
            try:
                link.sendall(b"".join(parts) + last)
                while part := link.recv(65536):
                    heard += part
            except (BrokenPipeError, ConnectionResetError):
                # It has closed before it read everything; what it said before that has been heard.
                pass
        starts = [found.start() for found in _ANSWER.finditer(heard)]
        assert not heard or starts[:1] == [0], heard
        texts = tuple(heard[one:two] for one, two in pairwise([*starts, len(heard)]))
        return Heard(tuple(int(text[9:12]) for text in texts), texts)

    def size(self) -> int:
        return int(self.service.request("GET", "/log/checkpoint").body.splitlines()[1])

    def post(self, body: bytes, *headers: bytes, path: bytes = b"/v1/records") -> bytes:
        """Return a request to place a record with these headers, whatever they say of its length."""
        key = b"Authorization: Bearer " + self.api_key.encode()
        lines = [b"POST " + path + b" HTTP/1.1", b"Host: x", key, b"Content-Type: application/json", *headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with new_service(tmp_path_factory.mktemp("raw") / "data") as service:
        service.start()
        workers = service.pids("api.server")
        yield Wire(service, service.add_lender())
        assert service.pids("api.server") == workers
        assert service.stop() == 0


def a_record() -> bytes:
    fresh = repayment("")["id"]
    return canonical_json(record("agreement", loan=f"R-{fresh}", id=fresh))


def length(count: int) -> bytes:
    return b"Content-Length: %d" % count


def chunk(data: bytes, after_size: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(data), after_size, data)


CHUNKED, END = b"Transfer-Encoding: chunked", b"0\r\n\r\n"
PLAIN, BY_FLASK = b"Accept: */*", b"Idempotency-Key: k-%s"
"""Headers with which a record takes the short way and the long one."""


@pytest.fixture(params=["short way", "long way"])
def way(request: pytest.FixtureRequest) -> bytes:
    return PLAIN if request.param == "short way" else BY_FLASK % repayment("")["id"].encode()


def test_two_requests_get_two_answers(wire: Wire, way: bytes) -> None:
    """What the other tests look for can be seen: these bytes are two requests, and are answered as two."""
    before = wire.size()
    bodies = [a_record(), a_record()]
    heard = wire.send(wire.post(bodies[0], way, length(len(bodies[0]))), wire.post(bodies[1], length(len(bodies[1]))))
    assert heard.statuses == (201, 201, 200)
    assert wire.size() == before + 2


SMUGGLED: dict[str, Callable[[bytes, bytes], tuple[bytes, list[bytes]]]] = {
    "a length that goes beyond the chunks": lambda _, hidden: (END + hidden, [length(len(END + hidden)), CHUNKED]),
    "chunks before a length that goes beyond": lambda _, hidden: (END + hidden, [CHUNKED, length(len(END + hidden))]),
    "a length that ends within a chunk": lambda _, hidden: (chunk(hidden) + END, [length(4), CHUNKED]),
    "chunks before a length that ends within": lambda _, hidden: (chunk(hidden) + END, [CHUNKED, length(4)]),
    "two lengths": lambda body, hidden: (body + hidden, [length(len(body)), length(len(body + hidden))]),
    "two lengths in one line": lambda body, hidden: (
        body + hidden,
        [b"Content-Length: %d, %d" % (len(body), len(body + hidden))],
    ),
    "a length with a sign": lambda body, hidden: (body + hidden, [b"Content-Length: +%d" % len(body)]),
    "a length beyond 64 bits": lambda body, hidden: (body + hidden, [length(2**64 + len(body))]),
    "a length on a line of its own": lambda body, hidden: (body + hidden, [b"Content-Length:\r\n %d" % len(body)]),
    "chunks on a line of their own": lambda body, hidden: (
        chunk(hidden) + END,
        [b"Transfer-Encoding:\r\n chunked", length(4)],
    ),
    "a space before the colon": lambda _, hidden: (END + hidden, [length(len(END + hidden)), b"Transfer-Encoding : c"]),
    "chunks by another name": lambda _, hidden: (END + hidden, [b"Transfer-Encoding: xchunked", length(5)]),
    "chunks and then something else": lambda _, hidden: (END + hidden, [b"Transfer-Encoding: chunked, identity"]),
    "a control character before chunks": lambda _, hidden: (
        END + hidden,
        [b"Transfer-Encoding: \x0bchunked", length(5)],
    ),
    "a lone CR that hides a header": lambda _, hidden: (END + hidden, [b"X: a\r" + CHUNKED, length(len(END + hidden))]),
    "a zero byte in a header": lambda body, hidden: (body + hidden, [b"X: a\0" + CHUNKED, length(len(body))]),
    "chunk sizes that wrap": lambda body, hidden: (b"1" + b"0" * 16 + b"\r\n" + body + hidden, [CHUNKED]),
    "chunk sizes with 0x": lambda _, hidden: (b"0x5\r\n" + hidden, [CHUNKED]),
    "chunk sizes with a sign": lambda _, hidden: (b"-5\r\n" + hidden, [CHUNKED]),
    "a bare LF in a chunk's extension": lambda _, hidden: (b"5;a\n" + END + hidden, [CHUNKED]),
    "bare LFs between chunks": lambda _, hidden: (b"0\n\n" + hidden, [CHUNKED]),
    "a chunk's extension that never ends": lambda body, hidden: (chunk(body, b";" + b"a" * 20_000) + hidden, [CHUNKED]),
    "chunks that end with trailers": lambda body, _: (chunk(body) + b"0\r\nX: y\r\n\r\n", [CHUNKED]),
    "a request behind the JSON": lambda body, hidden: (body + hidden, [length(len(body + hidden))]),
    "a request instead of the JSON": lambda _, hidden: (hidden, [length(len(hidden))]),
}


@pytest.mark.parametrize("case", SMUGGLED)
def test_a_hidden_request_is_never_made(wire: Wire, way: bytes, case: str) -> None:
    before = wire.size()
    hidden_body = a_record()
    hidden = wire.post(hidden_body, length(len(hidden_body)))
    body, headers = SMUGGLED[case](a_record(), hidden)
    heard = wire.send(wire.post(body, way, *headers))
    heard.judge(400)
    assert wire.size() == before


@pytest.mark.parametrize("target", [b"POST /nowhere", b"POST /v1/records", b"GET /healthz", b"GET /v1/records"])
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_that_nobody_reads_is_no_request(wire: Wire, target: bytes, chunked: bool) -> None:
    before = wire.size()
    body = a_record()
    hidden = wire.post(body, length(len(body)))
    header, sent = (CHUNKED, chunk(hidden) + END) if chunked else (length(len(hidden)), hidden)
    heard = wire.send(target + b" HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n" + sent)
    heard.judge(*((200,) if b"healthz" in target else (401, 404)))
    assert wire.size() == before


TAKEN: dict[str, Callable[[bytes], tuple[bytes, list[bytes]]]] = {
    "the same length twice": lambda body: (body, [length(len(body)), length(len(body))]),
    "chunks, said twice": lambda body: (chunk(body) + END, [CHUNKED, CHUNKED]),
    "chunks with a length before": lambda body: (chunk(body) + END, [length(len(chunk(body) + END)), CHUNKED]),
    "chunks with a length behind": lambda body: (chunk(body) + END, [CHUNKED, length(len(chunk(body) + END))]),
    "chunks with extensions": lambda body: (chunk(body, b';a="b"') + END, [CHUNKED]),
    "headers with underscores": lambda body: (body, [b"Content_Length: 2", b"Transfer_Encoding: c", length(len(body))]),
}


@pytest.mark.parametrize("case", TAKEN)
def test_odd_but_clear_requests_are_taken_once(wire: Wire, way: bytes, case: str) -> None:
    before = wire.size()
    body, headers = TAKEN[case](a_record())
    wire.send(wire.post(body, way, *headers)).judge(201)
    assert wire.size() == before + 1


def test_lines_that_end_with_lf_alone_are_one_request(wire: Wire, way: bytes) -> None:
    before = wire.size()
    body = a_record()
    head = wire.post(b"", way, length(len(body))).replace(b"\r\n", b"\n")
    wire.send(head, body).judge(201)
    assert wire.size() == before + 1


def test_a_document_whose_chunks_break_off_is_not_there(wire: Wire) -> None:
    document = b"all of it, and no less"
    path = f"/v1/documents/{sha256(document).hexdigest()}"

    def put(body: bytes) -> Heard:
        return wire.send(wire.post(body, CHUNKED, path=path.encode()).replace(b"POST", b"PUT", 1))

    put(chunk(document[:9]) + b"no size").judge(400, 422)
    put(chunk(document[:9]).removesuffix(b"\r\n") + b"no end").judge(400, 422)
    assert wire.service.request("GET", path, api_key=wire.api_key).status == 404
    put(chunk(document[:9]) + chunk(document[9:]) + END).judge(201)


def test_two_keys_open_nothing(wire: Wire, way: bytes) -> None:
    before = wire.size()
    body = a_record()
    wire.send(wire.post(body, way, length(len(body)), b"Authorization: Bearer other")).judge(400, 401)
    assert wire.size() == before


OUT = ["..", "%2e%2e", "%2E.", "..%2f..", "%252e%252e", "..%5c", "..\\", "%c0%ae%c0%ae", "..;", ".%00."]
"""Ways to write "one folder up"."""
FILES = ["server.py", "api/server.py", "settings.json", "keys/log.key", "notary.db", "etc/passwd", "LICENSE"]


@pytest.mark.parametrize("up", OUT)
def test_no_path_leads_to_another_file(wire: Wire, up: str) -> None:
    page = wire.service.request("GET", "/check").body.decode()
    found = re.search(r"/static/[0-9a-f]+/[^\"]+\.js", page)
    assert found is not None
    assert wire.service.request("GET", found[0]).status == 200, "files are served from here"
    build = found[0].split("/")[2]
    roots = ["/", "/static/", f"/static/{build}/", f"{found[0]}/", "/log/tile/0/", "/log/tile/entries/", "/log/"]
    with_key = ["/v1/documents/", "/v1/records/", "/v1/loans/", "/v1/audits/", "/v1/jobs/"]
    targets = [
        root + path
        for root in roots + with_key
        for file in FILES
        for path in (f"{up}/{file}", "/".join([up] * 9) + "/" + file)
    ] + [f"{root}{lead}{file}" for root in roots for file in FILES for lead in ("/", "//", "%2f", "file:///")]
    key = b"Authorization: Bearer " + wire.api_key.encode() + b"\r\n"
    requests = [b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (target.encode(), key) for target in targets]
    heard = wire.send(*requests)
    assert len(heard.statuses) == len(requests) + 1
    assert set(heard.statuses[:-1]) <= {400, 404}, set(heard.statuses)
    assert not any(secret in text for text in heard.texts for secret in _OUTSIDE)


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        (b"GET http://evil.example/log/tile/x", {404}),
        (b"GET http://evil.example/v1/records", {401}),
        (b"GET http:///healthz", {400}),
        (b"GET file:///etc/passwd", {400}),
        (b"GET evil.example:80", {308}),
        (b"CONNECT evil.example:80", {404}),
        (b"OPTIONS *", {404}),
        (b"GET *", {404}),
        (b"TRACE /healthz", {405}),
        (b"GET \\healthz", {400}),
        (b"GET ?x", {400}),
        (b"GET //evil.example/sign-in", {404}),
        (b"GET /healthz HTTP/1.1 /v1/records", {400}),
    ],
)
def test_other_forms_of_targets_lead_nowhere(wire: Wire, target: bytes, allowed: set[int]) -> None:
    heard = wire.send(target + b" HTTP/1.1\r\nHost: here.example\r\nX-Private: canary-1\r\n\r\n")
    heard.judge(*allowed)
    assert b"evil.example" not in heard.texts[0]
    assert b"canary-1" not in heard.texts[0], "TRACE would show it"
    if heard.statuses[0] == 308:
        assert b"\r\nlocation: http://here.example/\r\n" in heard.texts[0], "to the front page of whom was asked"


@pytest.mark.parametrize("end", ["%0d%0a", "%0a", "%0d", "%E5%98%8A%E5%98%8D", "%00"])
def test_nothing_that_is_asked_for_becomes_a_header(wire: Wire, end: str) -> None:
    more = f"a{end}X-Injected:%20y"
    key = f"Authorization: Bearer {wire.api_key}\r\n"
    targets = [
        f"/{more}", f"/sign-in?next=/{more}", f"/sign-in?lang={more}", f"/check?lang={more}", f"/lender/{more}",
        f"/v1/records/{more}", f"/v1/documents/{more}", f"/v1/loans/{more}", f"/v1/loans/{more}/package",
        f"/v1/records?cursor={more}", f"/problems/{more}", f"/log/{more}", f"/lender/loans?{more}={more}",
    ]  # fmt: skip
    heard = wire.send(*(f"GET {target} HTTP/1.1\r\nHost: x\r\n{key}\r\n".encode() for target in targets))
    assert len(heard.statuses) == len(targets) + 1
    for text in heard.texts:
        head = text.partition(b"\r\n\r\n")[0]
        lines = re.split(rb"[\r\n\0]+", head)[1:]
        assert not any(line.lower().startswith(b"x-injected") for line in lines), head
    assert max(heard.statuses) < 500


@pytest.mark.parametrize(
    "name", ["traceparent", "Idempotency-Key", "Accept-Language", "If-None-Match", "Cookie", "Host"]
)
@pytest.mark.parametrize("value", [b"a\rX-Injected: y", b"a\0b", b"a\r\n X-Injected: y", b"\x7f"])
def test_headers_with_control_characters_are_refused(wire: Wire, name: str, value: bytes) -> None:
    heard = wire.send(b"GET /sign-in HTTP/1.1\r\n" + name.encode() + b": " + value + b"\r\n\r\n")
    heard.judge(400)


@pytest.mark.parametrize(
    "headers",
    [b"X: " + b"a" * 1_000_000, b"\r\n".join(b"X%d: a" % number for number in range(5_000)), b"a" * 1_000_000],
    ids=["one that is long", "many", "a name that is long"],
)
def test_too_many_headers_are_refused(wire: Wire, headers: bytes) -> None:
    heard = wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
    if heard.statuses:
        heard.judge(400, 431)


@pytest.mark.parametrize(
    "first",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
        bytes.fromhex("16030100c8010000c40303") + bytes(100),
        b"GET /healthz\r\n\r\n",
    ],
    ids=["HTTP/2", "TLS", "HTTP/0.9"],
)
def test_other_protocols_are_refused(wire: Wire, first: bytes) -> None:
    heard = wire.send(first, last=b"")
    assert set(heard.statuses) <= {400, 505}


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_a_connection_stays_what_it_is(wire: Wire, protocol: str) -> None:
    upgrade = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
    more = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    wire.send(f"GET /healthz HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n{more}\r\n\r\n".encode()).judge(200, 400)


def test_slow_headers_hold_nobody_up(wire: Wire) -> None:
    """More connections than there are threads begin a request and do not end it."""
    with ExitStack() as stack:
        slow = [stack.enter_context(wire.connect()) for _ in range(200)]
        for link in slow:
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert wire.service.request("GET", "/log/checkpoint").status == 200
        slow[0].sendall(b"a\r\nConnection: close\r\n\r\n")
        assert slow[0].recv(12) == b"HTTP/1.1 200"


@pytest.mark.slow
def test_slow_headers_are_cut_off(wire: Wire) -> None:
    """Nobody holds a connection for ever without saying what he wants: half a minute, then it is closed."""
    with wire.connect() as link:
        link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert not link.recv(1000).startswith(b"HTTP/1.1 2")
