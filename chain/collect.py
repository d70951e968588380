# SPDX-License-Identifier: Apache-2.0
"""Fetches the evidence of an anchor from a node: the header of its block, and the trie proofs in it (EIP-1186)."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chain.errors import EvidenceError, NodeRefusedError, UnknownHeaderError
from chain.evidence import BlockHeader, anchor_slot, verify_evidence
from chain.rlp_lists import encode, encode_integer
from chain.rpc import Rpc
from chain.rpc_values import parse_data, parse_quantity
from notary.log.anchors import Anchor, Evidence

_log = logging.getLogger(__name__)


def _number(value: object) -> bytes:
    return encode_integer(parse_quantity(value))


_FIELDS: dict[str, Callable[[object], bytes]] = {
    "parentHash": parse_data,
    "sha3Uncles": parse_data,
    "miner": parse_data,
    "stateRoot": parse_data,
    "transactionsRoot": parse_data,
    "receiptsRoot": parse_data,
    "logsBloom": parse_data,
    "difficulty": _number,
    "number": _number,
    "gasLimit": _number,
    "gasUsed": _number,
    "timestamp": _number,
    "extraData": parse_data,
    "mixHash": parse_data,
    "nonce": parse_data,
    "baseFeePerGas": _number,
    "withdrawalsRoot": parse_data,  # Shanghai, EIP-4895
    "blobGasUsed": _number,  # Cancun, EIP-4844
    "excessBlobGas": _number,
    "parentBeaconBlockRoot": parse_data,  # Cancun, EIP-4788
    "requestsHash": parse_data,  # Prague, EIP-7685
}
"""The header's fields in order, as eth_getBlockByNumber names them. One that a later fork adds shows in the hash."""


def collect_evidence(rpc: Rpc, anchor: Anchor, code_hash: bytes) -> Evidence | None:
    """Return evidence for a mined anchor, verified; None when the node cannot give it for the anchor's block.

    Nodes keep the state of some recent blocks only (geth: 128), so this belongs right after mining. Evidence in a later
    block would not be bound to the anchor's own block, so there is none.

    Raises:
        ChainUnavailableError: when the node cannot be used at all.
    """
    if anchor.block_number is None:
        return None
    try:
        block = rpc.block(anchor.block_number)
        if block is None:
            raise EvidenceError(f"the node has no block {anchor.block_number}")
        slot = anchor_slot(bytes.fromhex(anchor.log_id[2:]), anchor.size)
        proof = rpc.proof(anchor.registry, slot, anchor.block_number)
        evidence = Evidence(encode_header(block.fields), proof.account, proof.storage)
        verify_evidence(replace(anchor, evidence=evidence), {code_hash})
    except (NodeRefusedError, EvidenceError, UnknownHeaderError) as error:
        _log.warning("no evidence for the anchor of size %d: %s", anchor.size, error)
        return None
    return evidence


def encode_header(fields: dict[str, Any]) -> bytes:
    """Rebuild the RLP of a block's header from a node's JSON.

    Raises:
        EvidenceError: when it does not hash to the block's hash, as on chains whose headers have other fields.
    """
    try:
        header = encode([parse(fields[name]) for name, parse in _FIELDS.items() if name in fields])
        block_hash = parse_data(fields["hash"])
    except (KeyError, ValueError) as error:
        raise EvidenceError(f"the node's block has no usable header: {error!r}") from error
    if (found := BlockHeader.parse(header).hash) != block_hash:
        raise EvidenceError(f"the header rebuilt from the node's block hashes to 0x{found.hex()}")
    return header
