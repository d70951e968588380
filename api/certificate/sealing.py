# SPDX-License-Identifier: Apache-2.0
"""Sealing a PDF with the operator's certificate: PAdES baseline B-B (ETSI EN 319 142-1), as a certification."""

from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)  # fmt: skip
from cryptography.x509 import load_pem_x509_certificates
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from notary.errors import Fault, InvalidCertificateError

_FIELD = "LoanNotary"


class PdfSealer:
    """Seals with one key; `name` is the subject of its certificate."""

    def __init__(self, signer: signers.SimpleSigner, name: str) -> None:
        self._signer = signer
        self.name = name

    @classmethod
    def load(cls, path: Path) -> "PdfSealer":
        """Load a PEM file with a private key, its certificate, and those above it. Raises `InvalidCertificateError`."""
        try:
            pem = path.read_bytes()
            key = load_pem_private_key(pem, None)
            leaf, *above = load_pem_x509_certificates(pem)
        except (OSError, TypeError, ValueError) as error:
            detail = f"{path} is not a PEM file with an unencrypted key and its certificates: {error}"
            raise InvalidCertificateError(Fault("/certificate_key", detail)) from None
        if leaf.public_key() != key.public_key():
            raise InvalidCertificateError(
                Fault("/certificate_key", f"the first certificate in {path} is of another key")
            )
        store: Any = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(asn1_x509.Certificate.load(item.public_bytes(Encoding.DER)) for item in above)
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return cls(
            signers.SimpleSigner(
                signing_cert=asn1_x509.Certificate.load(leaf.public_bytes(Encoding.DER)),
                signing_key=asn1_keys.PrivateKeyInfo.load(private),
                cert_registry=store,
            ),
            leaf.subject.rfc4514_string(),
        )

    def seal(self, pdf: bytes) -> bytes:
        """Return a PDF with the seal, after which nothing may be changed."""
        metadata = signers.PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        output = BytesIO()
        signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), metadata, signer=self._signer, output=output)
        return output.getvalue()
