# SPDX-License-Identifier: Apache-2.0
"""Making a certificate from a receipt: verified first, then written, then sealed where the operator has a seal."""

from typing import Protocol

from notary.errors import CorruptLogError, UnavailableError
from notary.log.signed_note import LogSigner
from notary.receipts.qr_proof import write_qr
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Report, Verdict

MEDIA_TYPE = "application/pdf"


class Sealer(Protocol):
    """Whoever seals certificates."""

    @property
    def name(self) -> str:
        """The subject of the certificate that it seals with."""

    def seal(self, pdf: bytes) -> bytes:
        """Return a PDF with the seal."""


class Verifier(Protocol):
    """Whoever verifies receipts."""

    def verify(self, data: bytes) -> Report:
        """Check every link of a receipt."""


class CertificateMaker:
    """Makes certificates of one log's receipts; without a `sealer` the page says that it is not sealed."""

    def __init__(self, signer: LogSigner, verifier: Verifier, sealer: Sealer | None = None) -> None:
        self._signer = signer
        self._verifier = verifier
        self._sealer = sealer

    @property
    def sealed_by(self) -> str | None:
        """The subject of the certificate that it seals with, if it seals."""
        return self._sealer.name if self._sealer else None

    def certificate(self, data: bytes) -> bytes:
        """Return the certificate of a receipt of this log. Raises `CorruptLogError` for one that does not verify."""
        # Imported here: most processes of the service make no certificate, and fonts take a while to read.
        from api.certificate.page import write_page

        signer = self._signer.current()
        if parse_receipt(data).log_key != signer.verifier.format():
            raise UnavailableError("the log's key changes at this moment; try again")
        report = self._verifier.verify(data)
        if report.verdict is Verdict.INVALID:
            raise CorruptLogError("a receipt of this log does not verify, so nothing is certified")
        pdf = write_page(data, report, signer.verifier, write_qr(data, signer), self.sealed_by)
        return self._sealer.seal(pdf) if self._sealer else pdf
