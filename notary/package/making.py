# SPDX-License-Identifier: Apache-2.0
"""Writing evidence packages: `notary.package` says what they are."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO, Protocol

from notary.documents.document import AttachmentKind, Document, DocumentFiles
from notary.errors import CorruptLogError, PackageLimitError, UnavailableError
from notary.exports.making import ProofExporter
from notary.log.signed_note import LogSigner
from notary.package.container import MAX_PACKAGE
from notary.package.contents import derived_files
from notary.package.manifest import HISTORY, MANIFEST, MAX_FILES, MEDIA_TYPE, MIMETYPE, Manifest, PackagedFile
from notary.package.readme import readme_files
from notary.package.verification import DOCUMENTS
from notary.ports.parties import Lender
from notary.ports.records import Loan
from notary.receipts.history_receipt import HistoryReceipt
from notary.receipts.issuing import IssuingStore, ReceiptIssuer
from notary.receipts.verification import read_document

VERIFIER = "verifier/loan-notary-verify.pyz"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP archive can hold: the same evidence is the same bytes."""
_PART = 1 << 20
_SUFFIXES = {AttachmentKind.SIGNATURE: "p7s", AttachmentKind.TIMESTAMP: "tsr"}


class PackageStore(IssuingStore, Protocol):
    """What packages are made from."""


class PackageWriter:
    """Writes the evidence packages of one notary; `verifier` returns the verifier as a single file."""

    def __init__(
        self,
        store: PackageStore,
        files: DocumentFiles,
        issuer: ReceiptIssuer,
        exporter: ProofExporter,
        signer: LogSigner,
        verifier: Callable[[], bytes],
    ) -> None:
        self._store = store
        self._files = files
        self._issuer = issuer
        self._exporter = exporter
        self._signer = signer
        self._verifier = verifier

    def write(self, lender: Lender, loan: Loan, target: BinaryIO) -> None:
        """Write the package of a loan as it stands now; no file of it is ever whole in memory but the history.

        Raises `HistoryLimitError` or `PackageLimitError` for a loan that is too large for it, `UnavailableError` when
        the disk does not do its part.
        """
        signer = self._signer.current()
        data = self._issuer.history(lender, loan)
        history = read_document(data)
        assert isinstance(history, HistoryReceipt)
        if history.log_key != signer.verifier.format():
            raise UnavailableError("the log's key changes at this moment; try again")
        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
                into = _Archive(archive)
                into.add(MIMETYPE, (MEDIA_TYPE.encode(),))
                into.add(HISTORY, (data,))
                for name, content in self._texts(history, loan.number):
                    into.add(name, (content,))
                for document in self._documents(lender, history):
                    self._add_document(into, document)
                manifest = Manifest(
                    history.environment, lender.name, loan.number, history.log_key, tuple(into.files)
                ).sealed(signer)
                into.add(MANIFEST, (manifest,))
        except zipfile.LargeZipFile:
            raise PackageLimitError(f"more than {MAX_PACKAGE} bytes", f"{MAX_PACKAGE} bytes") from None
        except OSError as error:
            raise UnavailableError(f"the package cannot be written now: {error.strerror}") from error

    def _texts(self, history: HistoryReceipt, number: str) -> Iterator[tuple[str, bytes]]:
        yield from readme_files(history, number).items()
        yield from derived_files(history).items()
        for place, receipt in enumerate(history.records):
            yield f"proofs/{place:04}.cose", self._exporter.inclusion_receipt(receipt.index)
        yield VERIFIER, self._verifier()

    def _documents(self, lender: Lender, history: HistoryReceipt) -> Iterable[Document]:
        words = (word for receipt in history.records for word in receipt.documents if word.received_at is not None)
        digests = sorted({word.sha256 for word in words})
        return self._store.documents(lender.number, digests).values()

    def _add_document(self, into: "_Archive", document: Document) -> None:
        folder = f"{DOCUMENTS}/{document.sha256}"
        suffix = "pdf" if document.media_type == "application/pdf" else "bin"
        with self._files.find(document.lender, document.sha256).open() as file:
            added = into.add(f"{folder}/document.{suffix}", iter(lambda: file.read(_PART), b""))
        if added.sha256 != document.sha256:
            raise CorruptLogError(f"document {document.sha256} of lender {document.lender} has other bytes on disk")
        for item in document.attachments:
            data = self._store.attachment_data(document.lender, document.sha256, item.sha256)
            into.add(f"{folder}/{item.sha256}.{_SUFFIXES[item.kind]}", (data,))


class _Archive:
    """A package that is being written, and the files that it has so far."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: list[PackagedFile] = []

    def add(self, name: str, parts: Iterable[bytes]) -> PackagedFile:
        """Add a file part by part. Raises `PackageLimitError`."""
        if len(self.files) >= MAX_FILES:
            raise PackageLimitError(f"more than {MAX_FILES} files", f"{MAX_FILES} files")
        entry = zipfile.ZipInfo(name, _TIME)
        entry.create_system, entry.external_attr = 3, 0o644 << 16
        hasher, size = sha256(), 0
        with self._archive.open(entry, "w") as file:
            for part in parts:
                hasher.update(part)
                size += len(part)
                file.write(part)
        added = PackagedFile(name, hasher.hexdigest(), size)
        self.files.append(added)
        return added
