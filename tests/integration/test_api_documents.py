# SPDX-License-Identifier: Apache-2.0
"""Documents through the API: what is deposited, refused, found again, and said of it in receipts."""

import io
import json
import os
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from werkzeug.test import TestResponse

from notary.documents.digests import digests_of
from notary.documents.document import MAX_ATTACHMENT, MAX_ATTACHMENTS, MAX_DOCUMENT
from notary.encoding import b64
from notary.errors import CorruptLogError
from notary.privacy.data_key import DataKey
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Verdict
from notary.stores.document_files import FolderFiles
from tests.support.api import PROBLEM, Api, LenderKit, agreement, answers, repayment, running_api, streamed
from tests.support.files import authority, detached_signature, issued, plain_pdf, signed_pdf, with_page_replaced
from tests.support.tsa import Tsa, need_openssl

PDF = plain_pdf()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("documents") / "data") as api:
        yield api


def name_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def put(api: Api, data: bytes, media_type: str = "application/pdf", **options: Any) -> TestResponse:
    path = f"/v1/documents/{options.pop('digest', name_of(data))}"
    return api.request("PUT", path, data, media_type=media_type, **options)


def attach(api: Api, document: bytes, data: bytes, media_type: str, **options: Any) -> TestResponse:
    path = f"/v1/documents/{name_of(document)}/attachments/{options.pop('digest', name_of(data))}"
    return api.request("PUT", path, data, media_type=media_type, **options)


def files_of(api: Api) -> set[str]:
    """Return every file among the documents, by its path."""
    root = api.folder.documents
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def naming(data: bytes, **changes: Any) -> list[dict[str, Any]]:
    """Return what a record says of one document."""
    named = {"name": "agreement.pdf", "media_type": "application/pdf", "size": len(data), "sha256": name_of(data)}
    return [named | changes]


# --- deposits


def test_a_document_is_deposited_once_and_found_again(api: Api) -> None:
    first, again = put(api, PDF), put(api, PDF)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json == api.get(f"/v1/documents/{name_of(PDF)}/info").json
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(PDF)
    shown = first.json
    assert (shown["sha256"], shown["sm3"], shown["size"]) == (name_of(PDF), sm3.finalize().hex(), len(PDF))
    assert (shown["media_type"], shown["attachments"]) == ("application/pdf", [])
    assert [(check["kind"], check["status"]) for check in shown["checks"]] == [("pdf", "ok"), ("pdf-content", "ok")]

    got = api.get(f"/v1/documents/{name_of(PDF)}")
    assert (got.status_code, got.data, got.content_type) == (200, PDF, "application/pdf")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"] == f'attachment; filename="{name_of(PDF)}"'
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert got.headers["ETag"] == f'"{name_of(PDF)}"'
    assert got.headers["Repr-Digest"] == f"sha-256=:{b64(sha256(PDF).digest())}:"
    got.close()
    head = api.request("HEAD", f"/v1/documents/{name_of(PDF)}")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(PDF)))
    head.close()


@pytest.mark.parametrize("data", [b"", b"x", b"any file", bytes(200_000)], ids=["empty", "one", "some", "many"])
def test_any_file_is_a_document(api: Api, data: bytes) -> None:
    assert put(api, data, "application/octet-stream").json["checks"] == []
    with api.get(f"/v1/documents/{name_of(data)}") as got:
        assert got.data == data


def test_without_a_type_a_document_is_bytes(api: Api) -> None:
    shown = put(api, b"untyped", media_type=None).json
    assert shown["media_type"] == "application/octet-stream"


def test_a_pdf_under_another_name_is_checked_too(api: Api) -> None:
    data = plain_pdf("Under another name")
    assert [check["kind"] for check in put(api, data, "text/plain").json["checks"]] == ["pdf", "pdf-content"]
    [check] = put(api, b"no PDF at all").json["checks"]
    assert (check["kind"], check["status"]) == ("pdf", "failed")


