# SPDX-License-Identifier: Apache-2.0
"""What peers written in Python take for a file of documents, one JSON object a line: `python in_python.py FILE`.

Prints processor seconds by name as JSON. Runs in the environment of requirements/peers.txt, without this project.
"""

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from os import urandom
from pathlib import Path
from time import process_time

CREDENTIALS = 100
"""Credentials whose work is measured for Blockcerts: it is the same for each, and takes too long for all."""

_CREDENTIAL = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "type": ["VerifiableCredential"],
    "issuer": "https://bank.example/issuer.json",
    "issuanceDate": "2026-01-01T00:00:00Z",
}


def opentimestamps(lines: list[bytes]) -> None:
    """Do what `ots stamp` does with its files before it asks its calendars, and write the timestamps down."""
    from opentimestamps.core.notary import PendingAttestation
    from opentimestamps.core.op import OpAppend, OpSHA256
    from opentimestamps.core.serialize import BytesSerializationContext
    from opentimestamps.core.timestamp import DetachedTimestampFile, make_merkle_tree

    files = [DetachedTimestampFile.from_fd(OpSHA256(), BytesIO(line)) for line in lines]
    roots = [file.timestamp.ops.add(OpAppend(urandom(16))).ops.add(OpSHA256()) for file in files]
    tip = make_merkle_tree(roots)
    tip.attestations.add(PendingAttestation("https://calendar.example"))
    for file in files:
        context = BytesSerializationContext()
        file.serialize(context)
        assert context.getbytes()


def pymerkle(lines: list[bytes]) -> None:
    """Put the documents into a tree in memory and prove each of them."""
    from pymerkle import InmemoryTree

    tree = InmemoryTree(algorithm="sha256")
    for line in lines:
        tree.append_entry(line)
    size = tree.get_size()
    for number in range(1, size + 1):
        assert tree.prove_inclusion(number, size)


def blockcerts(lines: list[bytes]) -> None:
    """Do what Blockcerts' issuer does with each credential: canonical RDF, hash, Merkle proof, encoded proof."""
    from blockcerts_merkletools import MerkleTools
    from cert_schema import normalize_jsonld
    from lds_merkle_proof_2019.merkle_proof_2019 import MerkleProof2019

    tree = MerkleTools(hash_type="sha256")
    for line in lines:
        members = json.loads(line)
        credential = _CREDENTIAL | {
            "id": f"urn:uuid:{members['id']}",
            "credentialSubject": {"id": f"urn:{members['loan']}"},
        }
        tree.add_leaf(sha256(normalize_jsonld(credential).encode()).hexdigest(), False)
    tree.make_tree()
    root, anchor = tree.get_merkle_root(), "blink:eth:ropsten:0x" + "00" * 32
    for number in range(len(lines)):
        proof = {"path": tree.get_proof(number), "merkleRoot": root, "targetHash": tree.get_leaf(number)}
        assert MerkleProof2019().encode(proof | {"anchors": [anchor]})


def seconds(work: Callable[[list[bytes]], None], lines: list[bytes]) -> float:
    """Return the processor time of some work, without what it takes to load its libraries."""
    work(lines[:2])
    began = process_time()
    work(lines)
    return process_time() - began


def main() -> None:
    """Measure all."""
    lines = Path(sys.argv[1]).read_bytes().splitlines()
    each = seconds(blockcerts, lines[:CREDENTIALS]) / CREDENTIALS
    found = {
        "OpenTimestamps' client": seconds(opentimestamps, lines),
        "pymerkle": seconds(pymerkle, lines),
        "Blockcerts, per document": each * len(lines),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
