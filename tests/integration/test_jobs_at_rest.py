# SPDX-License-Identifier: Apache-2.0
"""The files of jobs and audits on disk: nothing in them can be read, exchanged, cut or put elsewhere."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.audits.audit import Order
from api.audits.files import AuditFiles
from api.audits.worker import AuditWorker
from api.jobs.files import JobFiles
from api.jobs.job import Job, Progress
from api.jobs.results import opened_results, read_results
from api.jobs.worker import Worker
from notary.audit.tie_out import COLUMNS
from notary.canonical import canonical_json
from notary.encoding import parse_b64url
from notary.errors import CorruptLogError, DataKeyError, NotFoundError
from notary.privacy.data_key import DataKey
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.batches import signed_file
from tests.support.spellings import files_under, found_in

LOAN, REFERENCE, CELL, BAD = "个贷-2026-金丝雀-0008", "CANARY-REFERENCE-1", "CANARY-CELL-17", "CANARY-IN-A-BAD-LINE"
WRAPPER = DataKey(bytes(range(32)))
BEFORE = '{"created_at":0,"documents_required":false}'


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path / "data") as api:
        yield api


def texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def signature_in(line: bytes) -> bytes:
    """Return the 64 bytes of the signature in a batch's first line."""
    candidates = [item for item in texts(orjson.loads(line)) if len(item) == 86]
    return parse_b64url(candidates[-1])


def tie_out(api: Api, *rows: str) -> str:
    order = orjson.dumps({"kind": "tie-out", "types": ["repayment"]})
    audit = str(api.request("POST", "/v1/audits", order).json["id"])
    body = "\n".join([",".join(COLUMNS), *rows, ""]).encode()
    assert api.request("PUT", f"/v1/audits/{audit}/ledger", body, media_type="text/csv").status_code == 200
    return audit