def test_a_body_in_chunks_needs_no_length(api: Api) -> None:
    data = plain_pdf("In chunks")
    response = api.request(
        "PUT", f"/v1/documents/{name_of(data)}", media_type="application/pdf",
        headers={"Content-Type": "application/pdf"}, environ_overrides=streamed(io.BytesIO(data)),
    )  # fmt: skip
    assert response.status_code == 201
    assert response.json["size"] == len(data)


def test_documents_are_one_lender_s(api: Api) -> None:
    data = plain_pdf("Secret")
    signature = detached_signature(data, issued())
    assert put(api, data).status_code == 201
    assert attach(api, data, signature, "application/pkcs7-signature").status_code == 201
    path = f"/v1/documents/{name_of(data)}"
    for suffix in ("", "/info", f"/attachments/{name_of(signature)}"):
        with api.get(path + suffix) as own:
            assert own.status_code == 200
        response = api.get(path + suffix, by=api.other)
        nobody = api.get(path.replace(name_of(data), "00" * 32) + suffix, by=api.other)
        assert (response.status_code, response.content_type) == (404, PROBLEM)
        assert {**response.json, "trace_id": ""} == {**nobody.json, "trace_id": ""}
    assert attach(api, data, signature, "application/pkcs7-signature", by=api.other).status_code == 404
    # The same file is a document of its own for another lender.
    assert put(api, data, by=api.other).status_code == 201
    assert api.get(f"{path}/info", by=api.other).json["attachments"] == []


REFUSED: dict[str, tuple[int, str, dict[str, Any]]] = {
    "another digest": (422, "wrong-digest", {"digest": "ab" * 32}),
    "a Content-Digest of other bytes": (
        422, "wrong-digest", {"headers": {"Content-Digest": f"sha-256=:{b64(bytes(32))}:"}},
    ),
    "a Content-Digest that is none": (422, "wrong-digest", {"headers": {"Content-Digest": "sha-256=abc"}}),
    "a Content-Digest that is no base64": (422, "wrong-digest", {"headers": {"Content-Digest": "sha-256=:a:"}}),
    "a compressed body": (415, "unsupported-media-type", {"headers": {"Content-Encoding": "gzip"}}),
    "a type that is none": (415, "unsupported-media-type", {"media_type": "pdf"}),
    "a digest in capitals": (404, "not-found", {"digest": "AB" * 32}),
    "a short digest": (404, "not-found", {"digest": "ab" * 31}),
    "a way out": (404, "not-found", {"digest": "..%2f..%2fnotary.db"}),
    "a way out as it is": (404, "not-found", {"digest": "../../notary.db"}),
    "a null byte": (404, "not-found", {"digest": "ab" * 31 + "%00a"}),
    "a line feed": (404, "not-found", {"digest": "ab" * 32 + "%0a"}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_nothing(api: Api, case: str) -> None:
    status, kind, options = REFUSED[case]
    before = api.state(), files_of(api)
    response = put(api, b"refused", **options)
    assert (response.status_code, response.content_type) == (status, PROBLEM)
    assert response.json["type"].endswith(kind)
    assert (api.state(), files_of(api)) == before


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{b64(sha256(b'promised').digest())}:",
        f"sha-512=:AAAA:, sha-256=:{b64(sha256(b'promised').digest())}:",
        "sha-512=:AAAA:",
        "",
    ],
)
def test_a_content_digest_is_checked_where_it_is_known(api: Api, header: str) -> None:
    assert put(api, b"promised", "text/plain", headers={"Content-Digest": header}).status_code in (200, 201)


