# SPDX-License-Identifier: Apache-2.0
"""`.tlog-proof` files: an inclusion proof under a signed checkpoint, as text (c2sp.org/tlog-proof@v1).

::

    c2sp.org/tlog-proof@v1
    extra <base64, optional>
    index 513
    <base64 of a hash, leaf to root>
    ...

    <the checkpoint, verbatim>
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from notary.encoding import b64, b64_hashes, parse_b64
from notary.errors import ExportError, Fault
from notary.hashing import HASH_SIZE, leaf_hash
from notary.log.checkpoint import Checkpoint, open_checkpoint
from notary.log.merkle import InclusionProof, verify_inclusion
from notary.log.signed_note import NoteVerifier

HEADER = "c2sp.org/tlog-proof@v1"
_HEADER = HEADER.encode()
MEDIA_TYPE = "text/plain; charset=utf-8"
"""The specification names none; the file is text."""
MAX_PROOF = 128 * 1024
_MAX_HASHES = 64
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True)
class TlogProof:
    """An entry's index, its inclusion proof (hashes leaf to root) and the signed note of the tree's checkpoint.

    `extra` is what an application may put beside them; nothing authenticates it, and this notary writes none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Write the file."""
        extra = "" if self.extra is None else f"extra {b64(self.extra)}\n"
        return _file(extra.encode(), self.index, self.hashes, self.checkpoint.encode())


def write_tlog_proofs(proofs: Iterable[tuple[int, Sequence[bytes]]], checkpoint: str) -> Iterator[bytes]:
    """Write a file, as `TlogProof.encode` does, for each entry's index and hashes under one checkpoint."""
    note = checkpoint.encode()
    for index, hashes in proofs:
        yield _file(b"", index, hashes, note)


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read what `TlogProof.encode` writes; nothing in it is verified. Raises `ExportError`."""
    if len(data) > MAX_PROOF:
        _refuse(f"more than {MAX_PROOF} bytes")
    try:
        head, _, checkpoint = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        _refuse("not UTF-8")
    header, *lines = head.split("\n")
    if header != HEADER:
        _refuse(f"only proofs of the format {HEADER} are known here")
    extra = _bytes(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None:
        _refuse("no line with the entry's index")
    hashes = tuple(map(_bytes, lines))
    if len(hashes) > _MAX_HASHES or any(len(value) != HASH_SIZE for value in hashes):
        _refuse(f"not at most {_MAX_HASHES} hashes of {HASH_SIZE} bytes")
    return TlogProof(int(index[1]), hashes, checkpoint, extra)


def verify_tlog_proof(proof: TlogProof, entry: bytes, verifier: NoteVerifier) -> Checkpoint:
    """Return the checkpoint, signed by the log's key, of a tree that holds `entry` at the proof's index.

    Raises `SignedNoteError` or `CheckpointError` for the checkpoint, `InclusionProofError` for the rest.
    """
    checkpoint = open_checkpoint(proof.checkpoint, verifier)
    inclusion = InclusionProof(proof.index, checkpoint.size, proof.hashes)
    verify_inclusion(inclusion, leaf_hash(entry), checkpoint.root)
    return checkpoint


def _file(extra: bytes, index: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    lines = b64_hashes(hashes, b"\n") + b"\n" if hashes else b""
    return b"%b\n%bindex %d\n%b\n%b" % (_HEADER, extra, index, lines, note)


def _bytes(text: str) -> bytes:
    try:
        return parse_b64(text)
    except ValueError:
        _refuse(f"{text[:80]!r} is not base64")


def _refuse(detail: str) -> NoReturn:
    raise ExportError(Fault("", detail))
