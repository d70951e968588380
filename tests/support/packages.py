# SPDX-License-Identifier: Apache-2.0
"""A loan with documents, its evidence package, and packages changed on purpose."""

import io
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from notary.package.manifest import MIMETYPE
from notary.package.verification import PackageVerifier
from notary.receipts.report import Report, Status
from tests.support.api import Api, agreement, repayment
from tests.support.files import detached_signature, issued, plain_pdf
from verifier import make_verifier

LOAN = "示消贷字（2026）第1号"
PDF = plain_pdf()
SCAN = bytes(range(256)) * 20
SIGNATURE = detached_signature(PDF, issued("The Signer"))


def naming(*files: bytes) -> list[dict[str, Any]]:
    """Return what a record says of these documents."""
    return [
        {"name": f"{number}.pdf", "media_type": "application/pdf", "size": len(data), "sha256": name_of(data)}
        for number, data in enumerate(files)
    ]


def name_of(data: bytes) -> str:
    """Return the SHA-256 that names a document."""
    return sha256(data).hexdigest()


def record_loan(api: Api) -> list[str]:
    """Record a loan with two documents, one of them signed for, and return the ids of its records."""
    for data, media_type in ((PDF, "application/pdf"), (SCAN, "image/tiff")):
        answer = api.request("PUT", f"/v1/documents/{name_of(data)}", data, media_type=media_type)
        assert answer.status_code == 201
    path = f"/v1/documents/{name_of(PDF)}/attachments/{name_of(SIGNATURE)}"
    assert api.request("PUT", path, SIGNATURE, media_type="application/pkcs7-signature").status_code == 201
    records = [agreement(LOAN, api.bank, documents=naming(PDF)), repayment(LOAN, documents=naming(SCAN, b"not there"))]
    for value in records:
        assert api.submit(value).status_code == 201
    return [value["id"] for value in records]


def files_of(package: bytes) -> dict[str, bytes]:
    """Return the files of a package, in its order."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(
    files: dict[str, bytes], method: int = zipfile.ZIP_STORED, first: int = zipfile.ZIP_STORED, begins: bytes = b""
) -> bytes:
    """Make a package of files, as an ordinary tool does: `mimetype` compressed by `first`, all others by `method`."""
    buffer = io.BytesIO(begins)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, data in files.items():
            archive.writestr(name, data, first if name == MIMETYPE else method)
    return buffer.getvalue()


def verify(path: Path, data: bytes, **trusted: Any) -> Report:
    """Verify a package by way of a file at `path`."""
    path.write_bytes(data)
    return PackageVerifier(make_verifier(**trusted)).verify(path)


def failed(report: Report) -> dict[str, str]:
    """Return what failed: the detail by link."""
    return {check.link: check.detail for check in report.checks if check.status is Status.FAILED}