class Endless:
    """A stream of zeros that counts what was taken of it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.taken += size
        return bytes(size)


def test_a_document_without_end_is_cut_at_the_limit(api: Api) -> None:
    before, stream = (api.state(), files_of(api)), Endless()
    response = api.request(
        "PUT", f"/v1/documents/{'ab' * 32}", media_type="text/plain", environ_overrides=streamed(stream)
    )
    assert (response.status_code, response.content_type) == (413, PROBLEM)
    assert MAX_DOCUMENT < stream.taken < MAX_DOCUMENT + 300_000
    assert (api.state(), files_of(api)) == before


def test_one_byte_beyond_the_limit_is_too_many(api: Api) -> None:
    before, data = (api.state(), files_of(api)), bytes(MAX_DOCUMENT + 1)
    in_chunks = {"media_type": "text/plain", "environ_overrides": streamed(io.BytesIO(data))}
    for response in (
        put(api, data, "text/plain"),
        api.request("PUT", f"/v1/documents/{name_of(data)}", **in_chunks),
    ):
        assert (response.status_code, response.content_type) == (413, PROBLEM)
    assert (api.state(), files_of(api)) == before


def test_a_length_beyond_the_limit_is_refused_unread(api: Api) -> None:
    stream = Endless()
    response = api.request(
        "PUT", f"/v1/documents/{'ab' * 32}", media_type="text/plain",
        environ_overrides={"wsgi.input": stream, "CONTENT_LENGTH": str(MAX_DOCUMENT + 2)},
    )  # fmt: skip
    assert (response.status_code, stream.taken) == (413, 0)


class Broken:
    """A stream that breaks off."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        data, self._data = self._data[:size], b""
        if not data:
            raise ConnectionResetError("gone")
        return data


def test_a_client_that_leaves_leaves_nothing(api: Api) -> None:
    before = api.state(), files_of(api)
    response = api.request(
        "PUT", f"/v1/documents/{name_of(PDF)}", media_type="application/pdf",
        environ_overrides=streamed(Broken(PDF[:100])),
    )  # fmt: skip
    assert response.status_code >= 400
    assert (api.state(), files_of(api)) == before


def test_two_racing_deposits_make_one_document(api: Api) -> None:
    data = plain_pdf("Race")
    barrier, statuses = threading.Barrier(4), []

    def send() -> None:
        barrier.wait()
        statuses.append(put(api, data).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201]
    assert sorted(path for path in files_of(api) if name_of(data) in path) == [
        f"{api.bank.lender.number}/{name_of(data)}"
    ]
    assert not any(path.startswith("incoming") for path in files_of(api))


# --- checks


def test_a_signed_pdf_says_who_signed_and_a_changed_one_that_it_was_changed(api: Api) -> None:
    data = signed_pdf(plain_pdf("Signed"), issued())
    checks = {check["kind"]: check for check in put(api, data).json["checks"]}
    # No authority is registered, so the signer is unknown, and nothing is said against the signature.
    assert (checks["pdf-signature"]["status"], checks["pdf-changes"]["status"]) == ("unknown", "ok")
    assert checks["pdf-signature"]["signer"] == "Common Name: Sample Bank Seal"
    checks = {check["kind"]: check for check in put(api, with_page_replaced(data)).json["checks"]}
    assert (checks["pdf-signature"]["status"], checks["pdf-changes"]["status"]) == ("failed", "failed")


def test_an_authority_that_is_registered_makes_its_signers_known(api: Api) -> None:
    root = authority("Registered Root")
    signer = issued("Known Seal", by="Registered Root")
    data, later = (signed_pdf(plain_pdf(text), signer) for text in ("Known", "Later"))
    signature = detached_signature(data, signer)

    def found(pdf: bytes) -> str:
        [status] = [check["status"] for check in put(api, pdf).json["checks"] if check["kind"] == "pdf-signature"]
        return str(status)

    def attached() -> str:
        shown = attach(api, data, signature, "application/pkcs7-signature").json
        return str(shown["attachments"][0]["checks"][0]["status"])

    assert (found(data), attached()) == ("unknown", "unknown")
    body = orjson.dumps({"party": "borrower", "certificate": b64(root.der)})
    registered = api.request("POST", "/v1/roots", body)
    assert registered.status_code == 201
    # What was unknown is looked for again when it is sent again; it is the same document all the same.
    before = api.get(f"/v1/documents/{name_of(data)}/info").json["received_at"]
    assert (found(data), attached()) == ("ok", "ok")
    assert api.get(f"/v1/documents/{name_of(data)}/info").json["received_at"] == before
    revocation = f"/v1/roots/{registered.json['fingerprint']}/revocation"
    assert api.request("POST", revocation, orjson.dumps({"from": "2026-01-01T00:00:00.000Z"})).status_code == 200
    assert found(later) == "unknown"
    assert (found(data), attached()) == ("ok", "ok")


