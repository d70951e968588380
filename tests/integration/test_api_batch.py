# SPDX-License-Identifier: Apache-2.0
"""Batches: one answer a line, in order, whatever the lines are; and what happens when the writer goes away between."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.clock import now
from api.writer_protocol import MAX_SUBMISSIONS
from notary.encoding import format_time
from notary.registration import MAX_BODY
from tests.support.api import (
    Api,
    agreement,
    answers,
    api_over,
    make_folder,
    repayment,
    running_api,
    served,
    socket_folder,
    streamed,
)
from tests.support.builders import signed
from tests.support.service import until


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("batch") / "data") as api:
        yield api


def lines(*values: dict[str, Any]) -> list[bytes]:
    return [orjson.dumps(value) for value in values]


def loan(api: Api, number: str) -> str:
    assert api.submit(agreement(number, api.bank)).status_code == 201
    return number


def test_answers_come_in_the_order_of_the_lines(api: Api) -> None:
    number = loan(api, "B-1")
    size = api.state()["entries"]
    values = [repayment(number) for _ in range(3 * MAX_SUBMISSIONS // 2)]
    found = answers(api.batch(b"\n".join(lines(*values)) + b"\n"))
    assert [item["line"] for item in found] == list(range(1, len(values) + 1))
    assert [item["id"] for item in found] == [value["id"] for value in values]
    assert {item["status"] for item in found} == {201}
    assert [item["index"] for item in found] == list(range(size, size + len(values)))
    assert [item["sequence"] for item in found] == list(range(1, len(values) + 1))
    again = answers(api.batch(b"\n".join(lines(*values)) + b"\n"))
    assert again == [{**item, "status": 200} for item in found]
    assert api.state()["entries"] == size + len(values)


def test_bad_lines_do_not_sink_the_others(api: Api) -> None:
    number = loan(api, "B-2")
    good = [repayment(number) for _ in range(4)]
    a, b, c, d = lines(*good)
    other = orjson.dumps({**good[0], "reference": "other"})
    bad_signature = signed(repayment(number), api.other.key)
    wrong_loan = orjson.dumps(repayment("B-none"))
    body = b"\n".join([a, b"{", b, other, bad_signature, b"\xff", c, wrong_loan, a, d])
    found = answers(api.batch(body))
    assert [item["status"] for item in found] == [201, 400, 201, 409, 422, 400, 201, 409, 200, 201]
    assert [item.get("type", "").rpartition(":")[2] for item in found] == [
        "", "malformed-json", "", "duplicate-record", "unknown-key",
        "malformed-json", "", "illegal-transition", "", "",
    ]  # fmt: skip
    assert all(item["trace_id"] for item in found if item["status"] >= 400)
    assert [record["id"] for record in api.get(f"/v1/loans/{number}").json["records"][1:]] == [v["id"] for v in good]


def test_a_line_may_depend_on_one_before_it(api: Api) -> None:
    body = b"\n".join(lines(agreement("B-3", api.bank), repayment("B-3"), agreement("B-3", api.bank), repayment("B-3")))
    assert [item["status"] for item in answers(api.batch(body))] == [201, 201, 409, 201]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "not ended"])
def test_line_ends(api: Api, end: bytes, last: bool) -> None:
    number = loan(api, f"B-4 {end.hex()} {last}")
    found = answers(api.batch(end.join(lines(repayment(number), repayment(number))) + (end if last else b"")))
    assert [item["status"] for item in found] == [201, 201]


def test_empty_lines_are_lines(api: Api) -> None:
    number = loan(api, "B-5")
    a, b = lines(repayment(number), repayment(number))
    found = answers(api.batch(b"\n" + a + b"\n\n \n" + b + b"\n\n"))
    assert [(item["line"], item["status"]) for item in found] == [
        (1, 400),
        (2, 201),
        (3, 400),
        (4, 400),
        (5, 201),
        (6, 400),
    ]


def test_nothing_is_answered_with_nothing(api: Api) -> None:
    assert answers(api.batch(b"")) == []


@pytest.mark.parametrize("length", [MAX_BODY + 1, 3_000_000])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_line_too_long_is_refused_alone(api: Api, length: int, place: str) -> None:
    number = loan(api, f"B-6 {length} {place}")
    # Good JSON as far as it is read: only its length is wrong.
    long = orjson.dumps(repayment(number)).ljust(length)
    good = lines(repayment(number), repayment(number))
    good.insert({"first": 0, "middle": 1, "last": 2}[place], long)
    found = answers(api.batch(b"\n".join(good)))
    assert sorted(item["status"] for item in found) == [201, 201, 400]
    [refused] = [item for item in found if item["status"] == 400]
    assert f"more than {MAX_BODY} bytes" in refused["detail"]
    assert len(api.get(f"/v1/loans/{number}").json["records"]) == 3


def test_a_line_as_long_as_may_be_is_taken(api: Api) -> None:
    number = loan(api, "B-7")
    assert answers(api.batch(orjson.dumps(repayment(number)).ljust(MAX_BODY)))[0]["status"] == 201


class Interrupted:
    """A body of which the second part comes only after something has happened."""

    def __init__(self, first: bytes, then: Callable[[], None], second: bytes) -> None:
        self._part, self._then, self._rest = io.BytesIO(first), then, io.BytesIO(second)

    def read(self, size: int) -> bytes:
        if part := self._part.read(size):
            return part
        self._then()
        self._part, self._then = self._rest, lambda: None
        return self._part.read(size)


def test_a_key_that_is_revoked_while_lines_come_in_counts_for_no_later_part(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        values = [agreement("B-9", api.bank), *(repayment("B-9") for _ in range(MAX_SUBMISSIONS + 2))]
        body = [signed(value, api.bank.key, api.bank.borrower) for value in values[:1]]
        body += [signed(value, api.bank.key) for value in values[1:]]

        def revoke() -> None:
            api.services.keys.revoke(api.bank.lender, api.bank.key.public.kid, format_time(now()))

        # One line of the second part has come before; it is checked once the others have come.
        first, second = b"\n".join(body[: MAX_SUBMISSIONS + 1]) + b"\n", b"\n".join(body[MAX_SUBMISSIONS + 1 :])
        stream = Interrupted(first, revoke, second)
        found = answers(
            api.request(
                "POST", "/v1/records:batch", b"", media_type="application/x-ndjson", environ_overrides=streamed(stream)
            )
        )
    assert [item["status"] for item in found] == [201] * MAX_SUBMISSIONS + [422] * 3
    assert {item["type"].rpartition(":")[2] for item in found[MAX_SUBMISSIONS:]} == {"key-not-valid"}


def test_a_writer_that_goes_in_the_middle_costs_only_the_later_lines(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data")
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api, ExitStack() as running:
        values = [agreement("B-8", api.bank), *(repayment("B-8") for _ in range(2 * MAX_SUBMISSIONS - 1))]
        body = b"\n".join(lines(*values))
        cut = sum(len(line) + 1 for line in lines(*values[:MAX_SUBMISSIONS])) + 10
        running.enter_context(served(folder, sockets / "writer"))

        def end_the_writer() -> None:
            until(lambda: api.state()["records"] == MAX_SUBMISSIONS, "the first part is placed")
            running.close()

        stream = Interrupted(body[:cut], end_the_writer, body[cut:])
        response = api.request(
            "POST", "/v1/records:batch", b"", media_type="application/x-ndjson", environ_overrides=streamed(stream)
        )
        found = answers(response)
        assert [item["line"] for item in found] == list(range(1, len(values) + 1))
        assert [item["status"] for item in found] == [201] * MAX_SUBMISSIONS + [503] * MAX_SUBMISSIONS
        assert {item["type"].rpartition(":")[2] for item in found[MAX_SUBMISSIONS:]} == {"unavailable"}
        assert api.state()["records"] == MAX_SUBMISSIONS
        with served(folder, sockets / "writer"):
            again = answers(api.batch(body))
        assert [item["status"] for item in again] == [200] * MAX_SUBMISSIONS + [201] * MAX_SUBMISSIONS
        assert [item["index"] for item in again] == list(range(1, len(values) + 1))
        assert api.state()["records"] == len(values)


def test_a_log_that_gets_busy_later_costs_only_the_later_lines(tmp_path: Path) -> None:
    with running_api(tmp_path / "data", max_waiting=MAX_SUBMISSIONS - 1) as api:
        # The first part is cut short by its bytes, and the second one is more than the log takes in.
        long = [orjson.dumps(agreement(f"B-10-{number}", api.bank)).ljust(MAX_BODY) for number in range(65)]
        short = lines(*(agreement(f"B-11-{number}", api.bank) for number in range(MAX_SUBMISSIONS)))
        found = answers(api.batch(b"\n".join(long + short)))
    assert [item["status"] for item in found] == [201] * len(long) + [503] * len(short)
    assert {item["type"].rpartition(":")[2] for item in found[len(long) :]} == {"log-busy"}
