# SPDX-License-Identifier: Apache-2.0
"""Documents for tests, all made here: plain and signed PDFs, what was done to them afterwards, and certificates."""

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko_certvalidator.registry import SimpleCertificateStore

from notary.privacy.data_key import DataKey
from notary.privacy.sealed_file import SealedPath, SealedWriter


def sealed_at(path: Path, data: bytes) -> SealedPath:
    """Write a sealed file, as deposited documents are, with a data key of its own."""
    with path.open("wb") as file:
        writer = SealedWriter(file, DataKey(os.urandom(32)), b"")
        writer.write(data)
        writer.finish()
    return SealedPath(path, writer.key)


ROOT = "Test Root"
SIGNER = "Sample Bank Seal"


@dataclass(frozen=True)
class Authority:
    """A certificate with its key, both in DER; its own issuer if it is a root."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls, name: str) -> "Authority":
        """Make a root that is never the same."""
        return _new(name, None, False, "")

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def authority(name: str = ROOT) -> Authority:
    """Return the root of this name."""
    return _certificate(name, "", False, "")


def issued(name: str = SIGNER, by: str = ROOT, *, expired: bool = False, use: str = "signatures") -> Authority:
    """Return the certificate of this name, by the root of a name, for "signatures", "timestamps" or "encryption"."""
    return _certificate(name, by, expired, use)


@lru_cache
def _certificate(name: str, by: str, expired: bool, use: str) -> Authority:
    return _new(name, authority(by) if by else None, expired, use)


def _new(name: str, issuer: Authority | None, expired: bool, use: str) -> Authority:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_root, signs = issuer is None, use in ("signatures", "timestamps")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=-30 if expired else 3650))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs, content_commitment=signs, key_encipherment=use == "encryption",
                data_encipherment=False, key_agreement=False, key_cert_sign=is_root, crl_sign=is_root,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if use == "timestamps":
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Authority(builder.sign(key if issuer is None else issuer.key, hashes.SHA256()), key)


def plain_pdf(*pages: str) -> bytes:
    """Return a PDF with a line of text on each page."""
    pages = pages or ("Agreement", "Schedule")
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for text in pages:
        stream = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode()
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects) + 2} 0 R /Resources "
            "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects[1] = f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(kids)}] >>".encode()
    return pdf_of(objects)


def pdf_of(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """Return a PDF of these objects, numbered from 1, the first of which is its root."""
    data, offsets = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return data + b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)


def signed_pdf(pdf: bytes, by: Authority, field: str = "Signature1") -> bytes:
    """Sign a PDF in a new field."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec(sig_field_name=field))
    metadata = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256")
    output = BytesIO()
    signers.PdfSigner(metadata, signer=_signer(by)).sign_pdf(writer, output=output)
    return output.getvalue()


def detached_signature(data: bytes, by: Authority) -> bytes:
    """Return a detached CMS signature over bytes."""
    signing = _signer(by).async_sign_general_data(data, "sha256", detached=True)
    return bytes(asyncio.run(signing).dump())


def with_page_replaced(pdf: bytes) -> bytes:
    """Let the first page of a PDF say something else, in an update after everything."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 18 Tf 72 720 Td (Paid) Tj ET"))
    writer.update_container(page)
    return _updated(writer)


def with_annotation(pdf: bytes) -> bytes:
    """Put a note over the first page of a PDF."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject({
        generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
        generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
        generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (70, 700, 500, 760))),
        generic.pdf_name("/Contents"): generic.pdf_string("Paid"),
    })  # fmt: skip
    page["/Annots"] = generic.ArrayObject([writer.add_object(note)])
    writer.update_container(page)
    return _updated(writer)


def with_form(pdf: bytes) -> bytes:
    """Give a PDF a form of one text field."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    field = writer.add_object(
        generic.DictionaryObject(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
                generic.pdf_name("/Subtype"): generic.pdf_name("/Widget"),
                generic.pdf_name("/FT"): generic.pdf_name("/Tx"),
                generic.pdf_name("/T"): generic.pdf_string("Amount"),
                generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (70, 600, 300, 630))),
                generic.pdf_name("/P"): generic.IndirectObject(
                    page.container_ref.idnum, page.container_ref.generation, writer
                ),
            }
        )
    )
    page["/Annots"] = generic.ArrayObject([field])
    writer.root["/AcroForm"] = generic.DictionaryObject({generic.pdf_name("/Fields"): generic.ArrayObject([field])})
    writer.update_container(page)
    writer.update_root()
    return _updated(writer)


def with_field_filled(pdf: bytes) -> bytes:
    """Write something into the field of `with_form`."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/V"] = generic.pdf_string("99")
    writer.update_container(field)
    return _updated(writer)


def encrypted_pdf(pdf: bytes) -> bytes:
    """Return a PDF that opens with a password only."""
    writer = copy_into_new_writer(PdfFileReader(BytesIO(pdf)))
    handler = StandardSecurityHandler.build_from_pw("owner", "user")
    writer.security_handler = handler
    writer._encrypt = writer.add_object(handler.as_pdf_object())
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def with_root_member(pdf: bytes, name: str, value: generic.PdfObject) -> bytes:
    """Give the root of a PDF one more member."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root[name] = value
    writer.update_root()
    return _updated(writer)


def _updated(writer: IncrementalPdfFileWriter) -> bytes:
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _signer(by: Authority) -> signers.SimpleSigner:
    store = SimpleCertificateStore()
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(by.der),
        signing_key=asn1_keys.PrivateKeyInfo.load(by.key_der),
        cert_registry=store,
    )
