# SPDX-License-Identifier: Apache-2.0
"""A stored log that is damaged, rolled back, backed up, restored: nothing is signed on top of what is not newest."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.anchoring import confirm_restored, connect, make_anchorer
from api.databases import open_store, open_vault
from api.folders.backup import make_backup, restore_backup, verify_backup
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from api.wiring import make_scrubber
from chain.errors import AnchorConflictError
from notary.audit.scrubbing import ScrubPolicy
from notary.errors import BackupError, CorruptLogError, SigningHeldError
from notary.log.sequencer import Sequencer
from tests.support.anchored import Anchored, anchored_log, grow
from tests.support.builders import CREATED, history
from tests.support.cli import document, run

FAST = ScrubPolicy(rate=float("inf"), step=256)


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("anchored") / "data") as made:
        yield made


@pytest.fixture
def copy(anchored: Anchored, tmp_path: Path) -> DataFolder:
    return anchored.copy(tmp_path / "copy")


def alter(folder: DataFolder, statement: str) -> None:
    """Change rows, as somebody with the file in hand does."""
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        assert connection.execute(statement).rowcount > 0, statement


def sequencer(folder: DataFolder) -> Sequencer:
    return Sequencer(open_store(folder), load_signer(folder), CREATED, folder.hold.check)


# --- the hold


def test_nothing_is_signed_under_a_hold_and_all_goes_on_after_it(copy: DataFolder) -> None:
    log, before = sequencer(copy), open_store(copy).head()
    copy.hold.place("damaged", "tile 0/0")
    copy.hold.place("restored", "the first reason stays")
    assert copy.hold.read() == ("damaged", "tile 0/0")
    for submissions in ([], history("H", 1, first=5000)):
        with pytest.raises(SigningHeldError, match="damaged: tile 0/0"):
            log.append(submissions)
    with pytest.raises(SigningHeldError):
        sequencer(copy).append([])
    assert open_store(copy).head() == before
    copy.hold.lift()
    copy.hold.lift()
    log.append(history("H", 1, first=5000))
    assert open_store(copy).head() != before


def test_a_hold_that_cannot_be_read_is_a_hold(copy: DataFolder) -> None:
    (copy.path / "hold.json").write_text("{")
    with pytest.raises(SigningHeldError, match="unreadable"):
        sequencer(copy).append([])


def test_a_service_under_a_hold_says_so_and_serves_what_there_is(anchored: Anchored) -> None:
    api = anchored.api
    anchored.folder.hold.place("damaged", "x")
    try:
        # The writer of these tests knows of no hold; its own folder's file is looked at where the service makes one.
        refused = run("add-lender", "--data", anchored.folder.path, "X")
        assert refused.exit_code == 2
        assert "nothing is signed now" in refused.stderr
        assert api.get("/log/checkpoint").status_code == 200
    finally:
        anchored.folder.hold.lift()


# --- scrubbing


def test_a_whole_log_is_scrubbed_and_nothing_is_said(copy: DataFolder) -> None:
    scrubber = make_scrubber(copy, FAST)
    assert scrubber.finished_at is None
    found = scrubber.scrub(threading.Event())
    assert found is not None
    assert found.count == 0
    assert scrubber.finished_at is not None
    assert copy.hold.read() is None


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE entries SET entry = CAST(x'01' || randomblob(64) AS BLOB) WHERE entry_index = 7", "entry 7"),
        ("UPDATE entries SET entry = CAST(x'01' || randomblob(64) AS BLOB) WHERE entry_index = 299", "entry 299"),
        ("DELETE FROM entries WHERE entry_index = 9", "entry 9"),
        (
            "UPDATE tiles SET hashes = CAST("
            "substr(hashes, 1, 15000) || randomblob(32) || substr(hashes, 15033) AS BLOB)"
            " WHERE level = 0 AND tile_number = 0",
            "tile 0/0",
        ),
        ("UPDATE tiles SET hashes = randomblob(32) WHERE level = 1", "tile 1/0"),
        ("UPDATE head SET checkpoint = replace(checkpoint, '300', '299')", "checkpoint"),
    ],
)  # fmt: skip
def test_damage_is_named_and_nothing_is_signed_after_it(copy: DataFolder, statement: str, place: str) -> None:
    alter(copy, statement)
    scrubber = make_scrubber(copy, FAST)
    found = scrubber.scrub(threading.Event())
    assert found is not None
    assert place in [item.place for item in found.ordered()], found.ordered()
    held = copy.hold.read()
    assert held is not None
    assert held[0] == "damaged"
    shown = run("scrub", "--data", copy.path, "--json")
    assert shown.exit_code == 1
    assert document(shown)["held"].startswith("damaged: ")
    assert any(place in text for text in document(shown)["findings"])
    with pytest.raises((SigningHeldError, CorruptLogError)):
        sequencer(copy).append(history("S", 1, first=6000))


def test_a_hold_for_damage_is_lifted_by_a_whole_log_and_no_other_hold_is(copy: DataFolder) -> None:
    copy.hold.place("damaged", "repaired since")
    assert run("scrub", "--data", copy.path).exit_code == 0
    assert copy.hold.read() is None
    copy.hold.place("restored", "x")
    assert document(run("scrub", "--data", copy.path, "--json"))["held"] == "restored: x"
    assert copy.hold.read() is not None


def test_scrubbing_stops_when_it_is_told_to_and_waits_between_parts(copy: DataFolder) -> None:
    stop = threading.Event()
    stop.set()
    slow = make_scrubber(copy, ScrubPolicy(rate=1.0, step=256))
    assert slow.scrub(stop) is None
    assert slow.finished_at is None
    slow.run(stop)
    thread = threading.Thread(target=slow.run, args=(stop := threading.Event(),))
    thread.start()
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    # At one entry a second it had no time for 300.
    assert slow.finished_at is None


# --- a log that was rolled back


def test_a_log_behind_its_anchors_is_not_signed_again(copy: DataFolder, anchored: Anchored) -> None:
    settings = copy.settings()
    store = open_store(copy)
    whole = make_anchorer(copy, settings, connect(copy, anchored.rpc), store)
    whole.step()
    assert copy.hold.read() is None
    shutil.rmtree(copy.path / "keys")
    shutil.copytree(anchored.folder.path / "keys", copy.path / "keys")
    copy.database.unlink()
    for name in ("notary.db-wal", "notary.db-shm"):
        (copy.path / name).unlink(missing_ok=True)
    store.close()
    type(store).create(copy.database, open_vault(copy))
    begun = sequencer(copy)
    make_anchorer(copy, settings, connect(copy, anchored.rpc), open_store(copy)).step()
    held = copy.hold.read()
    assert held is not None
    assert held[0] == "behind the chain"
    with pytest.raises(SigningHeldError, match="behind the chain"):
        begun.append([])


# --- backups


@pytest.fixture
def backup(anchored: Anchored, tmp_path: Path) -> Path:
    make_backup(anchored.folder, tmp_path / "backup")
    return tmp_path / "backup"


def test_a_backup_of_a_notary_that_serves_is_whole_and_has_no_key(anchored: Anchored, backup: Path) -> None:
    found, findings = verify_backup(backup)
    assert findings.count == 0, findings.ordered()
    assert found.size == 300
    assert not found.with_keys
    names = {"backup.json", "notary.db", "accesses.db", "settings.json", "deployment.json"}
    assert {path.name for path in backup.iterdir()} == names
    assert backup.stat().st_mode & 0o077 == 0
    shown = run("verify-backup", backup, "--json")
    assert (shown.exit_code, document(shown)["findings"]) == (0, [])
    again = run("backup", "--data", anchored.folder.path, backup)
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert not backup.with_name("backup.part").exists()


def test_what_is_being_received_is_no_part_of_a_backup(copy: DataFolder, tmp_path: Path) -> None:
    for name in ("incoming/1-half", f"1/{'ab' * 32}"):
        (copy.documents / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.documents / name).write_bytes(b"x")
    make_backup(copy, tmp_path / "backup")
    found = (tmp_path / "backup" / "documents").rglob("*")
    assert [path.name for path in found if path.is_file()] == ["ab" * 32]


@pytest.mark.parametrize("target", [".", "..", "/"])
def test_a_backup_is_not_written_over_a_folder_that_is_there(
    copy: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BackupError, match="it is there already"):
        make_backup(copy, Path(target))
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_keys_are_part_of_a_backup_only_if_asked_for(anchored: Anchored, tmp_path: Path) -> None:
    made = run("backup", "--data", anchored.folder.path, tmp_path / "all", "--with-keys", "--json")
    assert document(made)["with_keys"] is True
    assert (tmp_path / "all" / "keys" / "log.pem").stat().st_mode & 0o077 == 0
    assert verify_backup(tmp_path / "all")[1].count == 0


@pytest.mark.parametrize("name", ["notary.db", "settings.json", "deployment.json"])
def test_every_flipped_bit_of_a_backup_is_found_by_its_file(backup: Path, name: str) -> None:
    data = (backup / name).read_bytes()
    for place in range(0, len(data), max(1, len(data) // 7)):
        (backup / name).write_bytes(data[:place] + bytes((data[place] ^ 16,)) + data[place + 1 :])
        _, findings = verify_backup(backup)
        assert [(item.place, item.text) for item in findings.ordered()] == [(name, "was changed")]
        with pytest.raises(BackupError, match="was changed"):
            restore_backup(backup, DataFolder(backup.with_name("restored")))
    assert not backup.with_name("restored").exists()
    assert run("verify-backup", backup).exit_code == 1


def test_what_is_missing_or_more_is_named(backup: Path) -> None:
    (backup / "deployment.json").unlink()
    (backup / "more.txt").write_text("x")
    _, findings = verify_backup(backup)
    assert {(item.place, item.text) for item in findings.ordered()} == {
        ("deployment.json", "is missing"),
        ("more.txt", "is not in the manifest"),
    }


def test_a_backup_whose_log_was_damaged_before_it_was_made_is_found_out(copy: DataFolder, tmp_path: Path) -> None:
    alter(copy, "UPDATE entries SET entry = CAST(x'01' || randomblob(64) AS BLOB) WHERE entry_index = 7")
    make_backup(copy, tmp_path / "bad")
    _, findings = verify_backup(tmp_path / "bad")
    assert [item.place for item in findings.ordered()] == ["entry 7"]


@pytest.mark.parametrize("text", ["", "{}", '{"format":"loan-notary/backup@2"}'])
def test_what_is_no_backup_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "backup.json").write_text(text)
    with pytest.raises(BackupError, match="not of the format"):
        verify_backup(tmp_path)
    with pytest.raises(BackupError):
        verify_backup(tmp_path / "none")


def test_a_path_out_of_the_backup_is_refused(backup: Path) -> None:
    manifest = json.loads((backup / "backup.json").read_bytes())
    manifest["files"][0]["name"] = "../outside"
    (backup / "backup.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupError, match="not of the format"):
        verify_backup(backup)


def restored(backup: Path, anchored: Anchored, tmp_path: Path) -> DataFolder:
    """Restore a backup, and put the keys into their places."""
    folder = DataFolder(tmp_path / "restored")
    assert run("restore", "--data", folder.path, backup).exit_code == 0
    shutil.copytree(anchored.folder.path / "keys", folder.path / "keys", dirs_exist_ok=True)
    return folder


def test_what_is_restored_signs_when_the_chain_has_no_more(anchored: Anchored, backup: Path, tmp_path: Path) -> None:
    folder = restored(backup, anchored, tmp_path)
    with pytest.raises(SigningHeldError, match="restored"):
        sequencer(folder).append([])
    confirm_restored(folder, connect(folder, anchored.rpc), open_store(folder))
    assert folder.hold.read() is None
    sequencer(folder).append([])
    confirm_restored(folder, connect(folder, anchored.rpc), open_store(folder))
    again = run("restore", "--data", folder.path, backup)
    assert again.exit_code == 1
    assert "empty place" in again.stderr


def test_a_backup_older_than_the_newest_anchor_never_signs(tmp_path: Path) -> None:
    with anchored_log(tmp_path / "data") as anchored:
        backup = tmp_path / "backup"
        make_backup(anchored.folder, backup)
        folder = restored(backup, anchored, tmp_path)
        # The original goes on: 7 more entries, anchored.
        grow(anchored.api, "LATER", 7)
        settings, store = anchored.folder.settings(), anchored.api.services.store
        anchorer = make_anchorer(anchored.folder, settings, connect(anchored.folder, anchored.rpc), store)
        registry = connect(folder, anchored.rpc)
        while registry.head().size < 307:
            assert anchorer.step().error is None
        with pytest.raises(AnchorConflictError, match="restore a newer backup"):
            confirm_restored(folder, registry, open_store(folder))
        with pytest.raises(SigningHeldError):
            sequencer(folder).append([])
        # One with another log of that length is none either.
        folder.hold.lift()
        forked = sequencer(folder)
        forked.append(history("FORK", 7, first=9000))
        folder.hold.place("restored", "x")
        with pytest.raises(AnchorConflictError, match="another root"):
            confirm_restored(folder, registry, open_store(folder))
        assert folder.hold.read() is not None