def test_no_file_and_no_log_holds_what_jobs_and_audits_were_given_or_said(
    api: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    records = [canonical_json(agreement(LOAN, api.bank)), canonical_json(repayment(LOAN, reference=REFERENCE))]
    data = signed_file([*records, b'{"type":"%s"}' % BAD.encode()], api.bank.key)
    parts = data[:300], data[300:]
    canaries = [LOAN.encode(), REFERENCE.encode(), CELL.encode(), BAD.encode(), signature_in(data.split(b"\n")[0])]
    canaries += [sha256(part).digest() for part in parts]

    def is_quiet() -> bool:
        shown = capfd.readouterr()
        logs = {Path("log"): (shown.out + shown.err).encode()}
        return not list(found_in(files_under(api.folder.path) | logs, canaries))

    job = api.request("POST", "/v1/jobs").json["id"]
    for number, part in enumerate(parts, 1):
        path = f"/v1/jobs/{job}/parts/{number}"
        assert api.request("PUT", path, part, media_type="application/x-ndjson").status_code == 201
    assert is_quiet()
    api.request("POST", f"/v1/jobs/{job}/start")
    worker = Worker(api.services, api.services.jobs)
    assert worker.round()
    found = api.services.jobs.find(api.bank.lender.number, job)
    canaries += [sha256(b"\0" + line).digest() for line in records]
    assert found.tree.exists()
    assert is_quiet()
    while worker.round():
        pass
    answers = api.get(f"/v1/jobs/{job}/results").data
    assert [orjson.loads(line)["status"] for line in answers.splitlines()] == [201, 201, 422]
    canaries.append(answers[:200])
    assert is_quiet()

    identity = orjson.loads(records[1])["id"]
    audit = tie_out(
        api, f"{LOAN},repayment,{identity},,2026-01-01,CNY,1.00", f"{CELL},repayment,,{CELL},2026-01-01,CNY,1.00"
    )
    broken = tie_out(api, f"{CELL},repayment,,,2026-01-01,CNY,1.00")
    assert is_quiet()
    at_work = AuditWorker(api.folder, api.services.audits)
    while at_work.round():
        pass
    report = api.get(f"/v1/audits/{audit}/report").data
    assert CELL.encode() in report
    assert "has neither id nor reference" in api.get(f"/v1/audits/{broken}").json["problem"]["detail"]
    canaries += [report[:200], b"has neither id nor reference"]
    assert is_quiet()


# --- one job's files


def made(tmp_path: Path, *parts: bytes) -> tuple[JobFiles, Job]:
    files = JobFiles(tmp_path / "jobs", WRAPPER)
    files.tidy()
    job = files.create(1, documents_required=False, now=0)
    for number, part in enumerate(parts, 1):
        assert files.add_part(1, job.id, number, [part], None)
    return files, files.find(1, job.id)


def answered(files: JobFiles, job: Job, *stretches: bytes) -> Job:
    for stretch in stretches:
        with opened_results(job) as results:
            written = results.append(stretch)
        assert files.save(job, Progress(written=written))
        job = files.find(job.lender, job.id)
    return job


def test_parts_are_read_from_any_place(tmp_path: Path) -> None:
    data = bytes(range(256)) * 700
    _, job = made(tmp_path, data, b"", b"x")
    assert [(part.number, part.size) for part in job.parts] == [(1, len(data)), (2, 0), (3, 1)]
    with job.parts[0].open() as file:
        file.seek(65_530)
        assert file.read(20) == data[65_530:65_550]
    with job.parts[1].open() as file:
        assert file.read() == b""


def test_a_part_in_the_place_of_another_does_not_open(tmp_path: Path) -> None:
    _, job = made(tmp_path, b"first part", b"other part")
    first, other = (part.path for part in job.parts)
    first.write_bytes(other.read_bytes())
    with pytest.raises(CorruptLogError):
        job.parts[0].open()


def test_a_part_under_the_name_of_another_makes_the_job_unreadable(tmp_path: Path) -> None:
    files, job = made(tmp_path, b"first part", b"other part")
    first, other = (part.path for part in job.parts)
    other.rename(first.with_name("00001" + other.name[5:]))
    with pytest.raises(CorruptLogError):
        files.find(1, job.id)


def test_a_key_opens_one_folder_under_one_data_key(tmp_path: Path) -> None:
    files, job = made(tmp_path)
    other = files.create(1, documents_required=False, now=0)
    (other.folder / "key").write_bytes((job.folder / "key").read_bytes())
    with pytest.raises(CorruptLogError):
        files.find(1, other.id)
    with pytest.raises(DataKeyError):
        JobFiles(tmp_path / "jobs", DataKey(bytes(32))).find(1, job.id)


def test_answers_come_as_they_were_written(tmp_path: Path) -> None:
    files, job = made(tmp_path)
    assert list(read_results(job)) == []
    stretches = [b'{"line":1}\n', b'{"line":2}\n' * 9000, b'{"line":3}\n']
    job = answered(files, job, *stretches)
    assert list(read_results(job)) == stretches
    with job.results.open("ab") as file:
        file.write(b"what a kill left")
    assert list(read_results(job)) == stretches
    assert list(read_results(answered(files, job, b"4\n"))) == [*stretches, b"4\n"]


def test_what_is_written_again_after_a_kill_shares_no_nonce_with_what_was_there(tmp_path: Path) -> None:
    _, job = made(tmp_path)
    written = []
    for _ in range(2):
        with opened_results(job) as results:
            results.append(b"the same answers\n")
        written.append(job.results.read_bytes())
    assert len(written[0]) == len(written[1])
    assert written[0][4:16] != written[1][4:16]


def cut(data: bytes) -> bytes:
    return data[:-1]


def exchanged(data: bytes) -> bytes:
    half = len(data) // 2
    return data[half:] + data[:half]


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


@pytest.mark.parametrize("change", [cut, exchanged, flipped])
def test_answers_that_were_changed_do_not_open(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    files, job = made(tmp_path)
    job = answered(files, job, b"line 1\n", b"line 2\n")
    job.results.write_bytes(change(job.results.read_bytes()))
    with pytest.raises(CorruptLogError):
        list(read_results(job))


def test_what_was_kept_before_there_were_keys_is_removed_at_the_start(tmp_path: Path) -> None:
    files, job = made(tmp_path, b"kept")
    audits = AuditFiles(tmp_path / "audits", WRAPPER)
    audit = audits.create(1, Order("log"), 0)
    audits.tidy()
    old = tmp_path / "jobs" / "1" / f"job_{'0' * 32}"
    old.mkdir()
    (old / "job.json").write_text(BEFORE)
    (old / ("00001-" + "ab" * 32)).write_bytes(b"in the clear")
    with pytest.raises(NotFoundError):
        files.find(1, old.name)
    files.tidy()
    assert not old.exists()
    assert [found.id for found in files.all_of()] == [job.id]
    assert audits.find(1, audit.id) == audit
