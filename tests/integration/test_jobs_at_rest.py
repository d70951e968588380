# SPDX-License-Identifier: Apache-2.0
"""The files of jobs and audits on disk: nothing in them can be read, exchanged, cut or put elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from api.audits.audit import Order
from api.audits.files import AuditFiles
from api.audits.worker import AuditWorker
from api.clock import now
from api.folders.set_aside import SetAsideCollector
from api.jobs.files import KEEP, JobFiles
from api.jobs.job import Job, Progress
from api.jobs.results import opened_results, read_results
from api.jobs.worker import Worker
from notary.audit.tie_out import COLUMNS
from notary.canonical import canonical_json
from notary.encoding import parse_b64url
from notary.errors import CorruptLogError, DataKeyError, NotFoundError, UnavailableError
from notary.ports.parties import Lender
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


# --- what is damaged


def flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def started(api: Api, lines: bytes) -> Path:
    """Make a job of one part, start it and return its folder."""
    job = api.request("POST", "/v1/jobs").json["id"]
    put = api.request("PUT", f"/v1/jobs/{job}/parts/1", lines, media_type="application/x-ndjson")
    assert put.status_code == 201
    assert api.request("POST", f"/v1/jobs/{job}/start").status_code == 202
    return api.services.jobs.find(api.bank.lender.number, job).folder


def part_of(folder: Path) -> Path:
    return next(folder.glob("00001-*"))


def other_digest(folder: Path) -> None:
    name = part_of(folder).name
    part_of(folder).rename(folder / (name[:-2] + f"{int(name[-2:], 16) ^ 1:02x}"))


JOB_DAMAGE: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda folder: (folder / "job.json").write_bytes(b'{"created_at":1'),
    "no object": lambda folder: (folder / "job.json").write_bytes(b"[]"),
    "members are missing": lambda folder: (folder / "job.json").write_bytes(b"{}"),
    "no moment": lambda folder: (folder / "started.json").write_bytes(b"{}"),
    "half a progress": lambda folder: (folder / "progress.json").write_bytes(b'{"lines":'),
    "another progress": lambda folder: (folder / "progress.json").write_bytes(b'{"done":1}'),
    "the key": lambda folder: flipped(folder / "key", -1),
    "the key's header": lambda folder: flipped(folder / "key", 0),
    "a part's digest": other_digest,
    "a part's first byte": lambda folder: flipped(part_of(folder), -20),
    "a part cut short": lambda folder: part_of(folder).write_bytes(part_of(folder).read_bytes()[:-1]),
}


@pytest.mark.parametrize("damage", JOB_DAMAGE)
def test_a_damaged_job_is_set_aside_and_told_of_and_holds_up_no_other(
    api: Api, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    files, lender = api.services.jobs, api.bank.lender.number
    bad, good = (started(api, canonical_json(agreement(f"L-{name}", api.bank))) for name in ("bad", "good"))
    JOB_DAMAGE[damage](bad)
    worker = Worker(api.services, files)
    capfd.readouterr()
    while worker.round():
        pass
    worker.round()
    assert [(job.id, job.state, job.progress.placed) for job in files.all_of()] == [(good.name, "done", 1)]
    shown = capfd.readouterr()
    assert [line for line in (shown.out + shown.err).splitlines() if bad.name in line and "set aside" in line]
    assert (shown.out + shown.err).count("set aside") == 1
    assert (bad.with_name("damaged-" + bad.name) / "key").exists()
    [family] = SetAsideCollector((files, api.services.audits)).collect()
    assert [(item.labels["kind"], item.value) for item in family.samples] == [("job", 1), ("audit", 0)]
    # It is our fault, and not that there was none of this id.
    assert api.get(f"/v1/jobs/{bad.name}").status_code == 500
    assert api.request("POST", f"/v1/jobs/{bad.name}/cancel").status_code == 500
    with pytest.raises(CorruptLogError, match="set aside"):
        files.find(lender, bad.name)
    # No erasure waits for it, and it goes with the first one.
    assert api.request("DELETE", "/v1/loans/L-good").status_code == 200
    assert [path.name for path in bad.parent.iterdir()] == ["lock"]


def test_a_damaged_job_is_in_no_list_before_it_is_set_aside_and_does_not_outlast_an_erasure(api: Api) -> None:
    files = api.services.jobs
    bad = started(api, canonical_json(agreement("L-bad", api.bank)))
    (bad / "job.json").write_bytes(b"")
    assert files.all_of() == []
    files.require_none(api.bank.lender.number)
    files.forget(api.bank.lender.number, "L-any", ())
    assert [path.name for path in bad.parent.iterdir()] == ["lock"]


@pytest.mark.parametrize("name", ["results", "tree"])
def test_what_a_damaged_job_has_answered_or_compared_sets_it_aside_too(api: Api, name: str) -> None:
    lines = signed_file([canonical_json(agreement(f"L-{number}", api.bank)) for number in range(3)], api.bank.key)
    bad = started(api, lines)
    worker = Worker(api.services, api.services.jobs)
    worker.round()
    path = bad / name
    if name == "results":
        path.write_bytes(b"\0\0\0\4abcd")
        job = api.services.jobs.find(api.bank.lender.number, bad.name)
        (bad / "progress.json").write_bytes(orjson.dumps({"lines": 1, "read": job.progress.read, "written": 8}))
        (bad / "tree").unlink()
        (bad / "tree").write_bytes(b"")
    else:
        flipped(path, -20)
    assert not worker.round()
    assert not bad.exists()
    assert api.services.jobs.count_aside() == 1


def test_a_job_whose_log_is_damaged_waits_and_is_not_set_aside(api: Api) -> None:
    job = started(api, canonical_json(agreement("L-1", api.bank)))
    files = api.services.jobs
    files.require_whole(files.find(api.bank.lender.number, job.name))

    def torn(_: int) -> Lender:
        raise CorruptLogError("a row of the database is damaged")

    worker = Worker(replace(api.services, store=cast(Any, SimpleNamespace(lender=torn))), files)
    assert not worker.round()
    assert job.exists()


def test_what_is_set_aside_goes_after_its_time(api: Api) -> None:
    files = api.services.jobs
    bad = started(api, b"x")
    (bad / "job.json").write_bytes(b"")
    assert files.at_hand() == []
    files.sweep(now() + KEEP - 60_000)
    assert files.count_aside() == 1
    files.sweep(now() + KEEP + 60_000)
    assert files.count_aside() == 0


def test_a_job_that_cannot_be_read_now_holds_up_no_other_and_stays(api: Api) -> None:
    files = api.services.jobs
    away, good = (started(api, canonical_json(agreement(f"L-{name}", api.bank))) for name in ("away", "good"))
    (away / "job.json").unlink()
    (away / "job.json").mkdir()
    worker = Worker(api.services, files)
    while worker.round():
        pass
    assert files.find(api.bank.lender.number, good.name).state == "done"
    # Whether it runs cannot be told, so neither can it be erased.
    with pytest.raises(UnavailableError):
        files.require_none(api.bank.lender.number)
    assert files.count_aside() == 0
    assert away.exists()


@pytest.mark.parametrize("damaged", ["order.json", "key"])
def test_a_damaged_audit_is_set_aside_and_goes_with_the_first_erasure(api: Api, damaged: str) -> None:
    bad, good = tie_out(api), tie_out(api)
    files = api.services.audits
    folder = files.find(api.bank.lender.number, bad).folder
    flipped(folder / damaged, 0)
    worker = AuditWorker(api.folder, files)
    while worker.round():
        pass
    assert [(audit.id, audit.state) for audit in files.all_of()] == [(good, "done")]
    assert (files.count_aside(), api.get(f"/v1/audits/{bad}").status_code) == (1, 500)
    files.forget(api.bank.lender.number, "L-any", ())
    assert (files.count_aside(), folder.exists()) == (0, False)
    # Also one that nobody has found damaged before.
    folder = files.find(api.bank.lender.number, tie_out(api)).folder
    api.request("POST", f"/v1/audits/{folder.name}/cancel")
    flipped(folder / damaged, 0)
    files.forget(api.bank.lender.number, "L-any", ())
    assert not folder.exists()
