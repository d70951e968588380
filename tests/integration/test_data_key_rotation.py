# SPDX-License-Identifier: Apache-2.0
"""A new data key while the notary runs: everything opens before, during and after, and the old key opens nothing."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest

from api.databases import open_store
from api.folders.locks import log_lock
from api.folders.state_files import locked
from api.jobs.worker import Worker
from api.keys.data_keys import open_data_key
from api.keys.data_rotation import DataKeyRotated, rotate_data_key
from api.keys.rotation import begin_anchor_rotation, rotate_log_key
from api.settings import DataFolder
from notary.errors import CorruptLogError, DataKeyError, UnavailableError
from notary.privacy.data_key import DataKey
from notary.privacy.sealed_file import MAGIC
from notary.privacy.vault import Vault
from notary.records.administration import ADMINISTRATION
from notary.stores.sqlite import SqliteStore
from tests.support.api import Api, agreement, api_over, make_folder, repayment, served, socket_folder
from tests.support.cli import document, run
from tests.support.service import until
from tests.support.spellings import files_under, found_in
from tests.support.token import PIN, PIN_VARIABLE, token_place

DOCUMENT = b"the words of a contract"
DIGEST = sha256(DOCUMENT).hexdigest()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    folder = make_folder(tmp_path / "data")
    with (
        socket_folder() as sockets,
        log_lock(folder, wait=0),
        served(folder, sockets / "writer"),
        api_over(folder, sockets / "writer") as api,
    ):
        folder.writer_address.write_text(str(sockets / "writer"))
        path = f"/v1/documents/{DIGEST}"
        assert api.request("PUT", path, DOCUMENT, media_type="text/plain").status_code == 201
        for loan in ("L-1", "L-2", "L-3"):
            assert api.submit(agreement(loan, api.bank)).status_code == 201
        yield api


def everything_opens(api: Api) -> None:
    for loan in ("L-1", "L-2", "L-3"):
        assert api.get(f"/v1/loans/{loan}").status_code == 200
    with api.get(f"/v1/documents/{DIGEST}") as got:
        assert got.data == DOCUMENT
    fresh = open_store(api.folder)
    assert len(fresh.loan_records(api.bank.lender.number, "L-1")) >= 1
    fresh.close()


def wrapped(api: Api) -> dict[str, bytes]:
    """Return all that the data key has wrapped, by where it stands."""
    with closing(sqlite3.connect(api.folder.database)) as connection:
        found = {f"loan {key}": value for key, value in connection.execute("SELECT loan_id, wrapped FROM loan_keys")}
        rows = connection.execute("SELECT organisation, wrapped FROM organisation_keys")
        found |= {f"organisation {key}": value for key, value in rows}
    for path in api.folder.documents.glob("[0-9]*/*"):
        found[path.name] = path.read_bytes()[len(MAGIC) + 2 :][:68]
    for folder in (api.folder.jobs, api.folder.audits):
        found |= {path.parent.name: path.read_bytes()[len(MAGIC) + 2 :] for path in folder.glob("*/*/key")}
    return found


def acts(api: Api) -> list[dict[str, Any]]:
    numbers = [item.number for item in api.services.access.organisations() if item.role == "operator"]
    records = [item for number in numbers for item in api.services.store.loan_records(number, ADMINISTRATION)]
    return [orjson.loads(item.payload) for item in records]


def test_all_is_wrapped_anew_where_it_stands_and_the_old_key_is_gone(api: Api) -> None:
    old_file = api.folder.keys.path / "data.key"
    old = DataKey(bytes.fromhex(old_file.read_text().strip()))
    assert api.request("DELETE", "/v1/loans/L-3").status_code == 200
    before = wrapped(api)
    done = rotate_data_key(api.folder)
    after = wrapped(api)
    assert (done.old, done.old_removed, old_file.exists()) == (old.id.hex(), True, False)
    erased = [name for name, value in before.items() if not value.strip(b"\0")]
    assert len(erased) == 1
    assert before.keys() <= after.keys()
    for name, value in after.items():
        if name in erased:
            assert value == before[name]
            continue
        assert value[:8].hex() == done.new
        assert name not in before or (len(value) == len(before[name]) and value != before[name])
    # The operator's own organisation is new, and its administration, which tells of the rotation.
    assert done.rewrapped == sum(value[:8] == old.id for value in before.values()) + 2
    assert [(item["act"], item["subject"]) for item in acts(api)][-1] == ("data_key.rotate", done.new)
    assert old.id not in b"".join(after.values())
    with pytest.raises(DataKeyError):
        SqliteStore(api.folder.database, Vault(old)).loan_records(api.bank.lender.number, "L-1")


def test_who_runs_meanwhile_goes_on_with_the_new_key(api: Api) -> None:
    everything_opens(api)
    done = rotate_data_key(api.folder)
    for loan in ("L-1", "L-2", "L-3"):
        assert api.get(f"/v1/loans/{loan}/receipt").status_code == 200
    fresh = b"deposited with the new key"
    path = f"/v1/documents/{sha256(fresh).hexdigest()}"
    assert api.request("PUT", path, fresh, media_type="text/plain").status_code == 201
    everything_opens(api)
    again = rotate_data_key(api.folder)
    assert (again.old, again.place) == (done.new, "file:data-3.key")
    everything_opens(api)


def test_jobs_and_audits_go_on_with_the_new_key(api: Api) -> None:
    line = orjson.dumps(repayment("L-1"))
    job = api.request("POST", "/v1/jobs").json["id"]
    for number, part in enumerate((line[:50], line[50:]), 1):
        path = f"/v1/jobs/{job}/parts/{number}"
        if number == 2:
            done = rotate_data_key(api.folder)
        assert api.request("PUT", path, part, media_type="application/x-ndjson").status_code == 201
    audit = api.request("POST", "/v1/audits", b'{"kind":"log"}').json["id"]
    keys = wrapped(api)
    assert {len(keys[name]) for name in (job, audit)} == {68}
    assert {keys[name][:8].hex() for name in (job, audit)} == {done.new}
    assert api.request("POST", f"/v1/jobs/{job}/start").status_code == 202
    worker = Worker(api.services, api.services.jobs)
    while worker.round():
        pass
    assert orjson.loads(api.get(f"/v1/jobs/{job}/results").data)["status"] == 201
    before = wrapped(api)
    again = rotate_data_key(api.folder)
    assert again.rewrapped == sum(value[:8].hex() == done.new for value in before.values())
    assert {wrapped(api)[name][:8].hex() for name in (job, audit)} == {again.new}
    assert api.get(f"/v1/audits/{audit}").json["state"] == "waiting"
    assert orjson.loads(api.get(f"/v1/jobs/{job}/results").data)["status"] == 201


def test_an_upload_that_began_before_is_wrapped_anew_too(api: Api) -> None:
    files, lender = api.services.files, api.bank.lender.number
    with files.receive(lender) as coming:
        # Less than a buffer holds: the front of the file must be on its way all the same.
        coming.write(DOCUMENT)
        done = rotate_data_key(api.folder)
        coming.write(DOCUMENT * 9_999 + b"and the rest")
        coming.sync()
        coming.keep("ab" * 32)
    with files.find(lender, "ab" * 32).open() as file:
        assert file.read() == DOCUMENT * 10_000 + b"and the rest"
    assert wrapped(api)["ab" * 32][:8].hex() == done.new


def test_an_upload_that_a_kill_cut_short_at_once_is_passed_over(api: Api) -> None:
    incoming = api.folder.documents / "incoming"
    (incoming / f"{api.bank.lender.number}-left").touch()
    assert rotate_data_key(api.folder).old_removed
    everything_opens(api)


def test_an_upload_that_has_no_header_yet_is_waited_for(api: Api) -> None:
    files, lender, done = api.services.files, api.bank.lender.number, list[DataKeyRotated]()
    rotating = Thread(target=lambda: done.append(rotate_data_key(api.folder)))
    incoming = os.open(api.folder.documents / "incoming", os.O_RDONLY)
    try:
        # As an upload does until its header stands; then comes one, as if by the same process.
        fcntl.flock(incoming, fcntl.LOCK_SH)
        rotating.start()
        until(lambda: bool(done) or api.folder.keys.load().data_next is not None, "the rotation has begun")
        rotating.join(0.5)
        assert rotating.is_alive()
        with files.receive(lender) as coming:
            coming.write(DOCUMENT)
            coming.sync()
            coming.keep("cd" * 32)
    finally:
        os.close(incoming)
    rotating.join()
    assert wrapped(api)["cd" * 32][:8].hex() == done[0].new


def test_what_was_interrupted_goes_on_with_the_same_key(api: Api) -> None:
    place = api.folder.documents / str(api.bank.lender.number) / DIGEST
    whole = place.read_bytes()
    place.write_bytes(b"?" + whole[1:])
    with pytest.raises(CorruptLogError):
        rotate_data_key(api.folder)
    config = api.folder.keys.load()
    assert (config.data, config.data_next) == ("file:data.key", "file:data-2.key")
    place.write_bytes(whole)
    # Loans are wrapped with the new key by now, the document with the old one.
    everything_opens(api)
    new = open_data_key(api.folder.keys, config, "file:data-2.key")
    done = rotate_data_key(api.folder, to="file:another.key")
    assert (done.new, done.place, done.rewrapped) == (new.id.hex(), "file:data-2.key", 1)
    assert [item["act"] for item in acts(api)].count("data_key.rotate") == 1
    everything_opens(api)


def test_what_others_change_in_keys_json_meanwhile_stays_and_nobody_else_rotates(api: Api) -> None:
    job = api.request("POST", "/v1/jobs").json["id"]
    keys, done = api.folder.keys, list[DataKeyRotated]()
    rotating = Thread(target=lambda: done.append(rotate_data_key(api.folder)))
    with locked(api.folder.jobs / str(api.bank.lender.number)):
        rotating.start()
        until(lambda: keys.load().data_next is not None, "the rotation has begun")
        rotations: list[Callable[[DataFolder], object]] = [
            begin_anchor_rotation,
            partial(rotate_log_key, overlap=0),
            rotate_data_key,
        ]
        for rotate in rotations:
            with pytest.raises(UnavailableError, match="another command rotates"):
                rotate(api.folder)
        # As the running service does at the end of a rotation that was asked for before.
        keys.save(keys.load().model_copy(update={"anchor": "file:anchor-2.key"}))
    rotating.join()
    config = keys.load()
    assert (config.anchor, config.data, config.data_next) == ("file:anchor-2.key", done[0].place, None)
    assert wrapped(api)[job][:8].hex() == done[0].new


def test_no_key_is_told_in_what_the_command_says_or_writes(api: Api) -> None:
    old = (api.folder.keys.path / "data.key").read_text().strip()
    shown = run("notary-keys", "rotate", "data", "--data", api.folder.path, "--json")
    told = document(shown)
    assert (told["place"], told["old_removed"]) == ("file:data-2.key", True)
    new = (api.folder.keys.path / "data-2.key").read_text().strip()
    assert old not in shown.output
    assert new not in shown.output
    assert list(found_in(files_under(api.folder.path), [old.encode(), bytes.fromhex(old)])) == []
    rows = document(run("notary-keys", "show", "--data", api.folder.path, "--json"))
    assert [row["place"] for row in rows if row["purpose"] == "data"] == ["file:data-2.key"]


def test_the_data_key_moves_into_a_token_and_on_to_another(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PIN_VARIABLE, PIN)
    first = token_place(f"data-{api.folder.path.parent.name[-8:]}")
    done = rotate_data_key(api.folder, to=first)
    assert (done.place, done.old_removed) == (first, True)
    everything_opens(api)
    assert api.submit(agreement("L-4", api.bank)).status_code == 201
    assert api.submit(repayment("L-1")).status_code == 201
    again = rotate_data_key(api.folder)
    assert again.place != first
    everything_opens(api)
    with pytest.raises(DataKeyError):
        open_data_key(api.folder.keys, api.folder.keys.load(), first)


def test_a_notary_is_made_with_its_data_key_in_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PIN_VARIABLE, PIN)
    folder, place = tmp_path / "data", token_place("data-made")
    assert run("init", "--data", folder, "--data-key", place).exit_code == 0
    assert run("init", "--data", folder).exit_code == 0
    assert not (folder / "keys" / "data.key").exists()
    assert run("add-lender", "--data", folder, "Sample Bank").exit_code == 0
