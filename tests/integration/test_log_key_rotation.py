# SPDX-License-Identifier: Apache-2.0
"""A log's key is changed while the API serves: what is signed before, meanwhile and after, and who can verify it."""

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest

from api.databases import open_store
from api.keys.log_keys import LogKeys, load_signer, verifiers
from api.keys.rotation import rotate_log_key
from api.settings import DataFolder
from notary.encoding import b64
from notary.errors import CorruptLogError, InvalidInputError, KeyUnavailableError
from notary.exports.tlog_proof import parse_tlog_proof, verify_tlog_proof
from notary.log.anchors import LogHead
from notary.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from notary.log.key_history import parse_history, related_keys, write_history
from notary.log.sequencer import Sequencer
from notary.log.signed_note import NoteVerifier, parse_verifier
from notary.log.timestamps import Timestamp
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Report, Status
from notary.receipts.timestamp_tokens import make_request, open_reply
from tests.support.api import Api, agreement, make_folder, rotatable_api
from tests.support.authority import SampleAuthority
from tests.support.browser_verifier import running_verifier
from tests.support.builders import CREATED, NOW, add_lender, anchor_of, history
from tests.support.cli import document, run
from verifier import make_verifier

DAY = 24 * 3_600_000
GOOD = {"seal", "record", "checkpoint", "inclusion"}


@dataclass(frozen=True)
class Stage:
    """A notary that serves, a record under an anchored and timestamped checkpoint, and the key of that time."""

    api: Api
    record: str
    key: NoteVerifier
    authority: SampleAuthority

    @property
    def folder(self) -> DataFolder:
        return self.api.folder

    def receipt(self, record: str) -> bytes:
        return self.api.get(f"/v1/records/{record}/receipt").data

    def history(self) -> tuple[NoteVerifier, ...]:
        """The keys that the published history ties to the first."""
        served = self.api.app.test_client().get("/log/keys")
        assert (served.status_code, served.mimetype) == (200, "application/json")
        assert served.data == write_history(self.folder.keys.load().successions)
        return related_keys(self.key, parse_history(served.data))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = make_folder(tmp_path / "data")
    with ExitStack() as stack:
        api = stack.enter_context(rotatable_api(folder))
        value = agreement("R-1", api.bank)
        assert api.submit(value).status_code == 201
        head = api.services.log.head()
        authority = SampleAuthority.create(tmp_path / "authority")
        request = make_request(head.checkpoint)
        token = open_reply(authority.reply(request.as_bytes()), request)
        api.services.store.save_anchor(anchor_of(head))
        api.services.store.save_timestamp(Timestamp(head.size, "http://tsa.example", 1, head.checkpoint, token))
        yield Stage(api, value["id"], verifiers(folder.keys, folder.settings().origin, int)[0], authority)


def ok(report: Report) -> set[str]:
    return {check.link for check in report.checks if check.status is Status.OK}


def test_after_a_rotation_everything_old_verifies_with_the_new_key_and_by_the_history(stage: Stage) -> None:
    before = stage.receipt(stage.record)
    done = rotate_log_key(stage.folder, 0)
    new = parse_verifier(done.new)
    assert (done.old, parse_receipt(before).log_key) == (stage.key.format(), stage.key.format())
    # At once, with no record after it: the checkpoint, as anybody fetches it, is the new key's.
    assert open_checkpoint(stage.api.get("/log/checkpoint").text, new).size == stage.api.services.log.head().size
    after = stage.receipt(stage.record)
    assert parse_receipt(after).log_key == done.new
    assert parse_receipt(after).checkpoint.startswith(parse_receipt(before).checkpoint)
    authorities = [stage.authority.root.certificate]
    for data in (after, stage.api.get("/v1/loans/R-1/receipt").data):
        report = make_verifier(new, authorities=authorities).verify(data)
        assert ok(report) >= {"seal", "checkpoint", "inclusion", "time"}
        assert "seal" not in ok(make_verifier(stage.key).verify(data))
        told = make_verifier(stage.key, related=stage.history()).verify(data)
        assert ok(told) >= {"seal", "checkpoint", "inclusion"}
        assert any("a key history ties" in sentence for sentence in told.trusted)
    # A receipt of before goes on verifying with the key that it names, and by the history from the new one.
    assert ok(make_verifier(stage.key).verify(before)) >= GOOD
    assert (
        ok(
            make_verifier(
                new, related=related_keys(new, parse_history(write_history(stage.folder.keys.load().successions)))
            ).verify(before)
        )
        >= GOOD
    )
    assert "seal" not in ok(make_verifier(new).verify(before))


