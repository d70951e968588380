# SPDX-License-Identifier: Apache-2.0
"""The whole service's disk is full, read-only when it starts, or becomes read-only while it runs."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from notary.canonical import canonical_json
from tests.faults.checks import Subject, check_all
from tests.faults.disks import CAN_MOUNT, Disk, small_disk
from tests.faults.load import Load
from tests.faults.starting import new_subject, start
from tests.support.builders import record
from tests.support.service import Answer, command, until

pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="nothing can be mounted here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path) as disk:
        yield disk


def load(subject: Subject, random: Random, more: int) -> None:
    """Load the service until so many more records are acknowledged."""
    wanted = len(subject.ledger.placed) + more
    with Load(subject.service, subject.api_key, subject.hook, subject.ledger, random):
        until(lambda: len(subject.ledger.placed) >= wanted, "records are acknowledged")


def writes(subject: Subject) -> dict[str, Answer]:
    """Ask for something of every part that writes."""
    service, api_key = subject.service, subject.api_key
    document = bytes(1 << 16)
    new = canonical_json(record("agreement", id=str(uuid4()), loan=str(uuid4())))
    url, digest = f"/v1/webhooks/{subject.hook}/test", sha256(document).hexdigest()
    return {
        "a record": service.request("POST", "/v1/records", new, api_key),
        "a record with a key": service.request("POST", "/v1/records", new, api_key, idempotency_key=str(uuid4())),
        "a test message": service.request("POST", url, b"", api_key, idempotency_key=str(uuid4())),
        "a job": service.request("POST", "/v1/jobs", b"", api_key, idempotency_key=str(uuid4())),
        "an audit": service.request("POST", "/v1/audits", b"{}", api_key, idempotency_key=str(uuid4())),
        "a document": service.request("PUT", f"/v1/documents/{digest}", document, api_key, "text/plain"),
    }


def refused(subject: Subject) -> None:
    for what, answer in writes(subject).items():
        assert answer.status == 503, (what, answer)
        assert answer.json["type"].endswith(":unavailable"), (what, answer)
        assert answer.json["detail"], (what, answer)


def test_a_full_disk_refuses_everything_new_and_goes_on_when_there_is_room(disk: Disk) -> None:
    random = Random(1)
    with new_subject(disk.path / "data") as subject:
        start(subject, {})
        load(subject, random, 60)
        with disk.full():
            # What was begun may end where there was room left for it.
            until(lambda: all(answer.status == 503 for answer in writes(subject).values()), "everything is refused")
            refused(subject)
            with Load(subject.service, subject.api_key, subject.hook, subject.ledger, random):
                refused(subject)
            assert subject.service.request("GET", "/log/checkpoint").status == 200
            assert subject.service.process is not None
            assert subject.service.process.poll() is None
        for name, data in list(subject.ledger.sent.items()):
            if name not in subject.ledger.placed:
                answer = subject.service.request("POST", "/v1/records", data, subject.api_key)
                assert answer.status in (200, 201), answer
        load(subject, random, 60)
        check_all(subject, random)
        assert subject.service.stop() == 0


@pytest.mark.slow
def test_a_disk_that_turns_read_only_refuses_everything_new_and_loses_nothing(disk: Disk) -> None:
    random = Random(2)
    with new_subject(disk.path / "data") as subject:
        subject.service.log = disk.path.with_name("service.log")
        start(subject, {})
        load(subject, random, 60)
        with Load(subject.service, subject.api_key, subject.hook, subject.ledger, random):
            disk.damage()
        assert subject.ledger.unexpected == []
        until(lambda: all(answer.status == 503 for answer in writes(subject).values()), "everything is refused")
        refused(subject)
        assert subject.service.request("GET", "/log/checkpoint").status == 200
        # Who reads is noted before the answer, which cannot be done now.
        name = next(iter(subject.ledger.receipts))
        assert subject.service.request("GET", f"/v1/records/{name}/receipt", api_key=subject.api_key).status == 503
        assert subject.service.process is not None
        assert subject.service.process.poll() is None
        subject.service.stop()
        subject.service.wait_for_silence()
        disk.unmount()
        disk.mount()
        # The node could not write its state either; and as after a power cut, the last kept answers are gone.
        subject.rewound = subject.aged = True
        start(subject, {})
        load(subject, random, 60)
        check_all(subject, random)
        assert subject.service.stop() == 0


def test_a_disk_that_was_read_only_at_the_start_was_told_by_an_error_that_nobody_caught(disk: Disk) -> None:
    folder = disk.path / "data"
    assert command("init", "--data", folder, "--port", "0").code == 0
    with disk.read_only():
        ran = command("run", "--data", folder)
        assert ran.code != 0
        assert "Traceback" not in ran.err
        assert ran.err.strip().splitlines()[-1].startswith("error: "), ran.err
        assert "nobody caught" not in ran.err, ran.err
