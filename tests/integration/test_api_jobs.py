# SPDX-License-Identifier: Apache-2.0
"""`/v1/jobs`: parts that arrive in any order and twice, a worker that is killed, limits, and what is left of it all."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from werkzeug.test import TestResponse

from api.clock import now
from api.jobs.files import KEEP, MAX_OPEN, JobFiles
from api.jobs.job import Progress
from api.jobs.results import read_results
from api.jobs.worker import Worker
from notary.encoding import b64
from notary.errors import JobError, UnavailableError
from notary.privacy.data_key import DataKey
from notary.registration import MAX_BODY
from tests.support.api import (
    PROBLEM,
    Api,
    agreement,
    api_over,
    make_folder,
    repayment,
    running_api,
    served,
    socket_folder,
)
from tests.support.service import ROOT, until

Json = dict[str, Any]

_OF_A_PART = 107
"""Bytes of a sealed part beside what was uploaded."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path / "data") as api:
        yield api


def post(api: Api, path: str = "", by: Any = None) -> TestResponse:
    return api.request("POST", f"/v1/jobs{path}", by=by)


def new_job(api: Api, by: Any = None) -> str:
    answer = post(api, by=by)
    assert (answer.status_code, answer.json["state"]) == (201, "open")
    return str(answer.json["id"])


def put(api: Api, job: str, number: int, data: bytes, **more: Any) -> TestResponse:
    return api.request("PUT", f"/v1/jobs/{job}/parts/{number}", data, media_type="application/x-ndjson", **more)


def results(api: Api, job: str) -> list[Json]:
    answer = api.get(f"/v1/jobs/{job}/results")
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    return [orjson.loads(line) for line in answer.data.splitlines()]


def worker(api: Api) -> Worker:
    return Worker(api.services, api.services.jobs)


def work(api: Api, job: str) -> Json:
    """Work through all jobs and return what one of them is then."""
    at_work = worker(api)
    while at_work.round():
        pass
    return dict(api.get(f"/v1/jobs/{job}").json)


def body(values: list[Json]) -> bytes:
    return b"".join(orjson.dumps(value) + b"\n" for value in values)


def run(api: Api, *parts: bytes) -> tuple[Json, list[Json]]:
    job = new_job(api)
    for number, part in enumerate(parts, 1):
        assert put(api, job, number, part).status_code == 201
    assert post(api, f"/{job}/start").status_code == 202
    return work(api, job), results(api, job)


def test_a_job_answers_as_a_batch_does(api: Api) -> None:
    values = [agreement("J-1", api.bank), *(repayment("J-1") for _ in range(700))]
    data = body(values) + b"{\n\n" + body([repayment("J-none"), values[3]]) + b'{"type":"x"}' + b" " * MAX_BODY + b"\n"
    data += orjson.dumps(repayment("J-1"))
    # The parts are cut anywhere, in the middle of a line too.
    done, found = run(api, data[:100_000], data[100_000:100_007], b"", data[100_007:])
    expected = [201] * 701 + [400, 400, 409, 200, 400, 201]
    assert [item["status"] for item in found] == expected
    assert [item["line"] for item in found] == list(range(1, len(expected) + 1))
    assert [item["index"] for item in found[:701]] == list(range(1, 702))
    counts = {"lines": 707, "placed": 702, "known": 1, "refused": 4, "bytes": len(data), "bytes_read": len(data)}
    assert done.items() >= {"state": "done", "seconds_left": 0, **counts}.items()
    again = [orjson.loads(line) for line in api.batch(data).data.splitlines()]
    names = ("line", "id", "index", "sequence", "type", "errors")
    assert [{name: item.get(name) for name in names} for item in again] == [
        {name: item.get(name) for name in names} for item in found
    ]


