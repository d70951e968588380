# SPDX-License-Identifier: Apache-2.0
"""Verification of a receipt, link by link, offline.

::

    format -> seal -> record -> signatures -> checkpoint -> inclusion -> anchor -> block

Every link is checked even when an earlier one broke, so that the report names what is wrong and not just that
something is. `Report.trusted` lists what had to be believed and from whom; a verdict is never wider than that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from notary.anchors import Anchor
from notary.canonical import parse_canonical
from notary.checkpoint import Checkpoint, open_checkpoint
from notary.encoding import format_time
from notary.entries import RecordEntry, commit
from notary.envelope import MAX_PAYLOAD
from notary.errors import Fault, InvalidInputError, NotaryError, ProofError, ReceiptError, UnavailableError
from notary.hashing import leaf_hash
from notary.keys import parse_jwk
from notary.merkle import InclusionProof, verify_inclusion
from notary.receipt import Receipt, parse_receipt
from notary.records import Record, parse_record
from notary.signatures import Assurance, PartyOfKey, Schemes, verify_signatures
from notary.signed_note import NoteVerifier, parse_verifier

LOCAL_CHAINS = frozenset({1337, 31337})
"""Chain ids of local test chains, which whoever runs the node can rewrite; a report says so."""


class Status(StrEnum):
    """What a check found."""

    OK = "ok"
    FAILED = "failed"
    PENDING = "pending"
    UNKNOWN = "unknown"
    NOT_CHECKED = "not checked"


class Verdict(StrEnum):
    """What all checks together say."""

    VALID = "valid"
    INVALID = "invalid"
    CANNOT_TELL = "cannot tell"

    @property
    def exit_code(self) -> int:
        """Return the exit code of a command that ends with this verdict: 0, 1 or 2."""
        return list(Verdict).index(self)


@dataclass(frozen=True)
class Check:
    """One link, what was found, and a sentence on it."""

    link: str
    status: Status
    detail: str


@dataclass
class Report:
    """The checks of one receipt in order, what had to be trusted, and `facts`: what the record says."""

    checks: list[Check] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)
    facts: dict[str, str | int] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Return `invalid` if a link broke, else `cannot tell` if one could not be checked, else `valid`."""
        found = {check.status for check in self.checks}
        if Status.FAILED in found:
            return Verdict.INVALID
        return Verdict.CANNOT_TELL if Status.UNKNOWN in found else Verdict.VALID

    def add(self, link: str, status: Status, detail: str) -> None:
        """Note what a check found."""
        self.checks.append(Check(link, status, detail))


EvidenceVerifier = Callable[[Anchor], None]
"""Checks an anchor's evidence down to its block hash; raises `ProofError`."""


class ChainWitness(Protocol):
    """A node of the chain, asked on the verifier's behalf."""

    def confirm(self, anchor: Anchor) -> None:
        """Return if the node's chain holds the anchor in the block named.

        Raises `ProofError` if it does not, `UnavailableError` if the node cannot answer for this chain.
        """


class ReceiptVerifier:
    """Verifies receipts against one choice of what to trust.

    `log_key` is the log's key as its operator publishes it; without it the receipt's own is taken, and the report
    says so. `chain` is a node to ask; without it block hashes are taken on trust.
    """

    def __init__(
        self,
        schemes: Schemes,
        verify_evidence: EvidenceVerifier,
        log_key: NoteVerifier | None = None,
        chain: ChainWitness | None = None,
    ) -> None:
        self._schemes = schemes
        self._verify_evidence = verify_evidence
        self._log_key = log_key
        self._chain = chain

    def verify(self, data: bytes) -> Report:
        """Check every link of a receipt; never raises for what the receipt holds."""
        report = Report()
        try:
            receipt = parse_receipt(data)
            key = self._log_key or parse_verifier(receipt.log_key)
        except InvalidInputError as error:
            report.add("format", Status.FAILED, str(error))
            return report
        report.add("format", Status.OK, "a receipt in canonical form")
        source = "given by you" if self._log_key else "as the receipt names it: compare it with the operator's"
        report.trusted.append(f"the log's key {key.format()}, {source}")
        links = _Links(receipt, key, self._schemes, report)
        for link, check in (
            ("seal", links.seal),
            ("record", links.record),
            ("signatures", links.signatures),
            ("checkpoint", links.checkpoint),
            ("inclusion", links.inclusion),
        ):
            _run(report, link, check)
        for anchor in receipt.anchors:
            _run(report, "anchor", partial(self._anchor, links, anchor))
            _run(report, "block", partial(self._block, report, anchor))
        if not receipt.anchors:
            report.add("anchor", Status.PENDING, "recorded and signed for, not anchored in a chain yet")
        return report

    def _anchor(self, links: "_Links", anchor: Anchor) -> str:
        checkpoint = links.opened_checkpoint()
        if (anchor.size, anchor.root) != (checkpoint.size, checkpoint.root):
            raise ProofError("the anchor is of another tree size or root than the checkpoint")
        if anchor.evidence is None and self._chain is None:
            raise UnavailableError("the receipt carries no evidence of the anchor, and no node was asked")
        if anchor.evidence is None:
            raise _NotCheckedError("the receipt carries no evidence of it; only the node that is asked can tell")
        self._verify_evidence(anchor)
        return f"registry {anchor.registry} holds it in block {anchor.block_number}, by Merkle-Patricia proof"

    def _block(self, report: Report, anchor: Anchor) -> str:
        name = f"block {anchor.block_hash} of chain {anchor.chain_id}"
        report.trusted.append(f"registry {anchor.registry} and log {anchor.log_id}, as the receipt names them")
        if anchor.chain_id in LOCAL_CHAINS:
            report.trusted.append(f"whoever runs the node of chain {anchor.chain_id}: it is a local test chain")
        if self._chain is None:
            report.trusted.append(f"that {name} is part of that chain")
            raise _NotCheckedError(f"no node was asked whether {name} is part of its chain")
        self._chain.confirm(anchor)
        report.trusted.append(f"the node that was asked about chain {anchor.chain_id}")
        return f"a node has {name}, with this anchor in it"


