# SPDX-License-Identifier: Apache-2.0
"""A batch streams through the real server, and its processes stay as small as they are."""

import re
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest

from tests.support.builders import record
from tests.support.service import PATIENCE, Service, new_service

LOANS = 100
GROWTH = 48 * 1024
"""KiB that a process may grow by, however long the batch is: parts under way, caches, what the allocator keeps."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with new_service(tmp_path / "data") as service:
        service.start()
        yield service


def lines(count: int) -> Iterator[bytes]:
    for number in range(LOANS):
        yield orjson.dumps(record("agreement", id=str(uuid4()), loan=f"M-{number}")) + b"\n"
    value = record("repayment")
    money = {"currency": "CNY", "amount": "1.00"}
    value |= {"amount": money, "split": {"principal": money, "interest": {"currency": "CNY", "amount": "0.00"}}}
    for number in range(count - LOANS):
        yield orjson.dumps({**value, "id": str(uuid4()), "loan": f"M-{number % LOANS}"}) + b"\n"


def peaks(service: Service) -> dict[int, int]:
    """Return the highest resident memory of server and writer processes so far, in KiB, by process."""
    pids = service.pids("api.server") + service.pids("api.writer")
    return {pid: int(re.findall(r"VmHWM:\s+([0-9]+)", Path(f"/proc/{pid}/status").read_text())[0]) for pid in pids}


def stream(service: Service, api_key: str, count: int) -> dict[int, int]:
    """Submit so many lines in one request, reading the answers meanwhile; return how many had which status."""
    address = urlsplit(service.url)
    link = HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
    link.putrequest("POST", "/v1/records:batch")
    for name, value in (
        ("Authorization", f"Bearer {api_key}"),
        ("Content-Type", "application/x-ndjson"),
        ("Transfer-Encoding", "chunked"),
    ):
        link.putheader(name, value)
    link.endheaders()

    def send() -> None:
        for line in lines(count):
            link.send(b"%x\r\n%b\r\n" % (len(line), line))
        link.send(b"0\r\n\r\n")

    sender = threading.Thread(target=send)
    sender.start()
    statuses: dict[int, int] = {}
    for answer in link.getresponse():
        status = orjson.loads(answer)["status"]
        statuses[status] = statuses.get(status, 0) + 1
    sender.join()
    link.close()
    return statuses


@pytest.mark.slow
@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_memory_is_flat_however_long_a_batch_is(service: Service, count: int) -> None:
    api_key = service.add_lender()
    assert stream(service, api_key, 5_000) == {201: 5_000}
    before = peaks(service)
    # The agreements are there already under other ids, so that their loans refuse them.
    assert stream(service, api_key, count) == {201: count - LOANS, 409: LOANS}
    after = peaks(service)
    assert all(after[pid] - before[pid] < GROWTH for pid in before)
