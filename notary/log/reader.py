# SPDX-License-Identifier: Apache-2.0
"""The log for those who read it: its newest checkpoint, and proofs between any two of its sizes."""

from notary.errors import NotFoundError
from notary.log.anchors import LogHead
from notary.log.inclusion import InclusionProver
from notary.log.merkle import ConsistencyProof, InclusionProof, prove_consistency, root_hash
from notary.log.tiles import node_reader
from notary.ports.log import LogStore


class Log:
    """Reads one log from its store; any process may have one, because what it keeps of the log never changes."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._read = node_reader(store.read_tiles)
        # Proofs of entries are asked for often. All else says what is stored now.
        self._prover = InclusionProver(store.read_tiles)

    def head(self) -> LogHead:
        """Return the newest checkpoint. Raises `NotFoundError` before the log was begun."""
        head = self._store.head()
        if head is None:
            raise NotFoundError("the log has not been begun")
        return head

    def root(self, size: int) -> bytes:
        """Return the root hash of the first `size` entries."""
        return root_hash(size, self._read)

    def prove_inclusion(self, index: int, size: int) -> InclusionProof:
        """Prove that entry `index` is in the tree of the first `size` entries."""
        return self._prover.prove(index, size)

    def forget(self) -> None:
        """Read anew from now on what proofs of entries were built from."""
        self._prover = InclusionProver(self._store.read_tiles)

    def prove_consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        """Prove that the tree of `new_size` entries begins with that of `old_size`."""
        return prove_consistency(old_size, new_size, self._read)
