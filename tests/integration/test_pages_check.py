# SPDX-License-Identifier: Apache-2.0
"""The check page: what the server sends, and what the page's own code answers."""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SM3, Hash

from api.pages.language import LANGUAGES
from api.static_files import STATIC
from notary.canonical import canonical_json, parse_json
from notary.encoding import b64
from notary.lifecycle import STAGES
from notary.receipts.qr_proof import write_qr
from notary.records import RECORD_TYPES
from tests.support import vector_receipts as make
from tests.support.api import Api, running_api
from tests.support.browser_verifier import BrowserVerifier, running_verifier
from tests.support.builders import record
from tests.support.make_vectors import FOLDER as VECTORS
from tests.support.vector_cases import LOG_KEY
from tests.support.vector_histories import AGREED, history_of
from tests.support.vector_packages import DOCUMENT as DOCUMENT_IN_PACKAGE
from tests.support.vector_packages import files_of, history, packed, with_manifest
from tests.support.vector_tokens import ROOT as TIME_ROOT

TAG = re.compile(r'<(?:link|script)[^>]*?(?:href|src)="(/static/[^"]+)"(?:[^>]*?integrity="([^"]+)")?')
IMPORT = re.compile(r"""^(?:import|export)\s[^;=()]*?\bfrom\s+['"]([^'"]+)['"]""", re.MULTILINE)
BUDGET = 150_000


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="module")
def verifier() -> Iterator[BrowserVerifier]:
    with running_verifier() as running:
        yield running


def page(api: Api, address: str = "/check", **headers: str) -> Any:
    return api.app.test_client().get(address, headers=headers)


# --- what the server sends


def test_the_page_needs_no_key_and_is_let_do_nothing_but_run_its_own_files(api: Api) -> None:
    response = page(api)
    assert response.status_code == 200
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_nothing_stands_in_the_page_that_the_policy_forbids(api: Api) -> None:
    text = page(api).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://", text)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_file_of_the_page_is_served_as_its_integrity_says(api: Api, language: str) -> None:
    found = TAG.findall(page(api, f"/check?lang={language}").text)
    assert len(found) > 40
    for address, integrity in found:
        response = page(api, address, **{"Accept-Encoding": "gzip"})
        data = gzip.decompress(response.data)
        assert data == page(api, address).data
        assert "immutable" in response.headers["Cache-Control"]
        if not address.endswith(".svg"):
            assert integrity == "sha384-" + b64encode(sha384(data).digest()).decode()


@pytest.mark.parametrize(("address", "entry"), [("/check", "check/page.js"), ("/check/node", "node/page.js")])
def test_every_module_that_a_page_imports_is_loaded_with_it(api: Api, address: str, entry: str) -> None:
    loaded = {Path(name.split("/", 3)[3]) for name, _ in TAG.findall(page(api, address).text) if name.endswith(".js")}
    wanted, reached = [Path(entry)], set()
    while wanted:
        path = wanted.pop()
        reached.add(path)
        for name in IMPORT.findall((STATIC / path).read_text("utf-8")):
            target = (STATIC / path.parent / name).resolve().relative_to(STATIC)
            if target not in reached:
                wanted.append(target)
    assert reached == loaded


def test_only_the_page_about_nodes_may_ask_them(api: Api) -> None:
    policy = page(api, "/check/node").headers["Content-Security-Policy"]
    assert "connect-src https: http://localhost:* http://127.0.0.1:*;" in policy
    assert 'type="file"' not in page(api, "/check/node").text
    for address in ("/", "/check", "/docs"):
        assert "connect-src 'none'" in page(api, address).headers["Content-Security-Policy"]


def test_a_first_visit_stays_within_its_budget(api: Api) -> None:
    response = page(api)
    addresses = {address for address, _ in TAG.findall(response.text)}
    sizes = [len(page(api, address, **{"Accept-Encoding": "gzip"}).data) for address in addresses]
    assert len(gzip.compress(response.data)) + sum(sizes) < BUDGET


