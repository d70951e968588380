# SPDX-License-Identifier: Apache-2.0
"""The proof in a certificate's QR code: a record's entry, that it is in the log, and which receipt says more.

A receipt with chain evidence is larger than a QR code, so this is a part of it under a seal of its own. By itself it
shows that the entry is in the log; with a receipt, that it is the entry of that receipt's record.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, NoReturn

from pydantic import Field

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64, b64url
from notary.errors import Fault, InvalidInputError, ProofError, QrError, ReceiptError
from notary.hashing import leaf_hash
from notary.log.checkpoint import Checkpoint, open_checkpoint
from notary.log.entries import RecordEntry, parse_record_entry
from notary.log.key_history import choose_key, source_of
from notary.log.merkle import InclusionProof, verify_inclusion
from notary.log.signed_note import NoteSigner, NoteVerifier
from notary.receipts.base45 import base45, parse_base45
from notary.receipts.fields import Hashes, Name, Seal, Secret, Whole, read_shape
from notary.receipts.receipt import Receipt, parse_receipt
from notary.receipts.report import NotCheckedError, Report, Status
from notary.receipts.sealed import Environment, seal_preimage
from notary.records.fields import Model

FORMAT = "loan-notary/qr@1"
PREFIX = "LOAN-NOTARY:1:"
MAX_TEXT = 4296
"""Signs that the largest QR code holds, version 40-L (ISO/IEC 18004)."""
_MAX_JSON = 16 * 1024


@dataclass(frozen=True)
class QrProof:
    """What a QR code holds; `receipt` is the SHA-256 of the receipt that the certificate was made from."""

    environment: Environment
    receipt: bytes
    entry: bytes
    index: int
    inclusion: tuple[bytes, ...]
    checkpoint: str
    log_key: str
    seal: bytes = b""

    def members(self) -> dict[str, Any]:
        """Return the JSON members without the seal."""
        entry = parse_record_entry(self.entry)
        return {
            "format": FORMAT,
            "environment": self.environment,
            "receipt": b64url(self.receipt),
            "tag": b64url(entry.tag),
            "commitment": b64url(entry.commitment),
            "index": self.index,
            "inclusion": [b64(item) for item in self.inclusion],
            "checkpoint": self.checkpoint,
            "log_key": self.log_key,
        }


def write_qr(data: bytes, signer: NoteSigner) -> str:
    """Return the text of the QR code for a receipt's bytes, sealed. Raises `QrError` if no QR code can hold it."""
    receipt = parse_receipt(data)
    proof = QrProof(
        receipt.environment, sha256(data).digest(), receipt.entry(), receipt.index, receipt.inclusion,
        receipt.checkpoint, receipt.log_key,
    )  # fmt: skip
    members = proof.members()
    seal = signer.sign(seal_preimage(FORMAT, canonical_json(members)))
    text = PREFIX + base45(zlib.compress(canonical_json({**members, "seal": b64url(seal)}), 9))
    if len(text) > MAX_TEXT:
        _refuse(f"the proof has {len(text)} signs, a QR code holds at most {MAX_TEXT}")
    return text


def parse_qr(text: str) -> QrProof:
    """Read what `write_qr` writes; nothing in it is verified. Raises `InvalidInputError` of several kinds."""
    if not text.startswith(PREFIX) or len(text) > MAX_TEXT:
        _refuse(f"does not begin with {PREFIX}, or has more than {MAX_TEXT} signs")
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(parse_base45(text.removeprefix(PREFIX)), _MAX_JSON)
    except (ValueError, zlib.error) as error:
        _refuse(f"is misread or damaged: {error}")
    if not inflate.eof or inflate.unused_data:
        _refuse("is not whole, or is too long")
    value = parse_canonical(data, limit=_MAX_JSON)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        _refuse(f"only the format {FORMAT} is known here")
    shape = read_shape(_QrShape, value)
    return QrProof(
        shape.environment, shape.receipt, RecordEntry(shape.tag, shape.commitment).encode(), shape.index,
        shape.inclusion, shape.checkpoint, shape.log_key, shape.seal,
    )  # fmt: skip


def verify_qr(
    text: str,
    log_key: NoteVerifier | None = None,
    receipt: bytes | None = None,
    environment: Environment | None = None,
    related: Sequence[NoteVerifier] = (),
) -> Report:
    """Check every link of a QR code's text: format, seal, checkpoint, inclusion, environment, receipt; never raises.

    Without `log_key` the key in the text is believed, and the report says so. `related` are keys that came before or
    after it. `receipt` are the bytes of one that
    should be of the same record. `environment` is the one asked for.
    """
    report = Report()
    try:
        proof = parse_qr(text.strip())
        key = choose_key(proof.log_key, log_key, related)
    except InvalidInputError as error:
        report.add("format", Status.FAILED, str(error))
        return report
    report.add("format", Status.OK, "the text of a certificate's QR code")
    report.trust(f"the log's key {key.format()}, {source_of(key, log_key, 'code')}")
    report.facts |= {"environment": proof.environment, "index": proof.index, "receipt": proof.receipt.hex()}
    links = _Links(proof, key)
    report.run("seal", links.seal)
    report.run("checkpoint", links.check_checkpoint)
    report.run("inclusion", links.inclusion)
    if environment:
        report.run("environment", lambda: links.environment(environment))
    report.run("receipt", lambda: links.receipt(receipt))
    return report


class _Links:
    def __init__(self, proof: QrProof, key: NoteVerifier) -> None:
        self._proof = proof
        self._key = key
        self._checkpoint: Checkpoint | None = None

    def seal(self) -> str:
        if self._proof.log_key != self._key.format():
            raise ReceiptError(Fault("/log_key", "is not the key of the log that you trust"))
        self._key.verify(seal_preimage(FORMAT, canonical_json(self._proof.members())), self._proof.seal)
        return f"sealed by {self._key.name}"

    def check_checkpoint(self) -> str:
        self._checkpoint = open_checkpoint(self._proof.checkpoint, self._key)
        return f"{self._checkpoint.origin} at size {self._checkpoint.size}, signed"

    def inclusion(self) -> str:
        proof, checkpoint = self._proof, self._checkpoint
        if checkpoint is None:
            raise NotCheckedError("the checkpoint does not hold")
        shown = InclusionProof(proof.index, checkpoint.size, proof.inclusion)
        verify_inclusion(shown, leaf_hash(proof.entry), checkpoint.root)
        return f"entry {proof.index} of {checkpoint.size}"

    def environment(self, asked: Environment) -> str:
        if self._proof.environment != asked:
            raise ReceiptError(Fault("/environment", f"is {self._proof.environment}, not {asked}"))
        return f"for {asked}"

    def receipt(self, data: bytes | None) -> str:
        if data is None:
            raise NotCheckedError("no receipt was given, so what was recorded is not shown")
        receipt: Receipt = parse_receipt(data)
        if receipt.entry() != self._proof.entry or receipt.index != self._proof.index:
            raise ProofError("the receipt is of another record")
        if sha256(data).digest() != self._proof.receipt:
            return "a receipt of the same record, written at another time; verify it by itself"
        return "the receipt that the certificate was made from; verify it by itself"


def _refuse(detail: str) -> NoReturn:
    raise QrError(Fault("", detail))


class _QrShape(Model):
    format: str
    environment: Environment
    receipt: Secret
    tag: Secret
    commitment: Secret
    index: Whole
    inclusion: Hashes
    checkpoint: Annotated[str, Field(max_length=4096)]
    log_key: Name
    seal: Seal
