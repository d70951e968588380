# SPDX-License-Identifier: Apache-2.0
"""What only a real HTTP server can show: bodies in chunks, broken requests, and that none of it ends a process."""

import socket
from collections.abc import Iterator

import pytest

from notary.canonical import canonical_json
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.service import Answer, Service, connection, new_service

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with new_service(tmp_path_factory.mktemp("http") / "data") as service:
        service.start()
        yield service
        # Whatever the tests sent: all processes that began are still there.
        assert service.process is not None
        assert service.process.poll() is None
        assert service.request("GET", "/log/checkpoint").status == 200
        assert service.stop() == 0


@pytest.fixture(scope="module")
def api_key(service: Service) -> str:
    return service.add_lender()


def size(service: Service) -> int:
    return int(service.request("GET", "/log/checkpoint").body.splitlines()[1])


def in_chunks(
    service: Service, path: str, body: bytes, api_key: str, media_type: str = "application/json", chunk: int = 10_000
) -> Answer:
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": media_type}
    with connection(service.url) as link:
        parts = (body[start : start + chunk] for start in range(0, len(body), chunk))
        link.request("POST", path, parts, headers, encode_chunked=True)
        response = link.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def whole(service: Service, path: str, body: bytes, api_key: str) -> Answer:
    return service.request("POST", path, body, api_key)


def test_bodies_in_chunks(service: Service, api_key: str) -> None:
    agreement = canonical_json(record("agreement", loan="H-1"))
    assert in_chunks(service, "/v1/records", agreement, api_key, chunk=7).status == 201
    lines = b"\n".join(canonical_json(repayment("H-1")) for _ in range(1000))
    answer = in_chunks(service, "/v1/records:batch", lines, api_key, "application/x-ndjson", 1000)
    assert (answer.status, answer.body.count(b'"status":201')) == (200, 1000)


@pytest.mark.parametrize("tail", [b" ", b"x"], ids=["spaces", "garbage"])
@pytest.mark.parametrize("chunked", [True, False], ids=["in chunks", "with its length"])
@pytest.mark.parametrize("path", ["/v1/records", "/v1/keys", "/v1/verify"])
def test_too_many_megabytes_are_refused(service: Service, api_key: str, path: str, chunked: bool, tail: bytes) -> None:
    before = size(service)
    body = canonical_json(record("agreement", loan="H-2", id=repayment("")["id"])) + tail * 4_500_000
    send = in_chunks if chunked else whole
    try:
        answer = send(service, path, body, api_key)
    except (BrokenPipeError, ConnectionResetError):
        # The server has answered and closed before it was told everything, which this client does not bear with.
        answer = None
    if answer is not None:
        assert (answer.status, answer.headers["content-type"]) == (413, PROBLEM)
        assert answer.json["trace_id"]
    assert size(service) == before


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
@pytest.mark.parametrize("path", ["/v1/verify", "/v1/records", "/v1/records:batch"])
def test_nesting_does_not_end_a_process(service: Service, api_key: str, path: str, bracket: bytes) -> None:
    workers = service.pids("api.server")
    media_type = "application/x-ndjson" if path.endswith("batch") else "application/json"
    for count in (1_000, 20_000, 120_000 // len(bracket)):
        answer = service.request("POST", path, bracket * count, api_key, media_type)
        assert answer.status == (400 if path == "/v1/records" else 200)
    assert service.pids("api.server") == workers


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /v1/records/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/keys/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_requests_are_answered_with_4xx_or_closed(service: Service, request_bytes: bytes) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as link:
        link.sendall(request_bytes)
        answer = link.recv(1000)
    assert answer == b"" or answer.split()[1].startswith((b"4", b"505"))


def test_a_client_that_leaves_in_the_middle_leaves_nothing(service: Service, api_key: str) -> None:
    before = size(service)
    body = canonical_json(record("agreement", loan="H-3", id=repayment("")["id"]))
    head = (
        f"POST /v1/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api_key}\r\nContent-Type: application/json\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as link:
        link.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    assert size(service) == before
    assert service.request("GET", "/v1/loans/H-3", api_key=api_key).status == 404