def test_the_other_verifier_agrees(stage: Stage) -> None:
    before = stage.receipt(stage.record)
    done = rotate_log_key(stage.folder, 0)
    page = stage.api.app.test_client().get("/check").text
    [told] = re.findall(f'data-log-key="{re.escape(done.new)}" data-key-history="([^"]*)"', page)
    history = html.unescape(told).encode()
    assert history == stage.api.get("/log/keys").data
    with running_verifier() as browser:
        for receipt in (before, stage.receipt(stage.record)):
            report = browser.ask("receipt", receipt, log_key=done.new, key_history=b64(history))
            statuses = {check["link"]: check["status"] for check in report["checks"]}
            assert {link: statuses[link] for link in GOOD} == dict.fromkeys(GOOD, "ok")


def test_fresh_receipts_certificates_packages_and_exports_are_the_new_key_s(stage: Stage) -> None:
    done = rotate_log_key(stage.folder, 0)
    new = parse_verifier(done.new)
    value = agreement("R-2", stage.api.bank)
    fresh = stage.api.submit(value).data
    assert ok(make_verifier(new).verify(fresh)) >= GOOD
    assert stage.api.get(f"/v1/records/{value['id']}/certificate.pdf").data.startswith(b"%PDF-")
    path = f"/v1/records/{stage.record}"
    package = stage.folder.path / "package.zip"
    with stage.api.get("/v1/loans/R-1/evidence.zip") as answer:
        package.write_bytes(answer.data)
    shown = document(run("verify", package, "--log-key", done.new, "--json"))
    assert {item["link"]: item["status"] for item in shown["checks"]}["manifest"] == "ok"
    proof = parse_tlog_proof(stage.api.get(f"{path}/proof.tlog-proof").data)
    entry = next(stage.api.services.store.entries(proof.index, proof.index + 1))
    assert verify_tlog_proof(proof, entry, new).origin == new.name
    assert stage.api.get(f"{path}/receipt.cose").status_code == 200
    told = stage.api.request("POST", "/v1/verify", fresh).json
    assert {item["link"]: item["status"] for item in told["checks"]}["seal"] == "ok"


def test_during_the_overlap_both_sign_and_the_old_one_seals(stage: Stage) -> None:
    done = rotate_log_key(stage.folder, DAY)
    note = stage.api.get("/log/checkpoint").text
    assert note.count("\n— ") == 2
    fresh = stage.api.submit(agreement("R-2", stage.api.bank)).data
    assert parse_receipt(fresh).log_key == done.old
    for key in (stage.key, parse_verifier(done.new)):
        assert open_checkpoint(parse_receipt(fresh).checkpoint, key)
    with pytest.raises(InvalidInputError, match="an earlier key signs until"):
        rotate_log_key(stage.folder, 0)
    assert len(stage.folder.keys.load().log) == 2


def test_a_list_that_was_begun_before_goes_on(stage: Stage) -> None:
    assert stage.api.submit(agreement("R-2", stage.api.bank)).status_code == 201
    first = stage.api.get("/v1/records?limit=1").json
    rotate_log_key(stage.folder, 0)
    again = stage.api.get(first["next"])
    assert again.status_code == 200, again.data