def test_parts_come_in_any_order_and_twice(api: Api) -> None:
    job = new_job(api)
    data = body([agreement("J-2", api.bank), repayment("J-2")])
    digest = {"Content-Digest": f"sha-256=:{b64(sha256(data[50:]).digest())}:"}
    assert put(api, job, 2, data[50:], headers=digest).status_code == 201
    assert post(api, f"/{job}/start").status_code == 409
    assert put(api, job, 1, data[50:], headers={"Content-Digest": f"sha-256=:{b64(bytes(32))}:"}).status_code == 422
    assert put(api, job, 1, data[:50]).status_code == 201
    assert put(api, job, 2, data[50:], headers=digest).status_code == 200
    other = put(api, job, 2, data[51:])
    assert (other.status_code, other.json["type"]) == (409, "urn:loan-notary:problem:job-refused")
    shown = api.get(f"/v1/jobs/{job}").json
    assert shown["parts"] == [
        {"number": number, "sha256": sha256(part).hexdigest(), "size": len(part)}
        for number, part in enumerate((data[:50], data[50:]), 1)
    ]
    assert {post(api, f"/{job}/start").status_code for _ in range(2)} == {202}
    assert put(api, job, 3, b"x").status_code == 409
    assert work(api, job)["placed"] == 2
    assert post(api, f"/{job}/cancel").status_code == 409
    left = [path.name for path in (api.folder.jobs / str(api.bank.lender.number)).iterdir()]
    assert sorted(left) == [job, "lock"]


@pytest.mark.parametrize("number", ["0", "10001", "x", "-1"])
def test_parts_have_numbers(api: Api, number: str) -> None:
    answer = put(api, new_job(api), number, b"x")  # type: ignore[arg-type]
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)


def test_a_cancelled_job_does_nothing_more(api: Api) -> None:
    job = new_job(api)
    put(api, job, 1, body([agreement("J-3", api.bank)]))
    post(api, f"/{job}/start")
    running = api.services.jobs.find(api.bank.lender.number, job)
    assert [post(api, f"/{job}/cancel").json["state"] for _ in range(2)] == ["cancelled"] * 2
    assert (work(api, job)["state"], results(api, job), api.state()["records"]) == ("cancelled", [], 0)
    # The worker, which had begun before, does not make it done.
    assert api.services.jobs.save(running, Progress(finished_at=now())) is False
    assert api.get(f"/v1/jobs/{job}").json["state"] == "cancelled"
    assert (post(api, f"/{job}/start").status_code, put(api, job, 2, b"x").status_code) == (409, 409)


def test_nobody_sees_anothers_job(api: Api) -> None:
    job = new_job(api)
    for path in (job, f"{job}/results", "job_x", "job_" + "0" * 32, "..", f"..%2F{job}"):
        assert api.get(f"/v1/jobs/{path}", by=api.other).status_code == 404
    assert put(api, job, 1, b"x", by=api.other).status_code == 404
    assert {post(api, f"/{job}/{verb}", by=api.other).status_code for verb in ("start", "cancel")} == {404}


def test_a_lender_has_so_many_open_jobs(api: Api) -> None:
    jobs = [new_job(api) for _ in range(MAX_OPEN)]
    refused = post(api)
    assert (refused.status_code, refused.json["type"]) == (409, "urn:loan-notary:problem:job-refused")
    new_job(api, by=api.other)
    post(api, f"/{jobs[0]}/cancel")
    new_job(api)


def test_a_lenders_jobs_take_so_many_bytes(tmp_path: Path) -> None:
    files = JobFiles(tmp_path, DataKey(bytes(32)), max_bytes=1000)
    job = files.create(1, documents_required=False, now=0)
    taken = sum(path.stat().st_size for path in job.folder.iterdir())
    assert files.add_part(1, job.id, 1, [b"x" * (1000 - taken - _OF_A_PART)], None)
    with pytest.raises(JobError):
        files.add_part(1, job.id, 2, [b"x"], None)
    other = files.create(2, documents_required=False, now=0)
    assert files.add_part(2, other.id, 1, [b"x"], None)
    assert [len(found.parts) for found in files.all_of()] == [1, 1]


