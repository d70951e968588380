# SPDX-License-Identifier: Apache-2.0
"""Proofs out of a log's files alone, for whoever holds an entry and an older checkpoint: no notary is asked.

A file that does not fit the newest checkpoint proves nothing, neither for the log nor against it; it is told from a log
that is another one.
"""

from dataclasses import dataclass

from notary.audit.sources import LogSource, tile_reader
from notary.errors import ConsistencyProofError, CorruptLogError, InclusionProofError, NotFoundError, UnavailableError
from notary.exports.tlog_proof import TlogProof
from notary.hashing import leaf_hash
from notary.log.checkpoint import Checkpoint, open_checkpoint
from notary.log.merkle import (
    ConsistencyProof,
    InclusionProof,
    Node,
    NodeReader,
    inclusion_root,
    prove_consistency,
    prove_inclusion,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from notary.log.signed_note import NoteVerifier
from notary.log.tiles import node_reader


@dataclass(frozen=True)
class FreshProof:
    """That an entry is in a log as it is now, `size` entries long, and that the log only grew since an older size."""

    size: int
    inclusion: TlogProof
    consistency: ConsistencyProof


def prove_anew(source: LogSource, verifier: NoteVerifier, index: int, entry: bytes, older: Checkpoint) -> FreshProof:
    """Prove an entry and the log's growth under the newest checkpoint of `source`.

    Raises `InclusionProofError` if the log holds another entry there, `ConsistencyProofError` if it did not grow from
    the older checkpoint, `InvalidInputError` for a checkpoint of another key, `UnavailableError` if nobody can tell.
    """
    note = source.checkpoint()
    newest = open_checkpoint(note, verifier)
    if newest.size < older.size:
        raise UnavailableError(
            f"the log shows {newest.size} entries, and {older.size} were signed: it is an older copy"
        )
    read = node_reader(tile_reader(source, newest.size))
    try:
        inclusion = _inclusion(read, index, entry, newest)
        consistency = _consistency(read, older, newest)
    except (NotFoundError, CorruptLogError) as error:
        raise UnavailableError(f"the log does not show all that its checkpoint covers: {error}") from error
    return FreshProof(newest.size, TlogProof(index, inclusion.hashes, note), consistency)


def _inclusion(read: NodeReader, index: int, entry: bytes, newest: Checkpoint) -> InclusionProof:
    proof = prove_inclusion(index, newest.size, read)
    try:
        verify_inclusion(proof, leaf_hash(entry), newest.root)
    except InclusionProofError:
        [shown] = read([Node(0, index)])
        if inclusion_root(proof, shown) != newest.root:
            raise _misfit(newest) from None
        raise
    return proof


def _consistency(read: NodeReader, older: Checkpoint, newest: Checkpoint) -> ConsistencyProof:
    proof = prove_consistency(older.size, newest.size, read)
    try:
        verify_consistency(proof, older.root, newest.root)
    except ConsistencyProofError:
        try:
            verify_consistency(proof, root_hash(older.size, read), newest.root)
        except ConsistencyProofError:
            raise _misfit(newest) from None
        raise
    return proof


def _misfit(newest: Checkpoint) -> UnavailableError:
    return UnavailableError(f"tiles do not fit the checkpoint of size {newest.size}: they prove nothing either way")
