# SPDX-License-Identifier: Apache-2.0
"""Offline check that a registry's storage held an anchor: only the hash of one block has to be trusted.

::

    Keccak-256(header) = block hash
    header: number, timestamp, state root
    state root   --account proof-->  Keccak-256(registry)  -> storage root, code hash
    storage root --storage proof-->  Keccak-256(slot)      -> Keccak-256(root || uint256(time))
    slot = Keccak-256(uint256(size) || Keccak-256(log id || uint256(1)))

No web3 and no network: the offline verifier imports this module.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from chain.errors import EvidenceError, UnknownHeaderError
from chain.keccak import keccak
from chain.rlp_lists import RlpItem, decode_list, encode
from chain.trie_proof import prove_value
from notary.log.anchors import Anchor

MAXIMUM_HEADER = 4096
"""Bytes in a block header: those of today have some 640."""

HEADER_FIELDS = {16: "London and Paris", 17: "Shanghai", 20: "Cancun", 21: "Prague and Osaka"}
"""How many fields a header has, and since which fork; the first 16 stand in the same places in all of them."""

_STATE_ROOT, _NUMBER, _TIME = 3, 8, 11
_COMMITMENTS_SLOT = 1


@dataclass(frozen=True)
class BlockHeader:
    """What evidence needs of a block header."""

    hash: bytes
    number: int
    time: int
    state_root: bytes

    @classmethod
    def parse(cls, header: bytes) -> Self:
        """Parse the RLP of a header of any fork in `HEADER_FIELDS`.

        Raises:
            EvidenceError: when it is not canonical RLP of a header since London.
            UnknownHeaderError: when it has as many fields as no fork that is known here.
        """
        fields = decode_list(header, MAXIMUM_HEADER)
        if len(fields) < min(HEADER_FIELDS):
            raise EvidenceError(f"a block header of {len(fields)} fields, which is older than any registry")
        if len(fields) not in HEADER_FIELDS:
            raise UnknownHeaderError(len(fields))
        state_root = fields[_STATE_ROOT]
        if not isinstance(state_root, bytes) or len(state_root) != 32:
            raise EvidenceError("the block header has no state root in its place")
        return cls(keccak(header), _integer(fields[_NUMBER]), _integer(fields[_TIME]), state_root)


def verify_evidence(anchor: Anchor, known_code_hashes: Collection[bytes]) -> bytes:
    """Check an anchor's evidence down to the hash, number and time of its block; return the registry's code hash.

    `known_code_hashes` are those of registries whose rules are known; an account with other code proves nothing.

    Raises:
        EvidenceError: when there is no evidence, or it does not show that the registry holds the anchor.
        UnknownHeaderError: when the block is of a fork that is not known here, so that nobody can tell.
    """
    evidence, time = anchor.evidence, anchor.block_time
    if evidence is None or anchor.block_hash is None or time is None:
        raise EvidenceError("the anchor has no evidence")
    if (found := "0x" + keccak(evidence.header).hex()) != anchor.block_hash:
        raise EvidenceError(f"the evidence is of block {found}, not of {anchor.block_hash}")
    header = BlockHeader.parse(evidence.header)
    if (header.number, header.time) != (anchor.block_number, time):
        raise EvidenceError(
            f"the block has number {header.number} and time {header.time}, not {anchor.block_number} and {time}"
        )
    account = prove_value(header.state_root, keccak(bytes.fromhex(anchor.registry[2:])), evidence.account_proof)
    storage_root, code_hash = _parse_account(account)
    if code_hash not in known_code_hashes:
        raise EvidenceError(f"the code at {anchor.registry} has hash 0x{code_hash.hex()}, which is no known registry's")
    key = keccak(anchor_slot(bytes.fromhex(anchor.log_id[2:]), anchor.size))
    stored = prove_value(storage_root, key, evidence.storage_proof)
    if stored != encode(commitment(anchor.root, time).lstrip(b"\0")):
        raise EvidenceError(f"the registry holds another root or time at size {anchor.size}")
    return code_hash


def anchor_slot(log_id: bytes, size: int) -> bytes:
    """Return the storage slot of an anchor (Solidity's layout of a mapping of mappings in slot 1)."""
    return keccak(size.to_bytes(32) + keccak(log_id + _COMMITMENTS_SLOT.to_bytes(32)))


def commitment(root: bytes, time: int) -> bytes:
    """Return what the registry stores for an anchor."""
    return keccak(root + time.to_bytes(32))


def _parse_account(account: bytes) -> tuple[bytes, bytes]:
    """Return storage root and code hash of an account (yellow paper, section 4.1)."""
    match decode_list(account, 256):
        case [_, _, bytes(storage_root), bytes(code_hash)] if len(storage_root) == len(code_hash) == 32:
            return storage_root, code_hash
    raise EvidenceError("the state trie has no account at the registry's address")


def _integer(field: RlpItem) -> int:
    if not isinstance(field, bytes) or len(field) > 8 or field[:1] == b"\0":
        raise EvidenceError("the block header has no number in its place")
    return int.from_bytes(field)
