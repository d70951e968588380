# SPDX-License-Identifier: Apache-2.0
"""Which checkpoint proofs of an entry are given under, and who outside has seen it."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from notary.errors import CorruptLogError, InvalidInputError, ProofError
from notary.hashing import leaf_hash
from notary.log.anchors import Anchor
from notary.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from notary.log.merkle import InclusionProof, verify_inclusion
from notary.log.reader import Log
from notary.log.signed_note import NoteSigner
from notary.log.timestamps import TimestampStore
from notary.ports.records import RecordStore


class CoverStore(RecordStore, TimestampStore, Protocol):
    """What anchors and timestamps are read from."""


@dataclass(frozen=True)
class Cover:
    """A checkpoint with its anchors and timestamps (RFC 3161 tokens)."""

    size: int
    checkpoint: str
    anchors: tuple[Anchor, ...] = ()
    timestamps: tuple[bytes, ...] = ()

    def members(self) -> dict[str, Any]:
        """Return the arguments that `SealedDocument` takes of these."""
        return {"checkpoint": self.checkpoint, "anchors": self.anchors, "timestamps": self.timestamps}


def cover_of(store: CoverStore, log: Log, index: int) -> Cover:
    """Return the checkpoint that says most about an entry: an anchored one, else a timestamped one, else the newest."""
    anchor = store.anchor_over(index)
    found = anchor or store.timestamp_over(index) or log.head()
    stamps = (item.token for item in store.timestamps(found.size) if item.checkpoint == found.checkpoint)
    return Cover(found.size, found.checkpoint, (anchor,) if anchor else (), tuple(stamps))


def proven(log: Log, index: int, entry: bytes, cover: Cover) -> InclusionProof:
    """Return the proof that an entry is in the tree of a checkpoint, once it was seen to lead there.

    Checkpoint, tiles and entry are read one after the other; of two replicas, or of a damaged database, they can be
    of two states. Raises `CorruptLogError` then.
    """
    leaf, root = leaf_hash(entry), _root(cover.checkpoint)
    proof = log.prove_inclusion(index, cover.size)
    try:
        verify_inclusion(proof, leaf, root)
    except ProofError:
        # What is kept of the log may be of another state as well: of a database that was set back since, for one.
        log.forget()
        proof = log.prove_inclusion(index, cover.size)
        try:
            verify_inclusion(proof, leaf, root)
        except ProofError as error:
            raise CorruptLogError(f"entry {index} is not the one that was signed for: {error}") from error
    return proof


def _root(note: str) -> bytes:
    text, _, _ = note.partition("\n\n")
    return parse_checkpoint(text + "\n").root


def opened(note: str, signer: NoteSigner) -> Checkpoint:
    """Read a checkpoint that is kept. Raises `CorruptLogError` for one that no key of the log has signed."""
    try:
        return open_checkpoint(note, *signer.known)
    except InvalidInputError as error:
        raise CorruptLogError(f"a checkpoint that is kept is not one of this log's keys: {error}") from error


def endorsed(cover: Cover, log: Log, signer: NoteSigner) -> Cover:
    """Return the cover with a line of the signer's first key on its checkpoint, where only older keys have signed it.

    Raises `CorruptLogError`, and signs nothing, if the log's tiles do not hash to the checkpoint.
    """
    if signer.has_signed(cover.checkpoint):
        return cover
    checkpoint = opened(cover.checkpoint, signer)
    if log.root(checkpoint.size) != checkpoint.root:
        raise CorruptLogError(f"the stored tiles do not hash to the checkpoint of size {checkpoint.size}")
    return replace(cover, checkpoint=signer.endorse(cover.checkpoint))
