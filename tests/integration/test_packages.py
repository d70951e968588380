# SPDX-License-Identifier: Apache-2.0
"""Evidence packages: who gets one, what is in it, and that nothing in it can be changed, left out or smuggled in."""

import io
import json
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.parse import quote

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access.auth import hash_secret, new_api_key
from api.clock import now
from api.keys.log_keys import load_signer
from notary.access import ROLES, ApiKey, key_id
from notary.encoding import format_time
from notary.exports.tlog_proof import parse_tlog_proof, verify_tlog_proof
from notary.log.signed_note import NoteSigner
from notary.package.making import VERIFIER
from notary.package.manifest import HISTORY, MANIFEST, MEDIA_TYPE, MIMETYPE, parse_manifest
from notary.package.verification import PackageVerifier
from notary.receipts.acceptance import parse_rules
from notary.receipts.history_receipt import HistoryReceipt
from notary.receipts.report import Status, Verdict
from notary.receipts.verification import read_document
from tests.support import cose
from tests.support.api import Api, running_api
from tests.support.packages import LOAN, PDF, SCAN, SIGNATURE, failed, files_of, name_of, packed, record_loan, verify
from verifier import make_verifier

PATH = f"/v1/loans/{quote(LOAN, safe='')}/evidence.zip"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("packages") / "data") as api:
        yield api


@pytest.fixture(scope="module")
def ids(api: Api) -> list[str]:
    return record_loan(api)


@pytest.fixture(scope="module")
def package(api: Api, ids: list[str]) -> bytes:
    assert len(ids) == 2
    with api.get(PATH) as answer:
        assert (answer.status_code, answer.mimetype) == (200, MEDIA_TYPE)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        return answer.data


@pytest.fixture(scope="module")
def files(package: bytes) -> dict[str, bytes]:
    return files_of(package)


# --- what is in it


def test_it_holds_what_proves_the_loan(api: Api, package: bytes, files: dict[str, bytes]) -> None:
    key = load_signer(api.folder).verifier
    history = read_document(files[HISTORY])
    assert isinstance(history, HistoryReceipt)
    assert package[30:38] + package[38 : 38 + len(MEDIA_TYPE)] == b"mimetype" + MEDIA_TYPE.encode()
    assert files[f"documents/{name_of(PDF)}/document.pdf"] == PDF
    assert files[f"documents/{name_of(PDF)}/{name_of(SIGNATURE)}.p7s"] == SIGNATURE
    assert files[f"documents/{name_of(SCAN)}/document.bin"] == SCAN
    assert sum(name.startswith("documents/") for name in files) == 3
    assert json.loads(files["records/0000-agreement.json"]) == orjson.loads(history.records[0].envelope.payload)
    assert json.loads(files["records/0001-repayment.json"])["loan"] == LOAN
    for number, receipt in enumerate(history.records):
        proof = parse_tlog_proof(files[f"proofs/{number:04}.tlog-proof"])
        assert verify_tlog_proof(proof, files[f"proofs/{number:04}.entry"], key)
        assert proof.index == receipt.index
        assert cose.is_included(files[f"proofs/{number:04}.cose"], receipt.entry(), key.public_key)
    assert files["checkpoint/checkpoint.txt"].decode() == history.checkpoint
    assert files["checkpoint/log-key.txt"].decode() == key.format() + "\n"
    rules = parse_rules(files["policy.json"])
    assert (rules.environment, rules.log_keys) == ("test", (key.format(),))
    assert "测试环境" in files["README.zh.md"].decode()
    assert "**TEST.**" in files["README.en.md"].decode()


def test_the_manifest_names_every_other_file(api: Api, files: dict[str, bytes]) -> None:
    manifest = parse_manifest(files[MANIFEST])
    assert {item.name: (item.sha256, item.size) for item in manifest.files} == {
        name: (name_of(data), len(data)) for name, data in files.items() if name != MANIFEST
    }
    assert (manifest.loan, manifest.lender) == (LOAN, api.bank.lender.name)


def test_the_same_log_gives_the_same_bytes(api: Api, package: bytes) -> None:
    assert package
    with api.get(PATH) as first, api.get(PATH) as second:
        assert first.data == second.data


