# SPDX-License-Identifier: Apache-2.0
"""The verifier of this notary's own documents: it trusts the keys of its log, whichever these are by now."""

from collections.abc import Sequence

from notary.documents.digests import FileDigests
from notary.log.signed_note import LogSigner
from notary.receipts.report import Report
from verifier import make_verifier


class OwnVerifier:
    """Verifies receipts of the log whose keys a signer has."""

    def __init__(self, signer: LogSigner) -> None:
        self._signer = signer

    def verify(self, data: bytes, files: Sequence[FileDigests] = ()) -> Report:
        """Check every link of a receipt or history receipt, as `notary.receipts.verification` does."""
        first, *related = self._signer.current().known
        return make_verifier(first, related=related).verify(data, files)
