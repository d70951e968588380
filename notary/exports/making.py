# SPDX-License-Identifier: Apache-2.0
"""Making exports: the proofs of the log in the formats of `notary.exports`.

Each is given under a checkpoint that was signed before: what a COSE receipt signs is the root in that checkpoint, and
only once the proof was seen to lead there.
"""

from typing import Protocol

from notary.errors import CorruptLogError, NotFoundError, ProofError
from notary.exports.cose import sign_cose_receipt
from notary.exports.tlog_proof import TlogProof
from notary.log.anchors import Anchor, LogHead
from notary.log.cover import Cover, CoverStore, cover_of, endorsed, opened, proven
from notary.log.merkle import InclusionProof, verify_consistency
from notary.log.reader import Log
from notary.log.signed_note import LogSigner
from notary.log.timestamps import Timestamp
from notary.ports.log import LogStore


class ExportStore(LogStore, CoverStore, Protocol):
    """What exports are made from."""


class ProofExporter:
    """Exports proofs of one log, with the log's key where a format needs a signature of its own."""

    def __init__(self, store: ExportStore, signer: LogSigner) -> None:
        self._store = store
        self._log = Log(store)
        self._signer = signer

    def tlog_proof(self, index: int) -> bytes:
        """Return the `.tlog-proof` of an entry, under the same checkpoint as its record's receipt.

        Raises `CorruptLogError` if the entry is not in that checkpoint's tree.
        """
        cover = endorsed(cover_of(self._store, self._log, index), self._log, self._signer.current())
        return TlogProof(index, self._proof(index, cover).hashes, cover.checkpoint).encode()

    def inclusion_receipt(self, index: int) -> bytes:
        """Return the COSE receipt of an entry, under the same checkpoint as its record's receipt.

        Raises `CorruptLogError`, and signs nothing, if the entry is not in that checkpoint's tree.
        """
        cover = cover_of(self._store, self._log, index)
        root = self._signed_root(cover.checkpoint)
        return sign_cose_receipt(self._proof(index, cover), root, self._signer.current())

    def consistency_receipt(self, old_size: int, new_size: int) -> bytes:
        """Return the COSE receipt that the log of `new_size` entries begins with that of `old_size`, the smaller.

        Raises `NotFoundError` for a `new_size` whose checkpoint is not kept (the newest is, anchored and timestamped
        ones are), `CorruptLogError`, and signs nothing, if the trees do not agree.
        """
        root = self._signed_root(self._kept_checkpoint(new_size))
        proof = self._log.prove_consistency(old_size, new_size)
        try:
            verify_consistency(proof, self._log.root(old_size), root)
        except ProofError as error:
            raise CorruptLogError(f"{new_size} entries do not begin with {old_size}: {error}") from error
        return sign_cose_receipt(proof, root, self._signer.current())

    def _proof(self, index: int, cover: Cover) -> InclusionProof:
        entry = next(self._store.entries(index, index + 1), None)
        if entry is None:
            raise CorruptLogError(f"there is no entry {index} of the {cover.size} that were signed for")
        return proven(self._log, index, entry, cover)

    def _kept_checkpoint(self, size: int) -> str:
        anchors, stamps = self._store.anchors_after(size - 1, 1), self._store.timestamps(size)
        kept: list[LogHead | Anchor | Timestamp] = [self._log.head(), *anchors, *stamps]
        found = next((item.checkpoint for item in kept if item.size == size), None)
        if found is None:
            raise NotFoundError(f"no checkpoint of {size} entries is kept")
        return found

    def _signed_root(self, note: str) -> bytes:
        return opened(note, self._signer.current()).root
