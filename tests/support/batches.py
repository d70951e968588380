# SPDX-License-Identifier: Apache-2.0
"""Batches under one signature: whole files, and single envelopes of their records."""

from collections.abc import Sequence
from uuid import uuid4

from notary.envelope import Envelope, EnvelopeSigner
from notary.hashing import leaf_hash
from notary.log.merkle import prove_inclusion
from notary.schemes import PrivateKey
from notary.signed_batch import SignedBatch, sign_batch
from tests.support.trees import MemoryTree


def batch_of(lines: Sequence[bytes], key: PrivateKey, batch_id: str | None = None) -> SignedBatch:
    """Sign lines by one key."""
    signer = EnvelopeSigner(key.public.alg, key.public.kid, key.sign)
    return sign_batch(batch_id or str(uuid4()), lines, signer)


def signed_file(lines: Sequence[bytes], key: PrivateKey, batch_id: str | None = None) -> bytes:
    """Return the file of a batch: its signature and its lines, each with its end."""
    return joined([batch_of(lines, key, batch_id).to_line(), *lines])


def joined(lines: Sequence[bytes]) -> bytes:
    """Return lines with their ends."""
    return b"".join(line + b"\n" for line in lines)


def envelope_in_batch(payloads: Sequence[bytes], index: int, key: PrivateKey, batch_id: str | None = None) -> Envelope:
    """Return the envelope of one of a batch's records, with no other signature."""
    batch = batch_of(payloads, key, batch_id)
    tree = MemoryTree([leaf_hash(payload) for payload in payloads])
    path = prove_inclusion(index, len(payloads), tree.read).hashes
    return Envelope(payloads[index], (batch.signature_at(index, path),))
