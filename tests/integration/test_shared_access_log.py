# SPDX-License-Identifier: Apache-2.0
"""Who read what, where several hosts serve one notary: one chain, whichever host was asked and whichever answers."""

import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from api.access.cover import DAY, AccessCover
from api.access.read_notes import ReadNotes
from api.app import create_app
from api.clock import now
from api.settings import DataFolder
from api.wiring import make_services
from notary.access_log import FIRST, Access, Head, NotedAccess
from notary.records.administration import ADMINISTRATION
from tests.support.api import Api, agreement, running_api
from tests.support.postgres import PostgresServer
from tests.support.service import until

LOAN = "L-1"
LAST = 2**63 - 1


@pytest.fixture
def hosts(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[Api, Api]]:
    """Two hosts over one database; the second has no writer."""
    with postgres.database() as name, running_api(tmp_path / "a", database=postgres.dsn(name)) as first:
        folder = DataFolder(tmp_path / "b")
        folder.path.mkdir()
        shutil.copytree(first.folder.path / "keys", folder.path / "keys")
        shutil.copy(first.folder.path / "settings.json", folder.path)
        assert first.submit(agreement(LOAN, first.bank)).status_code == 201
        services = make_services(folder, tmp_path / "none")
        yield first, replace(first, folder=folder, services=services, app=create_app(services))
        services.checker.close()
        services.store.close()


def lines(api: Api) -> list[NotedAccess]:
    """Return the bank's lines, the oldest first, after each was found to go on from the one before."""
    found, before = api.services.access_log.accesses(api.bank.lender.number, LAST, 1000)[::-1], FIRST
    for number, line in enumerate(found, 1):
        assert (line.number, line.hash) == (number, line.access.chained(number, before))
        before = line.hash
    return found


def test_each_host_answers_for_all(hosts: tuple[Api, Api]) -> None:
    for api, path in zip(hosts, (f"/v1/loans/{LOAN}", "/v1/loans"), strict=True):
        assert api.get(path).status_code == 200
    told = [api.get("/v1/accesses").get_json() for api in hosts]
    assert told[0] == told[1]
    assert [(item["number"], item["kind"]) for item in told[0]["accesses"]] == [(2, "list"), (1, "loan")]
    assert [item["kind"] for item in hosts[1].get(f"/v1/loans/{LOAN}/accesses").get_json()["accesses"]] == ["loan"]
    assert [path for api in hosts for path in api.folder.path.glob("accesses*")] == []


def test_many_read_at_once_at_both_and_each_leaves_its_line(hosts: tuple[Api, Api]) -> None:
    def read(number: int) -> int:
        return hosts[number % 2].app.test_client().get(f"/v1/loans/{LOAN}", headers=headers).status_code

    headers = {"Authorization": f"Bearer {hosts[0].bank.api_key}"}
    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(read, range(60))) == {200}
    assert len(lines(hosts[1])) == 60


def test_one_record_covers_the_lines_of_all_hosts(hosts: tuple[Api, Api]) -> None:
    for api in hosts:
        assert api.get(f"/v1/loans/{LOAN}").status_code == 200
    newest = lines(hosts[1])[-1].hash
    covers = [AccessCover(api.folder, lambda: now() + DAY + 1) for api in hosts]
    assert [cover.step() for cover in covers] == [1, 0]
    history = hosts[1].services.store.loan_records(hosts[1].bank.lender.number, ADMINISTRATION)
    acts = [orjson.loads(item.payload) for item in history]
    [subject] = [item["subject"] for item in acts if item["act"] == "access_log.cover"]
    assert subject == f"accesses_2_{newest.hex()}"
    days = hosts[1].folder.settings().access_log_days
    AccessCover(hosts[1].folder, lambda: now() + (days + 1) * DAY).step()
    assert lines(hosts[0]) == []


class Gate:
    """A log that writes when it is told to, and keeps how many lines came in one go. Implements what `note` needs."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.free = threading.Event()

    def note(self, accesses: Iterable[Access]) -> None:
        self.sizes.append(len(list(accesses)))
        self.free.wait(60)

    def accesses(
        self, lender: int, before: int, limit: int, references: Sequence[str] | None = None
    ) -> list[NotedAccess]:
        raise NotImplementedError

    def count(self, lender: int, references: Sequence[str]) -> int:
        raise NotImplementedError

    def heads(self) -> list[Head]:
        raise NotImplementedError

    def covered(self, lender: int, number: int) -> None:
        raise NotImplementedError

    def forget(self, before: int) -> None:
        raise NotImplementedError


def test_what_is_read_while_a_line_is_written_is_written_together(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        assert api.submit(agreement(LOAN, api.bank)).status_code == 201
        gate, headers = Gate(), {"Authorization": f"Bearer {api.bank.api_key}"}
        reads = ReadNotes(gate, api.services.store.owner_keys)
        client = create_app(replace(api.services, reads=reads)).test_client

        def read() -> int:
            return client().get(f"/v1/loans/{LOAN}", headers=headers).status_code

        with ThreadPoolExecutor(6) as pool:
            first = pool.submit(read)
            until(lambda: gate.sizes == [1], "the first line is being written")
            others = [pool.submit(read) for _ in range(5)]
            until(lambda: reads._together.burden == 6, "five more wait")
            gate.free.set()
            assert {item.result() for item in (first, *others)} == {200}
        assert gate.sizes == [1, 5]
