# SPDX-License-Identifier: Apache-2.0
"""Submitting many records while the writer comes and goes: what was not taken is never called refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from api.cli.bulk import BulkSubmission, Outcome
from loan_notary import Client, Retries
from notary.errors import InvalidInputError, UnavailableError
from tests.support.api import Api, agreement, api_over, make_folder, repayment, served, socket_folder
from tests.support.listening import listening


@contextmanager
def client_of(api: Api) -> Iterator[Client]:
    with listening(api) as url, Client(url, api.bank.api_key, retries=Retries(first=0.01)) as client:
        yield client


def test_a_writer_that_is_away_interrupts_and_refuses_nothing(tmp_path: Path) -> None:
    folder, source = make_folder(tmp_path / "data"), tmp_path / "records.ndjson"
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api, client_of(api) as client:
        values = [agreement("U-1", api.bank), *(repayment("U-1") for _ in range(700))]
        source.write_bytes(b"\n".join(map(orjson.dumps, values)))
        reports: list[Outcome] = []
        submission = BulkSubmission(client, source, reports.append)
        with pytest.raises(UnavailableError, match="does not answer"):
            submission.run()
        assert (submission.outcome.refused, reports) == ([], [])
        assert not source.with_name("records.ndjson.progress").exists()
        with served(folder, sockets / "writer"):
            outcome = BulkSubmission(client, source, reports.append).run()
            assert (outcome.placed, outcome.known, outcome.skipped, outcome.refused) == (701, 0, 0, [])
            outcome = BulkSubmission(client, source, reports.append).run()
            assert (outcome.placed, outcome.known) == (0, 701)


def test_progress_of_another_source_is_not_taken(tmp_path: Path) -> None:
    folder, source = make_folder(tmp_path / "data"), tmp_path / "records.ndjson"
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api, client_of(api) as client:
        source.write_bytes(orjson.dumps(agreement("U-1", api.bank)))
        progress = source.with_name("records.ndjson.progress")
        progress.write_bytes(orjson.dumps({"lines": 1, "sha256": "00" * 32, "refused": []}))
        with pytest.raises(InvalidInputError, match="was changed since"):
            BulkSubmission(client, source, lambda outcome: None).run()
        assert progress.exists()
        # What is no progress at all, like half a file, is as good as none.
        progress.write_bytes(b'{"lines"')
        with served(folder, sockets / "writer"):
            assert BulkSubmission(client, source, lambda outcome: None).run().placed == 1


def test_what_an_earlier_run_had_refused_is_told_again(tmp_path: Path) -> None:
    folder, source = make_folder(tmp_path / "data"), tmp_path / "records.ndjson"
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api, client_of(api) as client:
        lines = [b'{"type":"nonsense"}', orjson.dumps(agreement("U-1", api.bank))]
        source.write_bytes(b"\n".join(lines))
        problem = {"line": 1, "status": 422, "title": "no", "detail": "such type"}
        saved = {"lines": 1, "sha256": sha256(lines[0] + b"\n").hexdigest(), "refused": [problem]}
        source.with_name("records.ndjson.progress").write_bytes(orjson.dumps(saved))
        with served(folder, sockets / "writer"):
            outcome = BulkSubmission(client, source, lambda outcome: None).run()
    assert (outcome.placed, outcome.skipped, outcome.done) == (1, 0, 2)
    assert outcome.refused == [problem]


def test_progress_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    folder, source = make_folder(tmp_path / "data"), tmp_path / "records.ndjson"
    with socket_folder() as sockets, api_over(folder, sockets / "writer") as api, client_of(api) as client:
        lines = [orjson.dumps(value) for value in (agreement("U-1", api.bank), repayment("U-1"))]
        source.write_bytes(b"\n".join(lines))
        saved = orjson.dumps({"lines": 1, "sha256": sha256(lines[0] + b"\n").hexdigest(), "refused": []})
        progress, kept = source.with_name("records.ndjson.progress"), tmp_path / "kept"
        progress.write_bytes(saved)
        kept.hardlink_to(progress)
        seen: list[bytes] = []
        with served(folder, sockets / "writer"):
            client.submit_batch(lines[:1])
            BulkSubmission(client, source, lambda outcome: seen.append(progress.read_bytes())).run()
    assert [orjson.loads(item)["lines"] for item in seen] == [2]
    # What a kill would have left of the file before is all of it: it was never written to.
    assert kept.read_bytes() == saved
    assert not list(tmp_path.glob("records.ndjson.*"))