# --- attachments


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    need_openssl()
    return Tsa(tmp_path_factory.mktemp("tsa"))


def test_signatures_and_timestamps_are_attached(api: Api, tsa: Tsa) -> None:
    data = plain_pdf("Attached")
    put(api, data)
    signature, stamp = detached_signature(data, issued()), tsa.stamp(data)
    first = attach(api, data, signature, "application/pkcs7-signature")
    assert (first.status_code, attach(api, data, signature, "application/pkcs7-signature").status_code) == (201, 200)
    shown = attach(api, data, stamp, "application/timestamp-reply").json["attachments"]
    assert [(item["kind"], item["sha256"]) for item in shown] == [
        ("signature", name_of(signature)), ("timestamp", name_of(stamp)),
    ]  # fmt: skip
    assert [check["status"] for item in shown for check in item["checks"]] == ["unknown", "unknown"]
    assert api.get(f"/v1/documents/{name_of(data)}/info").json["attachments"] == shown
    got = api.get(f"/v1/documents/{name_of(data)}/attachments/{name_of(stamp)}")
    assert (got.data, got.content_type) == (stamp, "application/timestamp-reply")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert api.get(f"/v1/documents/{name_of(data)}/attachments/{'00' * 32}").status_code == 404


def test_evidence_over_other_bytes_is_kept_and_has_failed(api: Api, tsa: Tsa) -> None:
    data = plain_pdf("Other bytes")
    put(api, data)
    for body, media_type in (
        (detached_signature(b"other", issued()), "application/pkcs7-signature"),
        (tsa.stamp(b"other"), "application/timestamp-reply"),
        (b"junk", "application/timestamp-reply"),
    ):
        attach(api, data, body, media_type)
    shown = api.get(f"/v1/documents/{name_of(data)}/info").json["attachments"]
    assert [check["status"] for item in shown for check in item["checks"]] == ["failed"] * 3


ATTACHMENTS_REFUSED: dict[str, tuple[int, bytes, dict[str, Any]]] = {
    "another digest": (422, b"x", {"digest": "ab" * 32}),
    "no digest": (404, b"x", {"digest": "x"}),
    "too much": (413, bytes(MAX_ATTACHMENT + 1), {}),
    "another type": (415, b"x", {"media_type": "text/plain"}),
}


@pytest.mark.parametrize("case", ATTACHMENTS_REFUSED)
def test_attachments_that_are_refused_leave_nothing(api: Api, case: str) -> None:
    status, data, options = ATTACHMENTS_REFUSED[case]
    put(api, PDF)
    before = api.state()
    options = {"media_type": "application/timestamp-reply"} | options
    assert attach(api, PDF, data, options.pop("media_type"), **options).status_code == status
    assert attach(api, b"not deposited", b"x", "application/timestamp-reply").status_code == 404
    assert api.state() == before


def test_a_document_has_so_many_attachments_and_no_more(api: Api) -> None:
    data = plain_pdf("Many")
    put(api, data)
    bodies = [b"junk %d" % number for number in range(MAX_ATTACHMENTS + 1)]
    statuses = [attach(api, data, body, "application/timestamp-reply").status_code for body in bodies]
    assert statuses == [201] * MAX_ATTACHMENTS + [422]
    assert attach(api, data, bodies[0], "application/timestamp-reply").status_code == 200