def test_what_was_half_received_is_removed(tmp_path: Path) -> None:
    files = JobFiles(tmp_path, DataKey(bytes(32)))
    job = files.create(1, documents_required=True, now=0)
    (tmp_path / "1" / "new-upload").write_bytes(b"x")
    (tmp_path / "1" / "new-job_1").mkdir()
    files.tidy()
    assert sorted(path.name for path in (tmp_path / "1").iterdir()) == [job.id, "lock"]
    assert files.find(1, job.id) == job
    assert job.documents_required


def test_old_jobs_go_and_running_ones_stay(api: Api) -> None:
    done, _ = run(api, body([agreement("J-4", api.bank)]))
    running, opened = new_job(api), new_job(api)
    put(api, running, 1, b"x")
    post(api, f"/{running}/start")
    files = api.services.jobs
    files.sweep(now() + KEEP - 60_000)
    assert len(files.all_of()) == 3
    files.sweep(now() + KEEP + 60_000)
    assert [job.id for job in files.all_of()] == [running]
    assert api.get(f"/v1/jobs/{opened}").status_code == api.get(f"/v1/jobs/{done['id']}").status_code == 404


def test_a_log_that_is_away_makes_a_job_wait(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data")
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api:
        job = new_job(api)
        put(api, job, 1, body([agreement("J-5", api.bank), repayment("J-5")]))
        post(api, f"/{job}/start")
        with served(folder, sockets / "writer"):
            pass
        assert worker(api).round() is False
        assert api.get(f"/v1/jobs/{job}").json.items() >= {"state": "running", "lines": 0, "refused": 0}.items()
        with served(folder, sockets / "writer"):
            assert work(api, job).items() >= {"state": "done", "placed": 2, "refused": 0}.items()


def test_a_job_whose_files_cannot_be_used_waits_and_holds_up_no_other(api: Api) -> None:
    stuck, other = new_job(api), new_job(api)
    for job, values in ((stuck, [agreement("J-7", api.bank)]), (other, [agreement("J-8", api.bank)])):
        put(api, job, 1, body(values))
        post(api, f"/{job}/start")
    in_the_way = api.services.jobs.find(api.bank.lender.number, stuck).results
    in_the_way.mkdir()
    assert work(api, stuck)["state"] == "running"
    assert api.get(f"/v1/jobs/{other}").json["state"] == "done"
    in_the_way.rmdir()
    assert work(api, stuck)["state"] == "done"


def test_a_job_that_is_erased_while_it_is_read_is_not_there(api: Api) -> None:
    done, _ = run(api, body([agreement("J-9", api.bank)]))
    found = api.services.jobs.find(api.bank.lender.number, done["id"])
    api.services.jobs.forget(api.bank.lender.number, "J-9", ())
    with pytest.raises(UnavailableError):
        read_results(found)


def test_a_worker_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data")
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api, ExitStack() as running:
        running.enter_context(served(folder, sockets / "writer"))
        count = 6_000
        values = [agreement("J-6", api.bank), *({**repayment("J-6"), "id": str(uuid4())} for _ in range(count - 1))]
        data = body(values)
        job = new_job(api)
        put(api, job, 1, data[: len(data) // 2])
        put(api, job, 2, data[len(data) // 2 :])
        post(api, f"/{job}/start")

        def lines() -> int:
            return int(api.get(f"/v1/jobs/{job}").json["lines"])

        command = [sys.executable, "-m", "api.jobs.worker", str(folder.path), str(sockets / "writer"), str(os.getpid())]
        for _ in range(2):
            before = lines()
            process = subprocess.Popen(command, cwd=ROOT)
            until(lambda: lines() > before, "the worker gets on")  # noqa: B023
            process.send_signal(signal.SIGKILL)
            process.wait()
        # What a kill leaves behind of results that do not count yet.
        with (folder.jobs / str(api.bank.lender.number) / job / "results").open("ab") as file:
            file.write(b'{"half')
        done, found = work(api, job), results(api, job)
        assert (done["state"], done["lines"], done["refused"]) == ("done", count, 0)
        assert done["placed"] + done["known"] == count == api.state()["records"]
        assert [(item["line"], item["id"]) for item in found] == [
            (number, value["id"]) for number, value in enumerate(values, 1)
        ]
        assert [item["sequence"] for item in found] == list(range(count))
