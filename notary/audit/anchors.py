# SPDX-License-Identifier: Apache-2.0
"""A log's anchors, as the chain tells of them and as the notary keeps them, against the log that was audited.

The audited root was computed from the entries. That an anchored root is of the same log is shown by a consistency
proof (RFC 9162 2.1.4) from the one to the other, so it does not matter who hands out the hashes for the proof.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from notary.audit.finding import Findings
from notary.audit.sources import LogSource, tile_reader
from notary.errors import CorruptLogError, NotaryError, NotFoundError, ProofError, UnavailableError
from notary.log.anchors import Anchor
from notary.log.merkle import prove_consistency, verify_consistency
from notary.log.tiles import node_reader
from notary.receipts.sealed_links import ChainWitness


class ChainAnchor(NamedTuple):
    """An anchor as the registry's event tells of it; `time` is the block's, in seconds since 1970."""

    size: int
    root: bytes
    time: int
    block_number: int


class RegistryHead(NamedTuple):
    """Operator and newest anchor of a log, from the registry's state; size and time are 0 before the first anchor."""

    operator: str
    size: int
    time: int


class RegistryHistory(Protocol):
    """One log in one registry, read through a node.

    Every method raises `UnavailableError` when the node does not answer; `head` also when it is of another chain.
    """

    def head(self) -> RegistryHead:
        """Return what the registry holds now."""

    def anchors(self) -> Sequence[ChainAnchor]:
        """Return all anchors that the node still has the events of, oldest first."""

    def holds(self, size: int, root: bytes, time: int) -> bool:
        """Tell whether the registry's state holds exactly this anchor."""


@dataclass(frozen=True)
class AuditedLog:
    """The log that anchors are compared with: `size` entries that hash to `root`; `source` has the proofs."""

    source: LogSource
    size: int
    root: bytes

    def extends(self, size: int, root: bytes) -> None:
        """Raise `ProofError` unless the log begins with `size` entries that hash to `root`."""
        reader = node_reader(tile_reader(self.source, self.size))
        try:
            proof = prove_consistency(size, self.size, reader)
            verify_consistency(proof, root, self.root)
        except (ProofError, NotFoundError, CorruptLogError):
            raise ProofError(f"its root {root.hex()} is not the log's at that size") from None


@dataclass
class AnchorsOutcome:
    """How many anchors the chain and the store told of, what was found, and (place, reason) of what nobody can tell."""

    findings: Findings
    unknown: list[tuple[str, str]]
    on_chain: int = 0
    stored: int = 0


def audit_chain(
    history: RegistryHistory, log: AuditedLog, newest_size: Callable[[], int], outcome: AnchorsOutcome
) -> bool:
    """Compare the registry's anchors with the log; say whether the node has answered for its chain.

    They must grow, each must stand in the registry's state, and each must be of this log. `newest_size` reads the size
    of the newest checkpoint, and is called after the registry was read: a registry that is ahead of it shows that
    entries were dropped.
    """
    try:
        head, anchors = history.head(), history.anchors()
        newest = newest_size()
        outcome.on_chain = len(anchors)
        if head.size and (not anchors or anchors[-1].size < head.size):
            reason = f"the node tells of no event of the newest anchor, of size {head.size}"
            outcome.unknown.append(("registry", reason))
        before = ChainAnchor(0, b"", 0, 0)
        for anchor in anchors:
            place = f"anchor {anchor.size}"
            if anchor.size <= before.size or anchor.time < before.time:
                outcome.findings.place(place, f"comes after that of size {before.size}")
            if not history.holds(anchor.size, anchor.root, anchor.time):
                outcome.findings.place(place, "is not in the registry's state, though an event tells of it")
            _compare(anchor.size, anchor.root, log, newest, outcome)
            before = anchor
    except UnavailableError as error:
        outcome.unknown.append(("registry", str(error)))
        return False
    return True


def audit_stored_anchors(
    anchors: Sequence[Anchor],
    witness: ChainWitness | None,
    log: AuditedLog,
    newest_size: Callable[[], int],
    outcome: AnchorsOutcome,
) -> None:
    """Compare the anchors that the notary keeps with the log, and have the chain confirm each of them."""
    newest = newest_size()
    for anchor in anchors:
        place = f"anchor {anchor.size}"
        outcome.stored += 1
        _compare(anchor.size, anchor.root, log, newest, outcome)
        try:
            if witness is None:
                raise UnavailableError("no node of its chain could be asked")
            witness.confirm(anchor)
        except UnavailableError as error:
            outcome.unknown.append((place, str(error)))
        except NotaryError as error:
            outcome.findings.place(place, str(error))


def _compare(size: int, root: bytes, log: AuditedLog, newest: int, outcome: AnchorsOutcome) -> None:
    place = f"anchor {size}"
    if size > newest:
        outcome.findings.place(place, f"is of more entries than the log has: {newest}")
    elif size <= log.size:
        try:
            log.extends(size, root)
        except ProofError as error:
            outcome.findings.place(place, str(error))
        except UnavailableError as error:
            outcome.unknown.append((place, str(error)))