# --- provenance


def words(api: Api, value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a record's receipt says of its documents, which is what the record's page says."""
    receipt = json.loads(api.get(f"/v1/records/{value['id']}/receipt").data)
    assert api.get(f"/v1/records/{value['id']}").json["documents"] == receipt["documents"]
    found: list[dict[str, Any]] = receipt["documents"]
    return found


def verified(api: Api, receipt: bytes, *files: bytes) -> dict[str, str]:
    report = api.services.verifier.verify(receipt, [digests_of([data]) for data in files])
    return {check.link: f"{check.status.value}: {check.detail}" for check in report.checks}


def test_a_receipt_tells_what_the_notary_held(api: Api) -> None:
    data = signed_pdf(plain_pdf("Provenance"), issued())
    known = put(api, data).json
    value = agreement("D-1", api.bank, documents=naming(data))
    receipt = api.submit(value).data
    [word] = json.loads(receipt)["documents"]
    assert word == {
        "sha256": name_of(data), "present": True, "received_at": known["received_at"], "size_ok": True,
        "sm3": known["sm3"], "media_type": "application/pdf", "checks": known["checks"],
    }  # fmt: skip
    assert words(api, value) == [word]
    assert parse_receipt(receipt).documents[0].sm3 == known["sm3"]
    assert api.services.verifier.verify(receipt).verdict is Verdict.VALID
    detail = verified(api, receipt)["documents"]
    assert detail == "ok: agreement.pdf: deposited before the record; found: pdf-signature unknown"


def test_a_document_that_comes_later_is_shown_as_later(api: Api) -> None:
    data = plain_pdf("Later")
    value = agreement("D-2", api.bank, documents=naming(data))
    receipt = api.submit(value).data
    absent = {
        "sha256": name_of(data), "present": False, "received_at": None, "size_ok": False, "sm3": None,
        "media_type": None, "checks": [],
    }  # fmt: skip
    assert words(api, value) == [absent]
    assert verified(api, receipt)["documents"] == "ok: agreement.pdf: not deposited"
    known = put(api, data).json
    [word] = words(api, value)
    assert (word["present"], word["received_at"]) == (True, known["received_at"])
    later = api.get(f"/v1/records/{value['id']}/receipt").data
    assert verified(api, later)["documents"] == "ok: agreement.pdf: deposited after the record"


def test_a_document_of_another_size_is_said_to_be_so(api: Api) -> None:
    data = plain_pdf("Size")
    put(api, data)
    value = agreement("D-3", api.bank, documents=naming(data, size=1))
    receipt = api.submit(value).data
    assert words(api, value)[0]["size_ok"] is False
    assert "of another size" in verified(api, receipt)["documents"]


def test_another_lender_s_document_is_not_there(api: Api) -> None:
    data = plain_pdf("Foreign")
    put(api, data, by=api.other)
    value = agreement("D-4", api.bank, documents=naming(data))
    api.submit(value)
    assert words(api, value)[0]["present"] is False


def test_what_is_attached_is_part_of_the_word(api: Api) -> None:
    data = plain_pdf("With signature")
    put(api, data)
    attach(api, data, detached_signature(data, issued()), "application/pkcs7-signature")
    value = agreement("D-5", api.bank, documents=naming(data))
    api.submit(value)
    assert [check["kind"] for check in words(api, value)[0]["checks"]] == ["pdf", "pdf-content", "cms-signature"]


def test_a_record_without_documents_has_no_words(api: Api) -> None:
    value = repayment("D-5")
    api.submit(value)
    assert words(api, value) == []
    receipt = api.get(f"/v1/records/{value['id']}/receipt").data
    assert "documents" not in verified(api, receipt)


def test_a_file_in_hand_is_the_one_that_the_record_names(api: Api) -> None:
    data = plain_pdf("In hand")
    sm3 = digests_of([data]).sm3
    receipt = api.submit(agreement("D-6", api.bank, documents=naming(data, sm3=sm3))).data
    assert verified(api, receipt, data)["document"] == "ok: the file is agreement.pdf, as the record names it"
    assert verified(api, receipt, data + b"!")["document"].startswith("failed: ")
    for change in ({"sm3": "ab" * 32}, {"size": 1}):
        receipt = api.submit(agreement(f"D-6 {change}", api.bank, documents=naming(data, **change))).data
        assert verified(api, receipt, data)["document"].startswith("failed: ")
    bare = api.submit(repayment("D-5")).data
    assert verified(api, bare, data)["document"].startswith("failed: ")


# --- required documents


def required(api: Api, value: dict[str, Any], by: LenderKit | None = None) -> TestResponse:
    return api.request("POST", "/v1/records?documents=required", orjson.dumps(value), by=by)


def test_a_record_may_require_that_its_documents_are_there(api: Api) -> None:
    data = plain_pdf("Required")
    value = agreement("R-1", api.bank, documents=naming(PDF) + naming(data))
    put(api, PDF)
    before = api.state()
    response = required(api, value)
    assert (response.status_code, response.content_type) == (422, PROBLEM)
    assert response.json["type"].endswith("missing-document")
    assert [fault["pointer"] for fault in response.json["errors"]] == ["/documents/1"]
    assert api.state() == before
    put(api, data)
    assert required(api, value).status_code == 201
    assert required(api, repayment("R-1")).status_code == 201


@pytest.mark.parametrize(
    ("change", "pointer"), [({"size": 1}, "/documents/0/size"), ({"sm3": "ab" * 32}, "/documents/0/sm3")]
)
def test_a_required_document_must_be_as_it_is_described(api: Api, change: dict[str, Any], pointer: str) -> None:
    put(api, PDF)
    response = required(api, agreement(f"R-2 {pointer}", api.bank, documents=naming(PDF, **change)))
    assert (response.status_code, response.json["errors"][0]["pointer"]) == (422, pointer)
    assert required(api, agreement("R-3", api.bank, documents=naming(PDF))).status_code in (200, 201, 409)


def test_a_batch_refuses_the_lines_whose_documents_are_missing(api: Api) -> None:
    put(api, PDF)
    lines = [agreement(f"R-4 {n}", api.bank, documents=naming(data)) for n, data in enumerate((PDF, b"nowhere", PDF))]
    body = b"\n".join(map(orjson.dumps, lines))
    path = "/v1/records:batch?documents=required"
    found = answers(api.request("POST", path, body, media_type="application/x-ndjson"))
    assert [line["status"] for line in found] == [201, 422, 201]


def test_only_required_can_be_asked_for(api: Api) -> None:
    before = api.state()
    response = api.request("POST", "/v1/records?documents=maybe", orjson.dumps(agreement("R-5", api.bank)))
    assert (response.status_code, api.state()) == (422, before)


def test_a_lender_s_policy_may_require_them(api: Api) -> None:
    policy = orjson.dumps({"require_documents": ["agreement"]})
    assert api.request("PUT", "/v1/policy", policy, by=api.other).status_code == 200
    value = agreement("R-6", api.other, documents=naming(b"not there"))
    assert api.submit(value, by=api.other).status_code == 422
    put(api, b"not there", "text/plain", by=api.other)
    assert api.submit(value, by=api.other).status_code == 201
    assert api.submit(repayment("R-6", documents=naming(b"nowhere")), by=api.other).status_code == 201


# --- the disk


def test_what_was_half_received_is_swept_and_the_rest_stays(api: Api) -> None:
    put(api, PDF)
    assert api.services.files.sweep() == 0
    left = api.folder.documents / "incoming" / "tmp123"
    left.write_bytes(b"half")
    before = files_of(api)
    assert api.services.files.sweep() == 1
    assert files_of(api) == before - {"incoming/tmp123"}
    assert api.services.files.sweep() == 0
    with api.get(f"/v1/documents/{name_of(PDF)}") as got:
        assert got.data == PDF


def test_a_file_that_no_row_tells_of_is_seen_by_nobody_and_replaced(api: Api) -> None:
    data = b"crashed between file and row"
    place = api.folder.documents / str(api.bank.lender.number) / name_of(data)
    place.write_bytes(b"whatever was there")
    assert api.get(f"/v1/documents/{name_of(data)}").status_code == 404
    assert put(api, data, "text/plain").status_code == 201
    with api.services.files.find(api.bank.lender.number, name_of(data)).open() as file:
        assert file.read() == data


def test_no_document_is_on_disk_as_it_came(api: Api) -> None:
    words = b"what nobody else should read"
    data = words + os.urandom(200_000)
    assert put(api, data, "text/plain").status_code == 201
    assert all(words not in path.read_bytes() for path in api.folder.path.rglob("*") if path.is_file())
    with api.get(f"/v1/documents/{name_of(data)}") as got:
        assert got.data == data
    for asked, wanted in (("bytes=70000-70099", data[70_000:70_100]), ("bytes=-5", data[-5:])):
        with api.request("GET", f"/v1/documents/{name_of(data)}", headers={"Range": asked}) as part:
            assert (part.status_code, part.data) == (206, wanted)


def test_documents_of_before_are_sealed_at_the_start_whatever_cut_it_short(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "documents", DataKey(bytes(32)))
    home, contents = tmp_path / "documents" / "7", {}
    home.mkdir(parents=True)
    for number in range(3):
        data = b"clear words " + os.urandom(100_000 * number)
        contents[name_of(data)] = data
        (home / name_of(data)).write_bytes(data)
    # As a kill would leave it: one is done, another half written.
    first, *_ = contents
    with files.receive(7) as sealed:
        sealed.write(contents[first])
        sealed.sync()
        sealed.keep(first)
    (tmp_path / "documents" / "incoming" / "half").write_bytes(b"clear")
    with (home / list(contents)[2]).open("rb") as held:
        assert files.sweep() == 1
        assert held.read().strip(b"\0") == b""
    assert not any(b"clear words" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for name, data in contents.items():
        with files.find(7, name).open() as file:
            assert file.read() == data
    home.rename(home.with_name("8"))
    with pytest.raises(CorruptLogError):
        files.find(8, first)


def test_a_disk_that_fails_is_no_fault_of_the_document(api: Api) -> None:
    incoming = api.folder.documents / "incoming"
    for path in incoming.iterdir():
        path.unlink()
    incoming.rmdir()
    incoming.write_bytes(b"in the way")
    try:
        response = put(api, b"no room", "text/plain")
        assert (response.status_code, response.content_type) == (503, PROBLEM)
    finally:
        incoming.unlink()
    assert put(api, b"no room", "text/plain").status_code == 201


PROTECTED = [
    ("PUT", f"/v1/documents/{name_of(PDF)}"),
    ("GET", f"/v1/documents/{name_of(PDF)}"),
    ("GET", f"/v1/documents/{name_of(PDF)}/info"),
    ("PUT", f"/v1/documents/{name_of(PDF)}/attachments/{name_of(PDF)}"),
    ("GET", f"/v1/documents/{name_of(PDF)}/attachments/{name_of(PDF)}"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_without_a_key_there_are_no_documents(api: Api, method: str, path: str) -> None:
    before = api.state(), files_of(api)
    response = api.app.test_client().open(path, method=method, data=PDF if method == "PUT" else None)
    assert (response.status_code, response.content_type) == (401, PROBLEM)
    assert (api.state(), files_of(api)) == before