def test_it_is_for_the_lender(api: Api, package: bytes) -> None:
    assert package
    assert api.get(PATH, by=api.other).status_code == 404
    assert api.get("/v1/loans/nobody/evidence.zip").status_code == 404
    assert api.app.test_client().get(PATH).status_code == 401


def test_an_auditor_gets_it_once_it_was_granted(api: Api, package: bytes, ids: list[str]) -> None:
    made, secret = api.services.access.add_organisation("The auditor", "auditor", now()), new_api_key()
    digest = hash_secret(secret)
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["auditor"], now()), digest)
    headers = {"Authorization": f"Bearer {secret}"}
    lender = f"?lender={api.bank.lender.number}"

    def ask() -> list[int]:
        client, status = api.app.test_client(), []
        for path in (PATH, f"/v1/records/{ids[0]}/certificate.pdf"):
            with client.get(path + lender, headers=headers) as answer:
                status.append(answer.status_code)
        return status

    assert ask() == [404, 404]
    body = orjson.dumps({"auditor": made.number, "loan": LOAN, "expires_at": format_time(now() + 60_000)})
    assert api.request("POST", "/v1/grants", body).status_code == 201
    assert ask() == [200, 200]
    assert package


def test_a_loan_pass_opens_it(api: Api, package: bytes) -> None:
    answer = api.request("POST", "/v1/passes", orjson.dumps({"loan": LOAN, "expires_at": format_time(now() + 60_000)}))
    assert answer.status_code == 201, answer.json
    secret = answer.json["secret"]
    client = api.app.test_client()
    with client.get("/v1/my-loan/evidence.zip", headers={"Authorization": f"Bearer {secret}"}) as got:
        assert got.status_code == 200
        found = files_of(got.data)
    # That the pass was made stands in the log, so the checkpoint is a later one; the loan's records are the same.
    for name in ("records/0000-agreement.json", "proofs/0001.entry", f"documents/{name_of(PDF)}/document.pdf"):
        assert found[name] == files_of(package)[name]
    assert client.get("/v1/my-loan/evidence.zip").status_code == 401


def test_nothing_is_left_of_it_in_the_data_folder(api: Api, package: bytes) -> None:
    assert package
    before = sorted(api.folder.path.iterdir())
    api.get(PATH).close()
    assert sorted(api.folder.path.iterdir()) == before


def test_a_document_that_is_not_the_one_on_disk_is_not_passed_on(api: Api, package: bytes) -> None:
    assert package
    path = api.services.files.find(api.bank.lender.number, name_of(SCAN)).path
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        assert api.get(PATH).status_code == 500
    finally:
        path.write_bytes(before)


# --- verifying it


def test_it_verifies_offline(api: Api, package: bytes, tmp_path: Path) -> None:
    report = verify(tmp_path / "p.zip", package, log_key=load_signer(api.folder).verifier)
    assert (report.verdict, failed(report)) == (Verdict.VALID, {})
    links = [check.link for check in report.checks]
    assert links[:4] == ["container", "manifest", "files", "contents"]
    assert links.count("document") == 2
    assert {"seal", "record", "inclusion", "completeness"} <= set(links)
    assert report.facts["loan"] == LOAN
    assert report.loan is not None


def test_it_verifies_after_it_was_unpacked_and_packed_again(files: dict[str, bytes], tmp_path: Path) -> None:
    report = verify(tmp_path / "p.zip", packed(files, zipfile.ZIP_DEFLATED))
    assert report.verdict is Verdict.VALID


def test_another_log_s_key_is_not_taken(package: bytes, tmp_path: Path) -> None:
    report = verify(
        tmp_path / "p.zip", package, log_key=NoteSigner("other.example", Ed25519PrivateKey.generate()).verifier
    )
    assert report.verdict is Verdict.INVALID
    assert "seal" in failed(report)


def test_every_file_that_is_changed_is_named(files: dict[str, bytes], tmp_path: Path) -> None:
    draw = random.Random(7)
    for name, data in files.items():
        if name in (MIMETYPE, MANIFEST):
            continue
        place = draw.randrange(len(data))
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        for other in (changed, data + b"\n", data[:-1], b""):
            report = verify(tmp_path / "p.zip", packed({**files, name: other}))
            assert report.verdict is Verdict.INVALID, name
            assert name in failed(report)["files"]


