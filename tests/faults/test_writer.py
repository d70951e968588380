# SPDX-License-Identifier: Apache-2.0
"""The writer's disk is full, read-only, slow or failing; the power goes and tears the write-ahead log."""

import shutil
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.faults.steps import STEPS, armed
from tests.faults.strikes import STRACE
from tests.faults.writers import WriterUnderTest, calls_that, files_that_may_not_grow, writer_in

needs_strace = pytest.mark.skipif(STRACE is None, reason="strace(1) is not installed, or this is not root")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[WriterUnderTest]:
    with writer_in(tmp_path / "data") as writer:
        yield writer


def refused_and_resumed(writer: WriterUnderTest, words: str) -> None:
    assert writer.submit(5)
    assert words in writer.refusals[-1], writer.refusals
    assert writer.check() == len(writer.acknowledged) + 1


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(writer: WriterUnderTest) -> None:
    writer.start()
    assert writer.submit(20)
    with files_that_may_not_grow(writer):
        assert not writer.submit(20)
        assert not writer.submit(1)
    refused_and_resumed(writer, "the database cannot be used now")


@needs_strace
@pytest.mark.parametrize(
    ("calls", "error"),
    [("pwrite64", "ENOSPC"), ("pwrite64", "EROFS"), ("pwrite64", "EIO"), ("fdatasync,fsync", "EIO")],
)
def test_a_disk_that_fails_refuses_and_goes_on_when_it_is_well(writer: WriterUnderTest, calls: str, error: str) -> None:
    writer.start()
    assert writer.submit(20)
    with calls_that(writer, calls, f"error={error}"):
        assert not writer.submit(20)
        assert not writer.submit(1)
    refused_and_resumed(writer, "the database cannot be used now")


@needs_strace
def test_a_slow_disk_makes_commits_slow_and_loses_nothing(writer: WriterUnderTest) -> None:
    writer.start()
    stop = threading.Event()
    with calls_that(writer, "fdatasync,fsync", "delay_enter=150000"):
        threads = writer.load(stop)
        while len(writer.acknowledged) < 100:
            assert any(thread.is_alive() for thread in threads), writer.refusals
        stop.set()
        for thread in threads:
            thread.join()
    assert writer.refusals == []
    assert writer.check() == len(writer.acknowledged) + 1


@pytest.mark.parametrize("step", [name for name, step in STEPS.items() if step.process == "-m api.writer"])
def test_the_power_goes_and_tears_what_was_not_acknowledged(writer: WriterUnderTest, tmp_path: Path, step: str) -> None:
    """Killed in a commit, all that follows the last whole commit may be half there, or anything."""
    trigger = tmp_path / "trigger"
    writer.start(armed(STEPS[step], 4, trigger))
    with closing(sqlite3.connect(writer.folder.database)) as reader:
        reader.execute("SELECT count(*) FROM records").fetchone()  # so that nobody empties the log when the writer goes
        trigger.touch()
        threads = writer.load(threading.Event())
        assert writer.process is not None
        writer.process.wait()
        for thread in threads:
            thread.join()
        torn = tmp_path / "torn" / "notary.db"
        for number in range(12):
            shutil.rmtree(torn.parent, ignore_errors=True)
            shutil.copytree(writer.folder.path, torn.parent)
            torn.with_name("notary.db-shm").unlink(missing_ok=True)  # memory, which a power cut takes
            tear(torn.with_name("notary.db-wal"), Random(number))
            assert writer.check(torn) >= len(writer.acknowledged) + 1
    assert writer.check() >= len(writer.acknowledged) + 1
    trigger.unlink()
    writer.start()
    assert writer.submit(3)
    writer.check()


def tear(log: Path, random: Random) -> None:
    """Cut, overwrite or extend what comes after the last whole commit in a write-ahead log (SQLite's file format 4)."""
    data = bytearray(log.read_bytes())
    frame = 24 + int.from_bytes(data[8:12])
    committed, salts = 32, bytes(data[16:24])
    for start in range(32, len(data) - frame + 1, frame):
        _, pages = struct.unpack(">II", data[start : start + 8])
        if bytes(data[start + 8 : start + 16]) != salts:
            break
        committed = start + frame if pages else committed
    tail = data[committed:]
    kind = random.randrange(3)
    if kind == 0:
        tail = tail[: random.randint(0, len(tail))]
    elif kind == 1 and tail:
        place = random.randrange(len(tail))
        tail[place : place + 512] = random.randbytes(min(512, len(tail) - place))
    else:
        tail += random.randbytes(random.randint(1, 3 * frame))
    log.write_bytes(data[:committed] + tail)