@pytest.mark.parametrize(
    ("address", "accepted", "tag"),
    [
        ("/check", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("/check", "en-GB,en;q=0.9", "en"),
        ("/check", "fr", "zh-CN"),
        ("/check", "", "zh-CN"),
        ("/check?lang=en", "zh-CN", "en"),
        ("/check?lang=zh", "en", "zh-CN"),
        ("/check?lang=xx", "en", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_browsers(api: Api, address: str, accepted: str, tag: str) -> None:
    response = page(api, address, **{"Accept-Language": accepted})
    assert f'<html lang="{tag}">' in response.text
    assert response.headers["Content-Language"] == tag
    assert response.headers["Vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize(
    "name", ["x/check/page.js", "{build}/check/none.js", "{build}/vendor/manifest.json", "{build}/../app.py"]
)
def test_no_other_file_is_served(api: Api, name: str) -> None:
    build = TAG.findall(page(api).text)[0][0].split("/")[2]
    assert page(api, f"/static/{name.format(build=build)}").status_code == 404


def test_the_page_trusts_the_key_of_this_log(api: Api) -> None:
    assert f'<body data-log-key="{api.services.log_key}" data-key-history="' in page(api).text


def test_every_language_has_the_same_words(verifier: BrowserVerifier) -> None:
    words = verifier.ask("texts")
    assert words["zh"].keys() == words["en"].keys()
    for name, text in words["zh"].items():
        assert set(re.findall(r"\{[a-z]+\}", text)) == set(re.findall(r"\{[a-z]+\}", words["en"][name])), name


# --- what the page answers

AGREEMENT = make.agreement()
DOCUMENT = record("agreement")["documents"][0]
FINAL = make.anchored(AGREEMENT)
WITH_SM3 = make.receipt_of(make.envelope_of(record("agreement", documents=[DOCUMENT | {"sm3": "cd" * 32}])), {})
HOLED = make.changed(history_of(AGREED), make.drop("/records/1"))
STATES = {
    "final": (FINAL, ["recorded", "receipt"]),
    "not anchored": (AGREEMENT, ["waiting", "recorded"]),
    "mined": (make.anchored(AGREEMENT, state="mined"), ["waiting", "mined"]),
    "of a test notary": (make.changed(FINAL, make.put("/environment", "test")), ["recorded", "receipt"]),
    "without evidence": (make.changed(FINAL, make.put("/anchors/0/evidence", "none")), ["unknown", "unproven"]),
    "a wrong nonce": (make.changed(FINAL, make.put("/nonce", "A" * 43)), ["altered", "receipt"]),
    "a wrong seal": (FINAL | {"lender": "x"}, ["altered", "receipt"]),
    "of another version": (FINAL | {"format": "loan-notary/receipt@2"}, ["unknown", "other-format"]),
    "a history receipt": (make.anchored(history_of(AGREED)), ["recorded", "history"]),
    "a history that is not anchored": (history_of(AGREED), ["waiting", "recorded"]),
    "a history with a record left out": (HOLED, ["altered", "receipt"]),
    "what is no history": ({"format": "loan-notary/history@1"}, ["altered", "receipt"]),
    "by another key": (
        make.receipt_by(make.OTHER_LOG),
        ["unknown", "other-notary"],
    ),
    "by another key, and altered": (make.receipt_by(make.OTHER_LOG) | {"lender": "x"}, ["altered", "receipt"]),
}


def answers(verifier: BrowserVerifier, *receipts: Any, documents: list[Any] | None = None) -> list[list[str]]:
    encoded = [b64(item if isinstance(item, bytes) else canonical_json(item)) for item in receipts]
    found: list[list[str]] = verifier.ask("answers", receipts=encoded, documents=documents or [], log_key=LOG_KEY)
    return found


@pytest.mark.parametrize("name", STATES)
def test_what_is_said_of_a_receipt(verifier: BrowserVerifier, name: str) -> None:
    receipt, answer = STATES[name]
    assert answers(verifier, receipt) == [answer]


def test_a_damaged_receipt_is_called_altered_and_nothing_worse_happens(verifier: BrowserVerifier) -> None:
    data = canonical_json(FINAL)
    for damaged in (data[:-1], data + b"\n", json.dumps(FINAL, indent=2).encode()):
        assert answers(verifier, damaged) == [["altered", "receipt"]]


def test_whoever_looks_at_a_test_is_told_so(verifier: BrowserVerifier) -> None:
    def warnings(*changes: make.Change) -> list[bool]:
        members = FINAL
        for change in changes:
            members = make.changed(members, change)
        found: list[bool] = verifier.ask("warnings", canonical_json(members), log_key=LOG_KEY)
        return found

    test, local = make.put("/environment", "test"), make.put("/anchors/0/chain_id", 31337)
    assert warnings() == [False, False]
    assert warnings(test) == [True, False]
    assert warnings(local) == [False, True]
    assert warnings(test, local) == [True, True]


def test_a_file_is_taken_for_what_it_looks_like(verifier: BrowserVerifier) -> None:
    data = canonical_json(FINAL)
    for receipt in (data, data[:-1], b"\n" + data, b'{ "format" : "loan-notary/receipt@9" }', data + bytes(2**20)):
        assert verifier.ask("recognise", receipt) == ["data"]
    documents = (b"", b"%PDF-1.7 " + data, b"[" + data + b"]", b'{"format":"other/receipt@1"}', b"PK\3\4" + data)
    for document in documents:
        assert verifier.ask("recognise", document) in ([], ["isPackage"])
    assert verifier.ask("recognise", PACKAGE) == ["isPackage"]


PACKAGE = packed(with_manifest(files_of(history())))
CODE = write_qr(canonical_json(AGREEMENT), make.LOG)


@pytest.mark.parametrize(
    ("package", "answer"),
    [
        (PACKAGE, ["recorded", "package"]),
        (PACKAGE[:-1], ["altered", "package"]),
        (packed(with_manifest(files_of(history())) | {"README.en.md": b"other"}), ["altered", "package"]),
    ],
    ids=["whole", "cut", "changed"],
)
def test_what_is_said_of_a_package(verifier: BrowserVerifier, package: bytes, answer: list[str]) -> None:
    found = verifier.ask("answers", receipts=[], packages=[b64(package)], documents=[], log_key=LOG_KEY)
    assert found == [answer]


def test_a_package_speaks_for_its_documents(verifier: BrowserVerifier) -> None:
    digest = sha256(DOCUMENT_IN_PACKAGE).hexdigest()
    found = verifier.ask(
        "answers", receipts=[], packages=[b64(PACKAGE)], documents=[digest, "ab" * 32], log_key=LOG_KEY
    )
    assert found[1:] == [["recorded", "document"], ["missing", "document"]]


@pytest.mark.parametrize(
    ("receipts", "code", "answer"),
    [
        ([], CODE, ["recorded", "code"]),
        ([AGREEMENT], CODE, ["recorded", "code-with-receipt"]),
        ([FINAL], f" {CODE}\n", ["recorded", "code-with-receipt"]),
        ([STATES["mined"][0]], CODE, ["recorded", "code-with-receipt"]),
        ([make.receipt_of(make.envelope_of(record("repayment")), {}, 8, 3)], CODE, ["recorded", "code"]),
        ([], CODE[:-3], ["altered", "code"]),
        ([], write_qr(canonical_json(make.receipt_by(make.OTHER_LOG)), make.OTHER_LOG), ["unknown", "other-notary"]),
    ],
)
def test_what_is_said_of_a_code(verifier: BrowserVerifier, receipts: list[Any], code: str, answer: list[str]) -> None:
    assert answers(verifier, *receipts, documents=[code])[-1] == answer


def test_certificates_are_read_from_pem(verifier: BrowserVerifier) -> None:
    pem = TIME_ROOT.pem.decode()
    assert verifier.ask("pem", text=f"words\n{pem}{pem}") == [b64(TIME_ROOT.der)] * 2
    assert verifier.ask("pem", text="nonsense") == []


def given(**changes: Any) -> dict[str, Any]:
    return {
        "name": DOCUMENT["name"],
        "size": DOCUMENT["size"],
        "sha256": DOCUMENT["sha256"],
        "sm3": DOCUMENT.get("sm3"),
    } | changes


@pytest.mark.parametrize(
    ("receipts", "document", "answer"),
    [
        ([FINAL], given(), ["recorded", "document"]),
        ([FINAL], given(name="renamed.pdf"), ["recorded", "document"]),
        ([AGREEMENT], given(), ["waiting", "document"]),
        ([FINAL], given(sha256="ab" * 32), ["altered", "document"]),
        ([FINAL], given(size=DOCUMENT["size"] + 1), ["altered", "document"]),
        ([WITH_SM3], given(sm3="cd" * 32), ["waiting", "document"]),
        ([WITH_SM3], given(sm3="ab" * 32), ["altered", "document"]),
        ([WITH_SM3], "cd" * 32, ["waiting", "document"]),
        ([FINAL], given(name="other.pdf", sha256="ab" * 32), ["missing", "document"]),
        ([], given(), ["unknown", "no-receipt"]),
        ([], DOCUMENT["sha256"], ["unknown", "digest-alone"]),
        ([make.anchored(history_of(AGREED))], given(), ["recorded", "document"]),
        ([STATES["a wrong nonce"][0]], given(), ["unknown", "no-good-receipt"]),
        ([STATES["by another key"][0]], given(), ["unknown", "no-good-receipt"]),
        ([STATES["a wrong nonce"][0], FINAL], given(), ["recorded", "document"]),
        ([FINAL], DOCUMENT["sha256"], ["recorded", "document"]),
        ([FINAL], f" {DOCUMENT['sha256'].upper()}\n", ["recorded", "document"]),
        ([FINAL], "ab" * 32, ["missing", "document"]),
        ([FINAL], "ab" * 31, None),
        ([FINAL], "not a digest", None),
    ],
)
def test_what_is_said_of_a_document(
    verifier: BrowserVerifier, receipts: list[Any], document: Any, answer: list[str] | None
) -> None:
    assert answers(verifier, *receipts, documents=[document])[-1] == answer


def test_every_answer_has_its_words(verifier: BrowserVerifier) -> None:
    names = verifier.ask("texts")["zh"].keys()
    assert {f"kind.{answer[0]}" for _, answer in STATES.values()} <= names
    assert {".".join(answer) for _, answer in STATES.values()} <= names
    for stage in STAGES:
        assert f"stage.{stage}" in names


def test_every_link_and_record_has_its_words(verifier: BrowserVerifier) -> None:
    words = verifier.ask("texts")["zh"].keys()
    for path in VECTORS.glob("*.json"):
        for case in json.loads(path.read_text("utf-8")):
            assert {f"link.{link}" for link, _ in case["links"]} <= words
            assert {f"status.{status}" for _, status in case["links"]} <= words
    names = (STATIC / "check" / "record-names.js").read_text("utf-8")
    assert set(re.findall("^  ([a-z_]+): '", names, re.MULTILINE)) == RECORD_TYPES.keys()


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 2 * 1024 * 1024, 2 * 1024 * 1024 + 1])
def test_files_are_hashed_piece_by_piece(verifier: BrowserVerifier, size: int) -> None:
    data = bytes(number * 7 % 251 for number in range(min(size, 1000))) * (size // 1000 + 1)
    sm3 = Hash(SM3())
    sm3.update(data[:size])
    assert verifier.ask("digest", data[:size]) == {
        "sha256": sha256(data[:size]).hexdigest(),
        "sm3": sm3.finalize().hex(),
    }


def test_the_receipt_of_a_running_notary_is_judged_by_its_key(api: Api, verifier: BrowserVerifier) -> None:
    receipt = api.submit(record("agreement")).data
    assert parse_json(receipt, limit=10**6)["state"] == "recorded"
    found = verifier.ask("answers", receipts=[b64(receipt)], documents=[], log_key=api.services.log_key)
    assert found == [["waiting", "recorded"]]
