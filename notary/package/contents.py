# SPDX-License-Identifier: Apache-2.0
"""What follows from the history receipt in a package: the same again, in files where a person would look for it.

A verifier makes them anew and compares, so that nobody is shown a record that is not the one that was proved.
"""

import json
import re
from hashlib import sha256
from typing import Any

from notary.canonical import parse_canonical
from notary.envelope import MAX_PAYLOAD
from notary.exports.tlog_proof import write_tlog_proofs
from notary.receipts.fields import anchor_members
from notary.receipts.history_receipt import HistoryReceipt
from notary.receipts.receipt import KeyOfParty, Receipt

CHECKPOINT = "checkpoint/checkpoint.txt"
POLICY = "policy.json"


def record_of(receipt: Receipt) -> dict[str, Any]:
    """Return the record in a receipt as JSON. Raises `InvalidInputError` for a payload that is no JSON object."""
    value = parse_canonical(receipt.envelope.payload, limit=MAX_PAYLOAD)
    return value if isinstance(value, dict) else {}


def loan_of(history: HistoryReceipt) -> str:
    """Return the loan's number as its first record has it."""
    return str(record_of(history.records[0]).get("loan", ""))


def derived_files(history: HistoryReceipt) -> dict[str, bytes]:
    """Return the files that a package of this history has, each from the history alone. Raises `InvalidInputError`."""
    files: dict[str, bytes] = {}
    proofs = write_tlog_proofs(((item.index, item.inclusion) for item in history.records), history.checkpoint)
    for number, (receipt, proof) in enumerate(zip(history.records, proofs, strict=True)):
        record = record_of(receipt)
        kind = re.sub("[^a-z_]", "", str(record.get("type", "")))[:40] or "record"
        files[f"records/{number:04}-{kind}.json"] = readable(record)
        files[f"proofs/{number:04}.tlog-proof"] = proof
        files[f"proofs/{number:04}.entry"] = receipt.entry()
    return {**files, **_keys(history), **_checkpoint(history), POLICY: readable(_policy(history))}


def readable(value: object) -> bytes:
    """Return JSON for people: sorted, indented by two, not escaped, with a line end."""
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _keys(history: HistoryReceipt) -> dict[str, bytes]:
    files = {}
    for receipt in history.records:
        for signature, key in zip(receipt.envelope.signatures, receipt.keys, strict=False):
            name = sha256(signature.kid.encode()).hexdigest()[:16]
            files[f"keys/{key.party}-{name}.json"] = readable(_key(signature.kid, key))
            if key.root is not None:
                files[f"keys/{key.party}-root-{sha256(key.root).hexdigest()[:16]}.der"] = key.root
    return dict(sorted(files.items()))


def _key(kid: str, key: KeyOfParty) -> dict[str, Any]:
    return {"kid": kid, **{name: value for name, value in key.members().items() if name != "root"}}


def _checkpoint(history: HistoryReceipt) -> dict[str, bytes]:
    files = {CHECKPOINT: history.checkpoint.encode(), "checkpoint/log-key.txt": f"{history.log_key}\n".encode()}
    for number, token in enumerate(history.timestamps, 1):
        files[f"checkpoint/timestamp-{number}.tst"] = token
    for number, anchor in enumerate(history.anchors, 1):
        files[f"checkpoint/anchor-{number}.json"] = readable(anchor_members(anchor))
    return files


def _policy(history: HistoryReceipt) -> dict[str, Any]:
    """Return acceptance rules that a reader may take as an example: this log, and where it is anchored."""
    rules = {
        "format": "loan-notary/acceptance@1",
        "environment": history.environment,
        "log_keys": [history.log_key],
    }
    places: dict[int, list[str]] = {}
    for anchor in history.anchors:
        places.setdefault(anchor.chain_id, []).append(anchor.registry)
    chains = [{"chain_id": number, "registries": sorted(set(found))} for number, found in sorted(places.items())]
    return {**rules, "chains": chains} if chains else rules
