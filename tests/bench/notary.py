# SPDX-License-Identifier: Apache-2.0
"""A real notary for a benchmark, set up and run by the real commands, and records for it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import orjson

from loan_notary import Client
from tests.bench.load import Address, http_request
from tests.support.builders import record, record_id

LOANS = 1000


@dataclass(frozen=True)
class BenchNotary:
    """A running service, the id of its first process, and a lender of it."""

    url: str
    api_key: str
    pid: int

    @property
    def address(self) -> Address:
        """Where it listens."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    @property
    def client(self) -> Client:
        """A client with the lender's key."""
        return Client(self.url, self.api_key)

    def agree(self) -> None:
        """Record the agreements of `LOANS` loans, so that they take repayments."""
        answers = self.client.submit_batch(agreements())
        assert all(answer["status"] == 201 for answer in answers), answers[0]


def agreements() -> list[bytes]:
    """Return plain agreements, one for each of `LOANS` loans."""
    like = record("agreement")
    return [orjson.dumps(like | {"id": record_id(number), "loan": _loan(number)}) for number in range(LOANS)]


def repayments(first: int, count: int) -> list[bytes]:
    """Return plain repayments on the agreed loans in turn; each number gives a record of its own."""
    like = record("repayment")
    numbers = range(LOANS + first, LOANS + first + count)
    return [orjson.dumps(like | {"id": record_id(number), "loan": _loan(number)}) for number in numbers]


class NewRecords:
    """Makes requests that post a record each, for so many seconds; the first repayment has the number `first`."""

    def __init__(self, api_key: str, seconds: float, first: int = 0) -> None:
        self._api_key = api_key
        self._seconds = seconds
        self._first = first

    def __call__(self) -> Iterator[bytes]:
        end, number = monotonic() + self._seconds, self._first
        while monotonic() < end:
            for body in repayments(number, 100):
                yield http_request("/v1/records", body, api_key=self._api_key)
            number += 100


@contextmanager
def running_notary(folder: Path, prepare: Callable[[Path], None] | None = None) -> Iterator[BenchNotary]:
    """Set up a notary in `folder` and run it on a free port, with its embedded chain and anchorer.

    `prepare` is called with the folder once it is set up, and before anything runs.
    """
    command("init", "--data", str(folder), "--port", "0")
    api_key = orjson.loads(command("add-lender", "--data", str(folder), "--json", "Bench"))["api_key"]
    if prepare:
        prepare(folder)
    process = subprocess.Popen([_program(), "run", "--data", str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = next((match[1] for line in process.stdout if (match := re.match(r"ready at (\S+),", line))), None)
        if url is None:
            raise RuntimeError("the service did not come up")
        notary = BenchNotary(url, api_key, process.pid)
        notary.agree()
        yield notary
    finally:
        process.terminate()
        process.wait()


def command(*arguments: str, **environment: str) -> str:
    """Run `loan-notary` with these arguments and return what it writes."""
    return subprocess.run(
        [_program(), *arguments], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _program() -> str:
    return str(Path(sys.executable).with_name("loan-notary"))


def _loan(number: int) -> str:
    return f"BENCH-{number % LOANS:04}"
