# SPDX-License-Identifier: Apache-2.0
"""Who watches, copies and audits a log from outside, and knows one of its keys: what a rotation is to him."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.keys.rotation import Rotated, rotate_log_key
from notary.canonical import canonical_json
from notary.log.key_history import write_history
from tests.support.api import agreement, make_folder, rotatable_api
from tests.support.cli import document, is_one_line, run
from tests.support.serving import Faults, serving_app, serving_files
from tests.support.vector_key_histories import FIRST, SECOND, note_of


@dataclass(frozen=True)
class Stage:
    """The URL of a log whose key was changed, a receipt and a copy of before, and what a monitor remembers of then."""

    url: str
    done: Rotated
    receipt: Path
    copy: Path
    state: Path
    history: Path

    def look(self, url: str | None = None) -> tuple[int, list[Any], Any]:
        said = run("monitor", url or self.url, "--log-key", self.done.old, "--state", self.state, "--once", "--json")
        members = document(said)
        return said.exit_code, [alert["kind"] for alert in members["alerts"]], members


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = make_folder(tmp_path / "data")
    receipt, copy, state, history = (tmp_path / name for name in ("receipt.json", "copy", "state", "keys.json"))
    with ExitStack() as stack:
        api = stack.enter_context(rotatable_api(folder))
        url = stack.enter_context(serving_app(api.app)) + "/log"
        receipt.write_bytes(api.submit(agreement("R-1", api.bank)).data)
        old = api.services.log_key
        assert run("export-log", copy, "--log", url, "--log-key", old).exit_code == 0
        assert run("monitor", url, "--log-key", old, "--state", state, "--once").exit_code == 0
        done = rotate_log_key(folder, 0)
        history.write_bytes(api.get("/log/keys").data)
        assert api.submit(agreement("R-2", api.bank)).status_code == 201
        yield Stage(url, done, receipt, copy, state, history)


def test_a_log_that_shows_how_its_key_was_changed_is_audited_copied_and_proven_by_the_old_one(stage: Stage) -> None:
    where = ("--log", stage.url, "--log-key", stage.done.old)
    report = run("audit", *where, "--json")
    assert document(report)["findings"] == []
    assert run("export-log", stage.copy, *where).exit_code == 0
    assert run("publish", "--to", stage.copy.with_name("published"), *where).exit_code == 0
    # The receipt is the old key's, and the log the new one's: each is trusted by the other.
    for key in (stage.done.old, stage.done.new):
        proven = run("prove", stage.receipt, "--log", stage.url, "--log-key", key, "--json")
        assert document(proven)["size"] > document(proven)["older"]


def test_a_log_without_a_history_beside_it_needs_one_from_elsewhere(stage: Stage) -> None:
    where = ("--log", stage.url, "--log-key", stage.done.old)
    assert run("export-log", stage.copy, *where).exit_code == 0
    (stage.copy / "keys").unlink()
    with serving_files(stage.copy) as (url, _):
        told = ("prove", stage.receipt, "--log", url, "--log-key", stage.done.old)
        is_one_line(run(*told), 1, "no signature by a known key")
        assert run(*told, "--key-history", stage.history).exit_code == 0
    copied = ("audit", "--copy", stage.copy, "--log-key", stage.done.old, "--json")
    assert [item["place"] for item in document(run(*copied))["findings"]] == ["checkpoint"]
    assert document(run(*copied, "--key-history", stage.history))["findings"] == []
    nobody = run("prove", stage.receipt, "--copy", stage.copy, "--key-history", stage.history)
    assert (nobody.exit_code, "--log-key is needed" in nobody.stderr) == (2, True)


def test_a_history_of_another_log_or_none_that_answers_proves_nothing(stage: Stage) -> None:
    assert run("export-log", stage.copy, "--log", stage.url, "--log-key", stage.done.old).exit_code == 0
    with serving_files(stage.copy) as (url, faults):
        told = ("prove", stage.receipt, "--log", url, "--log-key", stage.done.old)
        (stage.copy / "keys").write_bytes(write_history([note_of(FIRST, SECOND)]))
        assert run(*told).exit_code == 1
        (stage.copy / "keys").write_bytes(canonical_json({}))
        assert run(*told).exit_code == 1
        faults.status["/keys"] = 403
        assert document(run("audit", *told[2:], "--json"))["findings"] != []


def test_the_monitor_goes_on_after_a_rotation(stage: Stage) -> None:
    for _ in range(2):
        code, alerts, said = stage.look()
        assert (code, alerts, said["unknown"], said["signed_by"]) == (0, [], [], stage.done.new)


def test_a_change_of_key_that_nothing_explains_is_an_alert(stage: Stage) -> None:
    assert run("export-log", stage.copy, "--log", stage.url, "--log-key", stage.done.old).exit_code == 0
    (stage.copy / "keys").unlink()
    with serving_files(stage.copy) as (url, faults):
        assert stage.look(url)[:2] == (1, ["log key"])
        (stage.copy / "keys").write_bytes(write_history([note_of(FIRST, SECOND)]))
        assert stage.look(url)[:2] == (1, ["log key"])
        (stage.copy / "keys").write_bytes(stage.history.read_bytes())
        _unreadable(stage, url, faults)
        assert stage.look(url)[:2] == (0, [])
        # What was accepted once is remembered: no history is asked for.
        _unreadable(stage, url, faults, is_known=True)


def _unreadable(stage: Stage, url: str, faults: Faults, *, is_known: bool = False) -> None:
    """Nobody can say now how the key was changed: that is no sign of anything."""
    faults.status["/keys"] = 403
    code, alerts, said = stage.look(url)
    assert (code, alerts, bool(said["unknown"])) == ((0, [], False) if is_known else (2, [], True))
    del faults.status["/keys"]
