# SPDX-License-Identifier: Apache-2.0
"""Anchors as rows of a table: the columns in the order of `Anchor`'s members, the evidence as JSON."""

from collections.abc import Sequence
from typing import Any

import orjson

from notary.log.anchors import Anchor, AnchorState, Evidence


def anchor_to_row(anchor: Anchor) -> tuple[Any, ...]:
    """Return the values of `anchor`'s row."""
    return (
        anchor.chain_id, anchor.registry, anchor.log_id, anchor.size, anchor.root, anchor.checkpoint,
        anchor.state.value, anchor.nonce, anchor.transaction_hash, anchor.block_number, anchor.block_hash,
        anchor.block_time, _evidence_text(anchor.evidence), anchor.gas_used,
    )  # fmt: skip


def anchor_from_row(row: Sequence[Any]) -> Anchor:
    """Return the anchor of a row that `anchor_to_row` made."""
    (
        chain_id, registry, log_id, size, root, checkpoint, state, nonce, transaction_hash, number, block, time, proof,
        gas,
    ) = row  # fmt: skip
    place = (chain_id, registry, log_id, size, root, checkpoint)
    return Anchor(*place, AnchorState(state), nonce, transaction_hash, number, block, time, _evidence(proof), gas)


def _evidence_text(evidence: Evidence | None) -> str | None:
    if evidence is None:
        return None
    members = {
        "header": evidence.header.hex(),
        "account_proof": [node.hex() for node in evidence.account_proof],
        "storage_proof": [node.hex() for node in evidence.storage_proof],
    }
    return orjson.dumps(members).decode()


def _evidence(text: str | None) -> Evidence | None:
    if text is None:
        return None
    members = orjson.loads(text)
    return Evidence(
        bytes.fromhex(members["header"]),
        tuple(map(bytes.fromhex, members["account_proof"])),
        tuple(map(bytes.fromhex, members["storage_proof"])),
    )
