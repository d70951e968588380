# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the log's size and root hash at one moment, as a signed note (C2SP tlog-checkpoint)."""

import re
from dataclasses import dataclass
from typing import NoReturn

from notary.encoding import b64, parse_b64
from notary.errors import CheckpointError, Fault
from notary.hashing import HASH_SIZE
from notary.log.signed_note import NoteSigner, NoteVerifier, open_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(frozen=True)
class Checkpoint:
    """Tree size and root hash of the log that is called `origin`."""

    origin: str
    size: int
    root: bytes

    def format(self) -> str:
        """Write the text that is signed: `<origin>\\n<size>\\n<base64 of root>\\n`."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """Return the checkpoint as a signed note."""
    return signer.sign_note(checkpoint.format())


def open_checkpoint(note: str, verifier: NoteVerifier, *others: NoteVerifier) -> Checkpoint:
    """Read a checkpoint that `verifier`, or another key of its name, signed; that name must be the origin.

    Raises `SignedNoteError` for a bad signature, `CheckpointError` for text that is not a checkpoint.
    """
    checkpoint = parse_checkpoint(open_note(note, verifier, *others))
    if checkpoint.origin != verifier.name:
        _refuse(f"a checkpoint of {checkpoint.origin!r} under the key of {verifier.name!r}")
    return checkpoint


def parse_checkpoint(text: str) -> Checkpoint:
    """Read what `Checkpoint.format` writes, no extension lines. Raises `CheckpointError`."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        _refuse("not the three lines of a checkpoint")
    if not _SIZE.fullmatch(lines[1]):
        _refuse(f"{lines[1][:20]!r} is not a tree size")
    try:
        root = parse_b64(lines[2])
    except ValueError:
        _refuse("a root hash that is not base64")
    if len(root) != HASH_SIZE:
        _refuse(f"a root hash of {len(root)} bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def _refuse(detail: str) -> NoReturn:
    raise CheckpointError(Fault("", detail))