def test_a_changed_manifest_or_mimetype_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    manifest = files[MANIFEST]
    for change, link in (
        (manifest.replace(b'"environment":"test"', b'"environment":"production"'), "manifest"),
        (manifest.replace(LOAN.encode(), "另一".encode()), "manifest"),
        (manifest.replace(b'"size":', b'"size": '), "manifest"),
        (manifest.replace(b"package@1", b"package@2"), "manifest"),
        (b"{}", "manifest"),
        (b"", "manifest"),
    ):
        assert change != manifest
        found = failed(verify(tmp_path / "p.zip", packed({**files, MANIFEST: change})))
        assert link in found
    found = failed(verify(tmp_path / "p.zip", packed({**files, MIMETYPE: b"application/zip"})))
    assert list(found) == ["container"]


def test_a_file_left_out_or_smuggled_in_is_named(files: dict[str, bytes], tmp_path: Path) -> None:
    for name in files:
        if name not in (MIMETYPE, MANIFEST):
            left = {key: data for key, data in files.items() if key != name}
            assert f"{name} is missing" in failed(verify(tmp_path / "p.zip", packed(left)))["files"]
    found = failed(verify(tmp_path / "p.zip", packed({**files, "records/9999-waiver.json": b"{}"})))
    assert found == {"files": "/: records/9999-waiver.json is not in the manifest"}


def resealed(api: Api, files: dict[str, bytes], too_much: int = 0, **about: Any) -> dict[str, bytes]:
    """Return files with a manifest that fits them, sealed by the log: what a notary that cheats could make.

    By `too_much` its sizes are wrong; it says `about` the loan what is given.
    """
    manifest = parse_manifest(files[MANIFEST])
    listed = [type(manifest.files[0])(name, name_of(data), len(data) + too_much) for name, data in files.items()]
    made = replace(manifest, files=tuple(item for item in listed if item.name != MANIFEST), **about)
    return {**files, MANIFEST: made.sealed(load_signer(api.folder))}


def test_the_notary_cannot_show_other_records_than_it_proves(api: Api, files: dict[str, bytes], tmp_path: Path) -> None:
    assert verify(tmp_path / "p.zip", packed(resealed(api, files))).verdict is Verdict.VALID
    assert "files" in failed(verify(tmp_path / "p.zip", packed(resealed(api, files, 1))))
    names = [name for name in files if name.startswith(("records/", "keys/", "checkpoint/")) or name == "policy.json"]
    assert len(names) >= 5
    for name in [*names, "proofs/0000.tlog-proof", "proofs/0001.entry"]:
        for content in (files[name] + b" ", b"\0" + files[name][1:]):
            found = failed(verify(tmp_path / "p.zip", packed(resealed(api, {**files, name: content}))))
            assert list(found) == ["contents"], name
            assert name in found["contents"]
    for about in ({"loan": "another"}, {"lender": "another"}, {"environment": "production"}):
        found = failed(verify(tmp_path / "p.zip", packed(resealed(api, files, **about))))
        assert "is not about the loan" in found["contents"]
    other = f"documents/{name_of(b'other')}/document.pdf"
    found = failed(verify(tmp_path / "p.zip", packed(resealed(api, {**files, other: b"other"}))))
    assert list(found) == ["document"]
    wrong = {**files, f"documents/{name_of(PDF)}/document.pdf": PDF + b" "}
    assert "is named by" in failed(verify(tmp_path / "p.zip", packed(resealed(api, wrong))))["files"]


# --- odd archives


