# SPDX-License-Identifier: Apache-2.0
"""Certificates: who gets one, that all it needs is in the file, that its QR code is the proof, and its seal."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import segno
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.reader import PdfFileReader

from api.certificate.maker import CertificateMaker
from api.certificate.page import write_page
from api.certificate.sealing import PdfSealer
from api.clock import now
from api.keys.log_keys import load_signer
from api.wiring import make_services
from notary.documents.document import CheckStatus, CheckSubject, CheckTask
from notary.encoding import format_time
from notary.errors import CorruptLogError, InvalidCertificateError
from notary.log.signed_note import NoteSigner
from notary.receipts.qr_proof import verify_qr, write_qr
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Report, Verdict
from notary.receipts.sealed import write_sealed
from tests.support.api import Api, agreement, make_folder, repayment, running_api
from tests.support.files import Authority, authority, issued, sealed_at
from tests.support.format_examples import LOG_KEY, ORIGIN, examples
from tests.support.packages import LOAN, record_loan
from verifier import make_verifier

_RECT = re.compile(rb"(-?[\d.]+) (-?[\d.]+) ([\d.]+) ([\d.]+) re")
_MARK = b".93 .8 .8 rg"
EXAMPLE = examples()["receipt"].encode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("certificates") / "data") as api:
        yield api


@pytest.fixture(scope="module")
def ids(api: Api) -> list[str]:
    return record_loan(api)


def certificate(api: Api, record_id: str) -> bytes:
    answer = api.get(f"/v1/records/{record_id}/certificate.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "private, no-store"
    return answer.data


def pages(pdf: bytes) -> list[Any]:
    return [page.get_object() for page in PdfFileReader(BytesIO(pdf)).root["/Pages"]["/Kids"]]


def drawn(pdf: bytes) -> bytes:
    """Return what is drawn on all pages."""
    return b"\n".join(page["/Contents"].data for page in pages(pdf))


def drawn_code(pdf: bytes) -> list[list[int]]:
    """Return the modules of the QR code that is drawn, row by row."""
    # The first rectangle is the white ground.
    rows = [tuple(map(float, match)) for match in _RECT.findall(drawn(pdf))][1:]
    module = rows[0][3] / 1.02
    left, top = min(row[0] for row in rows), max(row[1] for row in rows) + module
    count = round((top - min(row[1] for row in rows)) / module)
    matrix = [[0] * count for _ in range(count)]
    for x, y, width, _ in rows:
        start, number = round((x - left) / module), round((top - y) / module) - 1
        for place in range(start, start + round(width / module)):
            matrix[number][place] = 1
    return matrix


def test_the_code_on_the_page_is_the_proof_of_the_record(api: Api, ids: list[str]) -> None:
    signer = load_signer(api.folder)
    for record_id in ids:
        receipt = api.get(f"/v1/records/{record_id}/receipt").data
        text = write_qr(receipt, signer)
        code = segno.make(text, error="l", micro=False, boost_error=False)
        assert drawn_code(certificate(api, record_id)) == [list(row) for row in code.matrix]
        report = verify_qr(text, signer.verifier, receipt)
        assert report.verdict is Verdict.VALID
        assert report.checks[-1].detail.startswith("the receipt that the certificate was made from")


def test_every_font_is_in_the_file(api: Api, ids: list[str]) -> None:
    found = set()
    for page in pages(certificate(api, ids[0])):
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor
            found.add(str(descriptor["/FontName"]).partition("+")[2])
    assert found == {"DroidSansFallback", "BitstreamVeraSans-Roman"}


def test_the_same_receipt_gives_the_same_bytes(api: Api, ids: list[str]) -> None:
    assert certificate(api, ids[0]) == certificate(api, ids[0])
    assert certificate(api, ids[0]) != certificate(api, ids[1])


def test_each_page_of_a_test_is_marked_and_none_of_production_is(api: Api, ids: list[str]) -> None:
    for page in pages(certificate(api, ids[0])):
        assert page["/Contents"].data.count(_MARK) == 1
    pdf = write_page(EXAMPLE, Report(), NoteSigner(ORIGIN, LOG_KEY).verifier, "LOAN-NOTARY", None)
    assert _MARK not in drawn(pdf)


def test_it_is_for_those_who_may_read_the_record(api: Api, ids: list[str]) -> None:
    path = f"/v1/records/{ids[0]}/certificate.pdf"
    assert api.get(path, by=api.other).status_code == 404
    assert api.app.test_client().get(path).status_code == 401
    assert api.get(f"/v1/records/{uuid4()}/certificate.pdf").status_code == 404


def test_a_loan_pass_gives_the_certificates_of_its_loan(api: Api, ids: list[str]) -> None:
    assert api.submit(agreement("another", api.bank)).status_code == 201
    other = api.submit(repayment("another"))
    name = orjson.loads(parse_receipt(other.data).envelope.payload)["id"]
    body = orjson.dumps({"loan": LOAN, "expires_at": format_time(now() + 60_000)})
    headers = {"Authorization": f"Bearer {api.request('POST', '/v1/passes', body).json['secret']}"}
    client = api.app.test_client()
    got = client.get(f"/v1/my-loan/records/{ids[0]}/certificate.pdf", headers=headers)
    assert (got.status_code, got.data[:5]) == (200, b"%PDF-")
    assert client.get(f"/v1/my-loan/records/{name}/certificate.pdf", headers=headers).status_code == 404
    assert client.get(f"/v1/my-loan/records/{ids[0]}/certificate.pdf").status_code == 401


def test_names_that_no_font_has_and_many_documents_are_no_obstacle(api: Api) -> None:
    named = [
        {"name": f"{'𠮷' * 40}{number}", "media_type": "a/b", "size": 1, "sha256": f"{number:064x}"}
        for number in range(60)
    ]
    value = agreement("L/𠮷" + "長" * 20, api.bank, documents=named)
    assert api.submit(value).status_code == 201
    assert len(pages(certificate(api, value["id"]))) >= 2


def test_a_receipt_that_does_not_verify_is_not_certified() -> None:
    signer = NoteSigner(ORIGIN, LOG_KEY)
    maker = CertificateMaker(signer, make_verifier(signer.verifier))
    assert maker.certificate(EXAMPLE).startswith(b"%PDF-")
    with pytest.raises(CorruptLogError):
        maker.certificate(write_sealed(replace(parse_receipt(EXAMPLE), nonce=b"\1" * 32), signer))


# --- the seal


def key_file(folder: Path, by: Authority, *above: Authority) -> Path:
    key = by.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "seal.pem"
    certificates = (item.certificate.public_bytes(Encoding.PEM) for item in (by, *above))
    path.write_bytes(b"".join((key, *certificates)))
    return path


def test_a_sealed_certificate_may_not_be_changed(api: Api, ids: list[str], tmp_path: Path) -> None:
    sealer = PdfSealer.load(key_file(tmp_path, issued("Notary Seal"), authority()))
    receipt = api.get(f"/v1/records/{ids[0]}/receipt").data
    signer = load_signer(api.folder)
    plain = CertificateMaker(signer, make_verifier(signer.verifier)).certificate(receipt)
    sealed = CertificateMaker(signer, make_verifier(signer.verifier), sealer).certificate(receipt)
    assert b"ETSI.CAdES.detached" in sealed
    assert b"ETSI.CAdES.detached" not in plain
    path = tmp_path / "sealed.pdf"
    task = CheckTask(CheckSubject.PDF, sealed_at(path, sealed), now(), (authority().der,))
    found = {check.kind: check for check in api.services.checker.check(task)}
    assert {check.status for check in found.values()} == {CheckStatus.OK}
    assert "Notary Seal" in (found["pdf-signature"].signer or "")
    place = len(plain) // 2
    changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
    task = CheckTask(CheckSubject.PDF, sealed_at(path, changed), now(), (authority().der,))
    assert CheckStatus.FAILED in {check.status for check in api.services.checker.check(task)}


def test_the_seal_is_a_setting(tmp_path: Path) -> None:
    key_file(tmp_path, issued("Notary Seal"))
    folder = make_folder(tmp_path / "data", certificate_key="../seal.pem")
    services = make_services(folder, tmp_path / "writer")
    try:
        signer = load_signer(folder)
        receipt = write_sealed(replace(parse_receipt(EXAMPLE), log_key=signer.verifier.format()), signer)
        # It is of another log, so it is refused; that there is a seal shows on the maker.
        with pytest.raises(CorruptLogError):
            services.certificates.certificate(receipt)
        assert services.certificates.sealed_by == "CN=Notary Seal"
    finally:
        services.checker.close()
        services.store.close()


@pytest.mark.parametrize("content", [b"", b"nothing", None, "key", "certificate", "other"])
def test_a_key_that_cannot_seal_is_refused_at_the_start(tmp_path: Path, content: object) -> None:
    path = key_file(tmp_path, issued("Notary Seal"))
    pem = path.read_bytes()
    key, certificates = pem[: pem.index(b"-----BEGIN CERT")], pem[pem.index(b"-----BEGIN CERT") :]
    other = key_file(tmp_path, authority()).read_bytes()
    path.unlink()
    parts = {"key": key, "certificate": certificates, "other": key + other[other.index(b"-----BEGIN CERT") :]}
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else parts[str(content)])
    with pytest.raises(InvalidCertificateError):
        PdfSealer.load(path)