class _NotCheckedError(Exception):
    """Raised by a check that had nothing to go on."""


def _run(report: Report, link: str, check: Callable[[], str]) -> None:
    try:
        report.add(link, Status.OK, check())
    except _NotCheckedError as reason:
        report.add(link, Status.NOT_CHECKED, str(reason))
    except UnavailableError as reason:
        report.add(link, Status.UNKNOWN, str(reason))
    except NotaryError as reason:
        report.add(link, Status.FAILED, str(reason))


class _Links:
    """The links of one receipt that need nothing from outside; a check returns a sentence or raises."""

    def __init__(self, receipt: Receipt, key: NoteVerifier, schemes: Schemes, report: Report) -> None:
        self._schemes = schemes
        self._receipt = receipt
        self._key = key
        self._report = report
        self._record: Record | None = None
        self._checkpoint: Checkpoint | None = None

    def seal(self) -> str:
        receipt = self._receipt
        if receipt.log_key != self._key.format():
            raise ReceiptError(Fault("/log_key", "is not the key of the log that you trust"))
        assert receipt.seal is not None
        self._key.verify(receipt.sealed_bytes(), receipt.seal)
        self._report.trusted.append("the notary's word for the time it received the record and for transaction hashes")
        return f"sealed by {self._key.name}, no byte changed since"

    def record(self) -> str:
        payload = self._receipt.envelope.payload
        self._record = record = parse_record(parse_canonical(payload, limit=MAX_PAYLOAD))
        self._report.facts = {
            "type": record.type,
            "id": record.id,
            "loan": record.loan,
            "lender": self._receipt.lender,
            "occurred_at": record.occurred_at,
            "received_at": format_time(self._receipt.received_at),
            "index": self._receipt.index,
        }
        return f"{record.type} {record.id} of loan {record.loan}"

    def signatures(self) -> str:
        if self._record is None:
            raise _NotCheckedError("the record could not be read")
        receipt = self._receipt
        keys = [PartyOfKey(item.party, parse_jwk(item.jwk)) for item in receipt.keys]
        if [item.key.kid for item in keys] != [signature.kid for signature in receipt.envelope.signatures]:
            raise ReceiptError(Fault("/keys", "are not the keys of the signatures, in their order"))
        by_id = {item.key.kid: item for item in keys}
        assurance = verify_signatures(receipt.envelope, self._record, by_id, self._schemes)
        self._report.facts["assurance"] = assurance.value
        if assurance is not Assurance.RECEIVED:
            self._report.trusted.append("the notary's word for whose keys signed")
        return assurance.value

    def checkpoint(self) -> str:
        checkpoint = open_checkpoint(self._receipt.checkpoint, self._key)
        self._checkpoint = checkpoint
        return f"{checkpoint.origin} at size {checkpoint.size}, signed"

    def opened_checkpoint(self) -> Checkpoint:
        if self._checkpoint is None:
            raise _NotCheckedError("the checkpoint could not be opened")
        return self._checkpoint

    def inclusion(self) -> str:
        receipt, checkpoint = self._receipt, self.opened_checkpoint()
        entry = RecordEntry(receipt.tag, commit(receipt.nonce, receipt.envelope.encode())).encode()
        proof = InclusionProof(receipt.index, checkpoint.size, receipt.inclusion)
        verify_inclusion(proof, leaf_hash(entry), checkpoint.root)
        return f"the envelope is committed to by entry {receipt.index} of {checkpoint.size}"


def report_members(report: Report) -> dict[str, Any]:
    """Return a report as a JSON object."""
    return {
        "verdict": report.verdict.value,
        "facts": report.facts,
        "checks": [{"link": item.link, "status": item.status.value, "detail": item.detail} for item in report.checks],
        "trusted": report.trusted,
    }