def test_the_rotation_is_a_record_of_the_operator_s_and_the_audit_is_clean(stage: Stage) -> None:
    done = rotate_log_key(stage.folder, 0)
    [operator] = [item for item in stage.api.services.store.organisations() if item.role == "operator"]
    records = stage.api.services.store.lender_records(operator.number, 0, 10**6, 10)
    acts = [orjson.loads(record.payload) for record in records]
    assert [(item["act"], item["subject"]) for item in acts][-1] == ("log_key.rotate", done.new)
    rotate_log_key(stage.folder, 0)
    assert [item.role for item in stage.api.services.store.organisations()].count("operator") == 1
    report = document(run("audit", "--data", stage.folder.path, "--rpc", "http://127.0.0.1:9", "--json"))
    assert report["findings"] == []
    assert len(stage.history()) == 2


def test_nothing_is_signed_again_that_the_log_does_not_hash_to(stage: Stage) -> None:
    # Whoever has the database and the old key: an anchor of another root, well signed.
    head = stage.api.services.log.head()
    old = load_signer(stage.folder)
    forged = sign_checkpoint(Checkpoint(old.verifier.name, head.size, b"\1" * 32), old)
    stage.api.services.store.save_anchor(anchor_of(LogHead(head.size, b"\1" * 32, forged)))
    with closing(sqlite3.connect(stage.folder.database)) as connection, connection:
        connection.execute("DELETE FROM timestamps")
    rotate_log_key(stage.folder, 0)
    answer = stage.api.get(f"/v1/records/{stage.record}/receipt")
    assert answer.status_code == 500
    assert stage.api.get(f"/v1/records/{stage.record}/proof.tlog-proof").status_code == 500
    unsigned = forged.replace(old.verifier.name, "other.example/log")
    stage.api.services.store.save_anchor(replace(anchor_of(head), checkpoint=unsigned))
    assert stage.api.get(f"/v1/records/{stage.record}/receipt").status_code == 500


# --- the keys of a moment


class Clock:
    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def test_who_signs_follows_the_clock(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data")
    origin = folder.settings().origin
    clock = Clock(0)
    keys = LogKeys(folder.keys, origin, clock)
    first = keys.current()
    assert keys.current() is first
    done = rotate_log_key(folder, DAY)
    old, new = parse_verifier(done.old), parse_verifier(done.new)
    clock.now = done.until - 1
    assert keys.current().known == (old, new)
    assert keys.current() is keys.current()
    clock.now = done.until
    assert keys.current().known == (new, old)
    assert keys.current().sign_note("x\n").count("\n— ") == 1
    assert verifiers(folder.keys, origin, lambda: done.until - 1) == (old, new)
    assert verifiers(folder.keys, origin, lambda: done.until) == (new, old)
    # What ended may be deleted: nobody opens it again.
    (folder.keys.path / "log.pem").unlink()
    assert LogKeys(folder.keys, origin, clock).current().known == (new, old)


def test_another_key_in_the_place_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data")
    rotate_log_key(folder, DAY)
    other = make_folder(tmp_path / "other")
    (folder.keys.path / "log-2.pem").write_bytes((other.keys.path / "log.pem").read_bytes())
    with pytest.raises(KeyUnavailableError, match="another key"):
        load_signer(folder)


def test_the_sequencer_begins_again_under_whichever_key_signed_last(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "data")
    store = open_store(folder)
    add_lender(store, "示范银行", b"\0" * 32, NOW)
    Sequencer(store, load_signer(folder), CREATED).append(history("L", 3))
    done = rotate_log_key(folder, 0)
    (folder.keys.path / "log.pem").unlink()
    sequencer = Sequencer(open_store(folder), load_signer(folder), CREATED)
    sequencer.append(history("M", 2, first=100))
    head = open_store(folder).head()
    assert head is not None
    assert open_checkpoint(head.checkpoint, parse_verifier(done.new)).size == head.size
    # A key that the history does not know has signed nothing here.
    folder.keys.save(folder.keys.load().model_copy(update={"log": (), "first_log": "file:stranger.pem"}))
    other = make_folder(tmp_path / "other")
    (folder.keys.path / "stranger.pem").write_bytes((other.keys.path / "log.pem").read_bytes())
    (folder.keys.path / "stranger.pem").chmod(0o600)
    with pytest.raises(CorruptLogError, match="log's key"):
        Sequencer(open_store(folder), load_signer(folder), CREATED)
