# SPDX-License-Identifier: Apache-2.0
"""Bulk jobs and long answers with both clients: uploads that go on, waiting, results and files in constant memory."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from api.jobs.worker import Worker
from loan_notary import (
    ConflictError,
    InvalidInputError,
    MissingError,
    NoAnswerError,
    StateTimeoutError,
    calls,
    sign_batch,
)
from loan_notary.answers import Job
from tests.integration.test_client_sending import AT_ONCE, BUSY, SILENT, Run, run_async, run_sync
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.listening import Scripted, listening, scripted


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs something with a client of either kind."""
    made: Run = request.param
    return made


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("jobs") / "data") as api:
        yield api


@pytest.fixture(scope="module")
def url(api: Api) -> Iterator[str]:
    with listening(api) as url:
        yield url


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls.jobs, "PART", 1000)


def records(api: Api, size: int) -> list[dict[str, Any]]:
    number = f"JC-{uuid4()}"
    return [agreement(number, api.bank), *(repayment(number) for _ in range(size - 1))]


def written(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def work(api: Api) -> None:
    worker = Worker(api.services, api.services.jobs)
    while worker.round():
        pass


@pytest.mark.usefixtures("small_parts")
def test_a_file_goes_up_in_parts_and_is_worked_through(run: Run, api: Api, url: str, tmp_path: Path) -> None:
    file = written(tmp_path / "records.ndjson", sign_batch(records(api, 5), api.bank.key))
    key, reports = api.bank.api_key, list[Job]()
    made: Job = run(url, lambda client: client.create_job(), key)
    job: Job = run(url, lambda client: client.upload_job(made, file, reports.append), key)
    assert (job["state"], job["bytes"]) == ("running", file.stat().st_size)
    assert len(job["parts"]) == len(reports) - 1 > 2
    with pytest.raises(StateTimeoutError):
        run(url, lambda client: client.wait_for_job(job["id"], timeout=0.1), key)
    work(api)
    done: Job = run(url, lambda client: client.wait_for_job(job["id"], reports.append), key)
    assert (done["state"], done["placed"], reports[-1]) == ("done", 5, done)
    answers = run(url, lambda client: client.job_results(job["id"]), key)
    assert [(answer.number, answer.new, answer.error) for answer in answers] == [(n, True, None) for n in range(2, 7)]


@pytest.mark.usefixtures("small_parts")
def test_an_upload_goes_on_where_it_stopped(run: Run, api: Api, url: str, tmp_path: Path) -> None:
    file = written(tmp_path / "records.ndjson", [orjson.dumps(value) for value in records(api, 5)])
    data, key = file.read_bytes(), api.bank.api_key
    made: Job = run(url, lambda client: client.create_job(), key)
    begun: Job = run(url, lambda client: client.put_part(made["id"], 2, data[1000:2000]), key)
    reports: list[Job] = []
    job: Job = run(url, lambda client: client.upload_job(begun, file, reports.append), key)
    assert sorted(part["sha256"] for part in job["parts"]) == sorted(
        sha256(data[start : start + 1000]).hexdigest() for start in range(0, len(data), 1000)
    )
    # What was there was not sent again.
    assert len(reports) == len(job["parts"])


@pytest.mark.usefixtures("small_parts")
def test_a_file_that_was_changed_is_not_mixed_up(run: Run, api: Api, url: str, tmp_path: Path) -> None:
    file = written(tmp_path / "records.ndjson", [orjson.dumps(value) for value in records(api, 2)])
    key = api.bank.api_key
    made: Job = run(url, lambda client: client.create_job(), key)
    begun: Job = run(url, lambda client: client.put_part(made["id"], 1, b"something else"), key)
    with pytest.raises(ConflictError):
        run(url, lambda client: client.upload_job(begun, file), key)
    begun = run(url, lambda client: client.put_part(made["id"], 9, b"more than the file has"), key)
    begun["parts"][0]["sha256"] = sha256(file.read_bytes()[:1000]).hexdigest()
    with pytest.raises(InvalidInputError, match="shorter"):
        run(url, lambda client: client.upload_job(begun, file), key)
    assert run(url, lambda client: client.cancel_job(made["id"]), key)["state"] == "cancelled"


def test_refused_lines_are_told_with_their_numbers(run: Run, api: Api, url: str, tmp_path: Path) -> None:
    first, *rest = sign_batch(records(api, 3), api.bank.key)
    file = written(tmp_path / "records.ndjson", [first, *rest[:-1]])
    key = api.bank.api_key
    made: Job = run(url, lambda client: client.create_job(), key)
    run(url, lambda client: client.upload_job(made, file), key)
    work(api)
    [answer] = run(url, lambda client: client.job_results(made["id"]), key)
    assert (answer.number, answer.error.type) == (1, "urn:loan-notary:problem:batch-mismatch")


def test_a_download_is_whole_or_not_there(run: Run, api: Api, url: str, tmp_path: Path) -> None:
    target, key = tmp_path / "package.zip", api.bank.api_key
    with pytest.raises(MissingError):
        run(url, lambda client: client.download(calls.records.evidence("none"), target), key)
    with scripted(BUSY, SILENT, Scripted(body=b"x" * 3_000_000)) as server:
        call = calls.records.evidence("LN-1")
        assert run(server.url, lambda client: client.download(call, target), "ln_1", AT_ONCE) == target
        assert target.read_bytes() == b"x" * 3_000_000
    with scripted(Scripted(body=b"half", headers={"Content-Length": "1000"})) as server:
        with pytest.raises(NoAnswerError, match="in the middle"):
            run(server.url, lambda client: client.download(call, target), "ln_1", AT_ONCE)
        assert len(server.asked) == 1
    assert target.stat().st_size == 3_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["package.zip"]
