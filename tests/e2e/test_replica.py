# SPDX-License-Identifier: Apache-2.0
"""`loan-notary run` on a replica: what it starts, what it answers, and how it ends."""

from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from api.databases import open_store
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from notary.log.sequencer import Sequencer
from tests.support.api import make_folder
from tests.support.builders import CREATED
from tests.support.cli import run
from tests.support.postgres import ABSENT, POSTGRES, running_postgres, running_replica
from tests.support.replica import WRITES_AT, Pair, reading_folder
from tests.support.service import Service, free_port, processes_of, until

PARTS = ("api.server", "api.writer", "api.webhooks", "api.jobs", "api.audits", "anvil")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A host that only reads, of a notary that no host serves now."""
    if POSTGRES is None:
        pytest.skip(ABSENT)
    path = tmp_path_factory.mktemp("reading")
    with running_postgres() as primary, running_replica(primary) as replica, primary.database() as name:
        folder = make_folder(path / "a", database=primary.dsn(name))
        Sequencer(open_store(folder), load_signer(folder), CREATED)
        Pair(primary, replica).catch_up()
        port = free_port()
        other = reading_folder(folder.path, path / "b", replica.dsn(name), port=port, metrics_port=free_port())
        service = Service(other.path, port, path / "b.log")
        try:
            service.start()
            yield service
        finally:
            service.end_all()


def test_it_answers_and_has_nothing_that_writes(service: Service) -> None:
    ready = service.request("GET", "/readyz")
    assert (ready.status, ready.json["size"], ready.json["writes_at"]) == (200, 1, WRITES_AT)
    assert ready.json["replica"]["follows"] is True
    refused = service.request("POST", "/v1/records", b"{}")
    assert (refused.status, refused.json["type"]) == (405, "urn:loan-notary:problem:read-only")
    lines = processes_of(service.folder).values()
    assert {part for line in lines for part in PARTS if part in line} == {"api.server"}
    # Told once the service has begun, which its server may be quicker to answer than.
    about = f"reads only; write at {WRITES_AT}"
    until(lambda: about in "".join(service.log.read_text().split("\n")), "it says that it only reads")


def test_its_metrics_tell_of_the_replica(service: Service) -> None:
    def told() -> str:
        with urlopen((service.folder / "metrics.address").read_text()) as answer:
            return str(answer.read().decode())

    until(lambda: "loan_notary_replica_connected 1.0" in told(), "the replica is connected")
    assert "loan_notary_log_size 1.0" in told()
    assert 'loan_notary_process_resident_bytes{process="server"}' in told()
    assert "loan_notary_request_seconds" in told()


def test_commands_that_write_are_refused_and_it_ends_as_told(service: Service) -> None:
    folder = DataFolder(service.folder)
    refused = run("add-lender", "--data", folder.path, "X")
    assert WRITES_AT in "".join(refused.output.split("\n"))
    assert service.stop() == 0
    service.wait_for_silence()
    assert not folder.metrics_address.exists()
