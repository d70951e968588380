# SPDX-License-Identifier: Apache-2.0
"""Backups of a data folder: made while the service runs, verified without it, restored into an empty place.

A backup is a folder: the database and who read what, each as of one moment (SQLite's own online backup), the documents,
settings and deployment, `keys/keys.json`, and `backup.json` with the SHA-256 of every file. Keys are left out unless
they are asked for: a copy of the database and a copy of the keys in one place are worth as much to a thief as the
notary. Jobs, counted requests and the state of an embedded test chain are not part of it.
"""

import secrets
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import Field, ValidationError

from api.clock import now
from api.folders.whole import whole_folder
from api.keys.log_keys import load_verifiers
from api.settings import DataFolder
from notary.audit.finding import Findings
from notary.audit.scrubbing import Scrubber, ScrubPolicy
from notary.audit.sources import StoreSource
from notary.encoding import format_time
from notary.errors import BackupError
from notary.log.reader import Log
from notary.log.signed_note import NoteVerifier, parse_verifier
from notary.privacy.cipher import KEY_SIZE
from notary.privacy.data_key import DataKey
from notary.privacy.vault import Vault
from notary.records.fields import Model
from notary.stores.document_files import INCOMING
from notary.stores.sqlite import SqliteStore
from notary.stores.sqlite_file import translated

FORMAT = "loan-notary/backup@1"
MANIFEST = "backup.json"
_PLAIN = ("settings.json", "deployment.json", "keys/keys.json")
_AT_ONCE = 4096
"""Pages that the database is copied by; writers go on between."""
_FULL_SPEED = ScrubPolicy(rate=float("inf"), step=100_000)


class _File(Model):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._/-]{0,255}$")]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Manifest(Model):
    format: Literal["loan-notary/backup@1"]
    made_at: str
    size: Annotated[int, Field(ge=0)]
    root: str
    log_key: str
    with_keys: bool
    files: Annotated[tuple[_File, ...], Field(strict=False)]


@dataclass(frozen=True)
class Backup:
    """What a backup holds: when it was made, the log's size and root, how many files and bytes."""

    made_at: str
    size: int
    root: str
    files: int
    bytes: int
    with_keys: bool


def make_backup(folder: DataFolder, target: Path, *, with_keys: bool = False) -> Backup:
    """Write a backup to `target`, which must not exist; the service may run.

    Raises `BackupError`, and leaves no backup there, if it is there or cannot be written.
    """
    if folder.settings().database is not None:
        detail = "the notary's rows are in PostgreSQL: have pg_basebackup or pg_dump back them up (docs/postgresql.md)"
        raise BackupError(str(target), detail)
    with whole_folder(target, "it is there already") as coming:
        _copy_database(folder.database, coming / "notary.db")
        if folder.accesses.is_file():
            _copy_database(folder.accesses, coming / "accesses.db")
        # After the database: what that names was there by then. Documents that came since do no harm.
        for name in _names(folder, with_keys):
            (coming / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # An erasure takes documents away meanwhile.
            with suppress(FileNotFoundError):
                shutil.copy2(folder.path / name, coming / name)
        manifest = _describe(DataFolder(coming), load_verifiers(folder)[0], with_keys)
        (coming / MANIFEST).write_bytes(orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2))
    return _summary(manifest)


def verify_backup(path: Path) -> tuple[Backup, Findings]:
    """Check every file of a backup, and hash the log in it again; return what it holds and what is wrong with it.

    Raises `BackupError` for what is no backup.
    """
    manifest, findings = _read_manifest(path), Findings()
    listed = {file.name: file for file in manifest.files}
    present = {str(item.relative_to(path)) for item in path.rglob("*") if item.is_file()} - {MANIFEST}
    for name in sorted(set(listed) ^ present):
        findings.place(name, "is not in the manifest" if name in present else "is missing")
    for name in sorted(set(listed) & present):
        if _digest(path, name) != listed[name]:
            findings.place(name, "was changed")
    if not findings.count:
        _check_database(path, manifest, findings)
    return _summary(manifest), findings


def restore_backup(path: Path, folder: DataFolder) -> Backup:
    """Put a backup into an empty data folder, and let nothing be signed there until the chain was asked.

    Raises `BackupError`, changing nothing, for a backup that is damaged and for a folder that is there.
    """
    summary, findings = verify_backup(path)
    if findings.count:
        first = findings.ordered()[0]
        raise BackupError(str(path), f"it is damaged: {first.place}: {first.text}")
    refusal = "it is there already: a backup is restored into an empty place"
    with whole_folder(folder.path, refusal) as coming:
        shutil.copytree(path, coming, ignore=shutil.ignore_patterns(MANIFEST), dirs_exist_ok=True)
        (coming / "keys").mkdir(exist_ok=True, mode=0o700)
        text = f"a backup of {summary.made_at} with {summary.size} entries, which the chain was not asked about yet"
        DataFolder(coming).hold.place("restored", text)
    return summary


def _copy_database(source: Path, target: Path) -> None:
    with translated(), closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new, pages=_AT_ONCE)


def _names(folder: DataFolder, with_keys: bool) -> Iterator[str]:
    yield from (name for name in _PLAIN if (folder.path / name).is_file())
    places = [folder.documents, *([folder.keys.path] if with_keys else [])]
    for place in places:
        for item in sorted(place.rglob("*")):
            name = str(item.relative_to(folder.path))
            if item.is_file() and name not in _PLAIN and item.parent != folder.documents / INCOMING:
                yield name


def _describe(folder: DataFolder, key: NoteVerifier, with_keys: bool) -> _Manifest:
    store = _open_log(folder)
    try:
        head = Log(store).head()
    finally:
        store.close()
    names = sorted(str(item.relative_to(folder.path)) for item in folder.path.rglob("*") if item.is_file())
    return _Manifest(
        format="loan-notary/backup@1",
        made_at=format_time(now()),
        size=head.size,
        root=head.root.hex(),
        log_key=key.format(),
        with_keys=with_keys,
        files=tuple(_digest(folder.path, name) for name in names),
    )


def _open_log(folder: DataFolder) -> SqliteStore:
    # The log needs no data key, and a backup has none: with this one no record opens.
    return SqliteStore(folder.database, Vault(DataKey(secrets.token_bytes(KEY_SIZE))))


def _read_manifest(path: Path) -> _Manifest:
    try:
        return _Manifest.model_validate_json((path / MANIFEST).read_bytes())
    except OSError as error:
        raise BackupError(str(path), error.strerror or type(error).__name__) from None
    except ValidationError:
        raise BackupError(str(path), f"{MANIFEST} is not of the format {FORMAT}") from None


def _digest(folder: Path, name: str) -> _File:
    with (folder / name).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return _File(name=name, size=file.tell(), sha256=digest)


def _summary(manifest: _Manifest) -> Backup:
    total = sum(file.size for file in manifest.files)
    return Backup(manifest.made_at, manifest.size, manifest.root, len(manifest.files), total, manifest.with_keys)


def _check_database(path: Path, manifest: _Manifest, findings: Findings) -> None:
    store = _open_log(DataFolder(path))
    try:
        for text in store.damage():
            findings.place("database", text)
        head = Log(store).head()
        if (head.size, head.root.hex()) != (manifest.size, manifest.root):
            findings.place("database", f"has {head.size} entries, and {MANIFEST} says {manifest.size}")
        key = parse_verifier(manifest.log_key)
        found = Scrubber(StoreSource(store), lambda: key, lambda _: None, _FULL_SPEED).scrub(threading.Event())
        if found is not None:
            findings.extend(found)
    finally:
        store.close()