def broken(package: bytes, files: dict[str, bytes]) -> dict[str, bytes]:
    """Return archives that are refused as such."""
    names = list(files)
    rest = {name: files[name] for name in names if name != MIMETYPE}
    found = {
        "empty": b"",
        "no archive": b"PK but nothing more, though it is longer than the end of an archive",
        "truncated at the end": package[:-1],
        "truncated in the middle": package[: len(package) // 2],
        "appended": package + b"x",
        "prepended": b"x" + package,
        "mimetype is not first": packed({**rest, MIMETYPE: files[MIMETYPE]}),
        "no mimetype": packed(rest),
        "mimetype is compressed": packed(files, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED),
        "behind something else": packed(files, begins=b"#!/bin/sh\n"),
        "path up": packed({**files, "../evil": b"x"}),
        "absolute": packed({**files, "/evil": b"x"}),
        "backslash": packed({**files, "a\\b": b"x"}),
        "folder": packed({**files, "folder/": b""}),
        "hidden": packed({**files, ".hidden": b"x"}),
        "not ASCII": packed({**files, "证据": b"x"}),
        "same but for case": packed({**files, "History.json": b"x"}),
        "lzma": packed(files, zipfile.ZIP_LZMA),
        "bomb": packed({**files, "bomb": bytes(51 * 1024 * 1024)}, zipfile.ZIP_DEFLATED),
    }
    buffer = io.BytesIO(package)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(HISTORY, files[HISTORY])
    return {**found, "twice": buffer.getvalue(), "encrypted": flagged(package), "overlapping": overlapping(package)}


def flagged(package: bytes) -> bytes:
    """Return a package whose last file claims to be encrypted."""
    place = package.rindex(b"PK\1\2") + 8
    return package[:place] + struct.pack("<H", 1) + package[place + 2 :]


def overlapping(package: bytes) -> bytes:
    """Return a package whose last file is said to begin one byte earlier than the one before it ends."""
    place = package.rindex(b"PK\1\2") + 42
    (offset,) = struct.unpack_from("<I", package, place)
    return package[:place] + struct.pack("<I", offset - 1) + package[place + 4 :]


def test_odd_archives_are_refused(package: bytes, files: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in broken(package, files).items():
        report = verify(tmp_path / "p.zip", data)
        assert (name, list(failed(report)), len(report.checks)) == (name, ["container"], 1)


def test_a_file_whose_bytes_were_changed_inside_the_archive_is_named(
    package: bytes, files: dict[str, bytes], tmp_path: Path
) -> None:
    for name in ("README.en.md", f"documents/{name_of(SCAN)}/document.bin", HISTORY):
        place = package.index(files[name]) + len(files[name]) // 2
        changed = package[:place] + bytes([package[place] ^ 1]) + package[place + 1 :]
        report = verify(tmp_path / "p.zip", changed)
        assert report.verdict is Verdict.INVALID
        assert name in failed(report)["files"]


def test_any_byte_changed_never_ends_in_an_exception_nor_in_valid_evidence(package: bytes, tmp_path: Path) -> None:
    draw = random.Random(11)
    ends = [*range(64), *range(len(package) - 4000, len(package))]
    for place in draw.sample(ends, 150):
        changed = package[:place] + bytes([package[place] ^ (1 << draw.randrange(8))]) + package[place + 1 :]
        report = verify(tmp_path / "p.zip", changed)
        # Dates and the like in headers of the archive are no evidence.
        assert report.verdict in (Verdict.VALID, Verdict.INVALID), report.checks


def test_a_package_that_is_away_is_no_forgery(tmp_path: Path) -> None:
    report = PackageVerifier(make_verifier()).verify(tmp_path / "nothing.zip")
    assert report.verdict is Verdict.CANNOT_TELL
    assert [(check.link, check.status) for check in report.checks] == [("container", Status.UNKNOWN)]


def test_the_verifier_in_the_package_verifies_the_package(
    api: Api, package: bytes, files: dict[str, bytes], tmp_path: Path
) -> None:
    tool, good, bad = tmp_path / "verify.pyz", tmp_path / "good.zip", tmp_path / "bad.zip"
    tool.write_bytes(files[VERIFIER])
    good.write_bytes(package)
    bad.write_bytes(package[:-1])
    key = load_signer(api.folder).verifier.format()

    def run(*arguments: str | Path) -> tuple[int, list[str]]:
        command = [sys.executable, "-I", tool, "--json", "--log-key", key, *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, [json.loads(line)["verdict"] for line in done.stdout.splitlines()]

    assert run(good) == (0, ["valid"])
    assert run(good, bad) == (1, ["valid", "invalid"])
    assert run("--production", good) == (1, ["invalid"])
    assert run(tmp_path / "nothing.zip") == (2, ANY)
