# SPDX-License-Identifier: Apache-2.0
"""Verification of an evidence package, offline.

::

    container -> manifest -> files -> contents -> the links of the history receipt in it, with each document in it

`container` is the ZIP file, `manifest` its list of files and the seal on it, `files` each file against that list, and
`contents` the readable files against the history receipt that they were made from.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from notary.documents.digests import FileDigests
from notary.errors import Fault, InvalidInputError, PackageError
from notary.package.container import Container, open_container
from notary.package.contents import derived_files, loan_of
from notary.package.manifest import HISTORY, MANIFEST, MAX_MANIFEST, Manifest, PackagedFile, parse_manifest
from notary.receipts.history_receipt import MAX_HISTORY, HistoryReceipt
from notary.receipts.report import NotCheckedError, Report
from notary.receipts.verification import ReceiptVerifier, read_document

DOCUMENTS = "documents"
_MOST_TOLD = 10


class PackageVerifier:
    """Verifies evidence packages with a verifier of receipts, so against the same choice of what to trust."""

    def __init__(self, receipts: ReceiptVerifier) -> None:
        self._receipts = receipts

    def verify(self, path: Path, documents: Sequence[FileDigests] = ()) -> Report:
        """Check every link of a package; never raises for what it holds.

        Each of `documents` must be one that a record names, as each in the package must.
        """
        report = Report()

        def run() -> str:
            with open_container(path) as container:
                links = _Links(container, report, self._receipts, documents)
                links.run()
                return f"a ZIP archive of {len(container.names)} files"

        report.run("container", run)
        # What the container is was found first, and is told first.
        report.checks.insert(0, report.checks.pop())
        return report


class _Links:
    """The links of one open package."""

    def __init__(
        self, container: Container, report: Report, receipts: ReceiptVerifier, documents: Sequence[FileDigests]
    ) -> None:
        self._container = container
        self._report = report
        self._receipts = receipts
        self._manifest: Manifest | None = None
        self._documents = list(documents)

    def run(self) -> None:
        report = self._report
        report.run("manifest", self._check_manifest)
        report.run("files", self._check_files)
        history = self._container.read(HISTORY, MAX_HISTORY)
        report.run("contents", partial(self._check_contents, history))
        found = self._receipts.verify(history, self._documents)
        report.checks += found.checks
        report.trusted += found.trusted
        report.facts |= found.facts
        report.loan = found.loan

    def _check_manifest(self) -> str:
        manifest = parse_manifest(self._container.read(MANIFEST, MAX_MANIFEST))
        # Also with a wrong seal: which file was changed is worth telling.
        self._manifest = manifest
        manifest.check_seal()
        return f"sealed by {manifest.log_key.partition('+')[0]}, for loan {manifest.loan}"

    def _check_files(self) -> str:
        listed = {file.name: file for file in self._listed().files}
        present = set(self._container.names) - {MANIFEST}
        wrong = [f"{name} is missing" for name in listed if name not in present]
        wrong += [f"{name} is not in the manifest" for name in sorted(present - set(listed))]
        wrong += [text for name in sorted(present & set(listed)) if (text := self._check_file(listed[name]))]
        if wrong:
            more = f"; and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
            raise PackageError(Fault("", "; ".join(wrong[:_MOST_TOLD]) + more))
        return f"each of the {len(listed)} files is as the manifest has it"

    def _check_file(self, file: PackagedFile) -> str:
        """Return what is wrong with a file, or nothing."""
        try:
            found = self._container.digests(file.name)
        except InvalidInputError as error:
            return f"{file.name} cannot be read ({error})"
        folder, _, rest = file.name.partition("/")
        if (found.sha256, found.size) != (file.sha256, file.size):
            return f"{file.name} was changed"
        if folder == DOCUMENTS:
            digest, _, name = rest.partition("/")
            is_document = name.startswith("document.")
            if found.sha256 != (digest if is_document else name.partition(".")[0]):
                return f"{file.name} does not have the SHA-256 that it is named by"
            if is_document:
                self._documents.append(found)
        return ""

    def _check_contents(self, data: bytes) -> str:
        manifest = self._listed()
        history = _read_history(data)
        said = (manifest.environment, manifest.lender, manifest.log_key, manifest.loan)
        if said != (history.environment, history.lender, history.log_key, loan_of(history)):
            raise PackageError(Fault(f"/{MANIFEST}", f"is not about the loan in {HISTORY}"))
        files = derived_files(history)
        names = set(self._container.names)
        for name, content in files.items():
            if name not in names or self._container.read(name, len(content)) != content:
                raise PackageError(Fault(f"/{name}", f"is not what follows from {HISTORY}"))
        return f"{len(files)} readable files say what {HISTORY} says"

    def _listed(self) -> Manifest:
        if self._manifest is None:
            raise NotCheckedError("the manifest could not be read")
        return self._manifest


def _read_history(data: bytes) -> HistoryReceipt:
    document = read_document(data)
    if not isinstance(document, HistoryReceipt):
        raise PackageError(Fault(f"/{HISTORY}", "is not a history receipt"))
    return document
