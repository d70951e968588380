# SPDX-License-Identifier: Apache-2.0
"""The links that a receipt and a history receipt have in common: the seal, the checkpoint, its anchors, their blocks.

A check returns a sentence for the report, or raises what stands against it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from notary.errors import Fault, ProofError, ReceiptError, UnavailableError
from notary.log.anchors import LOCAL_CHAINS, Anchor
from notary.log.checkpoint import Checkpoint, open_checkpoint
from notary.log.signed_note import NoteVerifier
from notary.receipts.report import NotCheckedError, Report, Status
from notary.receipts.sealed import SealedDocument

EvidenceVerifier = Callable[[Anchor], bytes]
"""Checks an anchor's evidence down to its block hash and returns the hash of the registry's code.

Raises `ProofError` for evidence that does not hold, `UnavailableError` for evidence of a kind it does not know.
"""


class ChainWitness(Protocol):
    """A node of the chain, asked on the verifier's behalf."""

    def confirm(self, anchor: Anchor) -> int:
        """Return how many blocks the node's chain has on top of the anchor's block, which it holds with the anchor.

        Raises `ProofError` if it does not hold it, `UnavailableError` if the node cannot answer for this chain.
        """


@dataclass
class AnchorSeen:
    """What was found of an anchor: the hash of its registry's code by proof, and the depth of its block by a node."""

    anchor: Anchor
    code_hash: bytes | None = None
    depth: int | None = None

    @property
    def is_shown(self) -> bool:
        """Tell whether evidence or a node speaks for it."""
        return self.code_hash is not None or self.depth is not None


class SealedLinks:
    """The common links of one document, checked with the log's `key`."""

    def __init__(self, document: SealedDocument, key: NoteVerifier, report: Report) -> None:
        self._document = document
        self._key = key
        self._report = report
        self._checkpoint: Checkpoint | None = None
        self.anchors = [AnchorSeen(anchor) for anchor in document.anchors]

    def seal(self) -> str:
        """Check who sealed the document."""
        document = self._document
        if document.log_key != self._key.format():
            raise ReceiptError(Fault("/log_key", "is not the key of the log that you trust"))
        assert document.seal is not None
        self._key.verify(document.sealed_bytes(), document.seal)
        self._report.trust("the notary's word for the time it received a record and for transaction hashes")
        return f"sealed by {self._key.name}, no byte changed since"

    def checkpoint(self) -> str:
        """Check who signed the log's state."""
        checkpoint = open_checkpoint(self._document.checkpoint, self._key)
        self._checkpoint = checkpoint
        return f"{checkpoint.origin} at size {checkpoint.size}, signed"

    def opened_checkpoint(self) -> Checkpoint:
        """Return the checkpoint once it was checked."""
        if self._checkpoint is None:
            raise NotCheckedError("the checkpoint could not be opened")
        return self._checkpoint

    def run_anchors(self, verify_evidence: EvidenceVerifier, chain: ChainWitness | None) -> None:
        """Check every anchor, and its block as far as a node was named to ask."""
        for seen in self.anchors:
            self._report.run("anchor", partial(self._anchor, seen, verify_evidence, chain))
            self._report.run("block", partial(self._block, seen, chain))
        if not self.anchors:
            self._report.add("anchor", Status.PENDING, "recorded and signed for, not anchored in a chain yet")

    def _anchor(self, seen: AnchorSeen, verify_evidence: EvidenceVerifier, chain: ChainWitness | None) -> str:
        anchor, checkpoint = seen.anchor, self.opened_checkpoint()
        if (anchor.size, anchor.root) != (checkpoint.size, checkpoint.root):
            raise ProofError("the anchor is of another tree size or root than the checkpoint")
        if anchor.evidence is None and chain is None:
            raise UnavailableError("the receipt carries no evidence of the anchor, and no node was asked")
        if anchor.evidence is None:
            raise NotCheckedError("the receipt carries no evidence of it; only the node that is asked can tell")
        seen.code_hash = verify_evidence(anchor)
        return f"registry {anchor.registry} holds it in block {anchor.block_number}, by Merkle-Patricia proof"

    def _block(self, seen: AnchorSeen, chain: ChainWitness | None) -> str:
        anchor, trust = seen.anchor, self._report.trust
        name = f"block {anchor.block_hash} of chain {anchor.chain_id}"
        trust(f"registry {anchor.registry} and log {anchor.log_id}, as the receipt names them")
        if anchor.chain_id in LOCAL_CHAINS:
            trust(f"whoever runs the node of chain {anchor.chain_id}: it is a local test chain")
        if chain is None:
            trust(f"that {name} is part of that chain")
            raise NotCheckedError(f"no node was asked whether {name} is part of its chain")
        seen.depth = chain.confirm(anchor)
        trust(f"the node that was asked about chain {anchor.chain_id}")
        return f"a node has {name}, with this anchor in it and {seen.depth} blocks on top"
