# SPDX-License-Identifier: Apache-2.0
"""Signed notes: C2SP signed-note, with Ed25519 signatures (type 0x01).

A signed note is text that ends in a newline, an empty line, and one line a signature::

    example.com/log
    42
    9YQqZzDxK0y6M3xqvJ2k6e3Zo1uLw0O0cUo4oQnZ8uE=

    — example.com/log AbCdEf...

where the base64 holds the key ID (4 bytes) and the signature. A key ID is
SHA-256(name || 0x0A || 0x01 || public key)[:4] and selects a key; it is not a security hash.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from notary.encoding import b64, parse_b64
from notary.errors import Fault, SignedNoteError

MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
ED25519 = b"\x01"

_UNWRITABLE = "\x00-\x09\x0b-\x1f\x7f\ud800-\udfff"
"""Control characters, and what UTF-8 has no bytes for."""
_NAME_CHARACTER = rf"[^\s+{_UNWRITABLE}]"
_LINE = re.compile(f"— ({_NAME_CHARACTER}+) ([A-Za-z0-9+/]+={{0,2}})")
_CONTROL = re.compile(f"[{_UNWRITABLE}]")
_NAME = re.compile(f"{_NAME_CHARACTER}{{1,200}}")


@dataclass(frozen=True)
class NoteVerifier:
    """A key that signed notes are checked with: its name and the 32 bytes of the Ed25519 public key."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    def format(self) -> str:
        """Write the C2SP verifier key: `name+hex(key ID)+base64(0x01 || public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(ED25519 + self.public_key)}"

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raise `SignedNoteError` unless `signature` is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            _refuse(f"the signature of {self.name} is wrong")


class Signer(Protocol):
    """The port of a private Ed25519 key, wherever it is kept; `Ed25519PrivateKey` is one."""

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""

    def sign(self, message: bytes, /) -> bytes:
        """Return the 64 bytes of the Ed25519 signature over `message`, the same each time (RFC 8032).

        Raises `UnavailableError` where the key cannot be reached now.
        """


class LogSigner(Protocol):
    """Whoever has a log's keys, which may change while a process runs."""

    def current(self) -> "NoteSigner":
        """Return the signer of this moment; what belongs together is signed by one. Raises `UnavailableError`."""


class NoteSigner:
    """The keys that sign under one name at one moment.

    The first is what documents are sealed with, and name as `log_key`; notes carry a signature of each. `retired` are
    keys of the same name that sign no more, and whose notes still count.
    """

    def __init__(self, name: str, key: Signer, *others: Signer, retired: Sequence[NoteVerifier] = ()) -> None:
        if not _NAME.fullmatch(name):
            _refuse(f"{name[:200]!r} cannot be a key name: no white space, no '+'")
        self._keys = [(_verifier(name, item), item) for item in (key, *others)]
        self.verifier = self._keys[0][0]
        self.log_key = self.verifier.format()
        # 30 of the key ID's 32 bits: what base64 shows of them before the signature begins.
        self._beginnings = [f"\n— {name} {b64(verifier.key_id)[:5]}" for verifier, _ in self._keys]
        self.known = (*(verifier for verifier, _ in self._keys), *retired)

    def current(self) -> Self:
        """Return this very signer: its keys do not change."""
        return self

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the first key's Ed25519 signature over `message`."""
        return self._keys[0][1].sign(message)

    def sign_note(self, text: str) -> str:
        """Return the signed note over `text`, which ends in a newline."""
        lines = (_line(verifier, key.sign(text.encode())) for verifier, key in self._keys)
        return f"{text}\n{''.join(lines)}"

    def has_signed(self, note: str) -> bool:
        """Tell whether a note of this log has a line of the first key; the signature in it is not looked at."""
        return self._beginnings[0] in note

    def have_all_signed(self, note: str) -> bool:
        """Tell whether a note of this log has a line of each key."""
        return all(beginning in note for beginning in self._beginnings)

    def endorse(self, note: str) -> str:
        """Return a note of a known key with a line of the first key at its end, unless it has one.

        The caller has seen that the text holds. Raises `SignedNoteError` for a note that no known key has signed.
        """
        if self.has_signed(note):
            return note
        text = open_note(note, *self.known)
        return note + _line(self.verifier, self.sign(text.encode()))


def _verifier(name: str, key: Signer) -> NoteVerifier:
    return NoteVerifier(name, key.public_key().public_bytes_raw())


def _line(verifier: NoteVerifier, signature: bytes) -> str:
    return f"— {verifier.name} {b64(verifier.key_id + signature)}\n"


def parse_verifier(vkey: str) -> NoteVerifier:
    """Read what `NoteVerifier.format` writes. Raises `SignedNoteError`."""
    name, _, rest = vkey.partition("+")
    try:
        key = parse_b64(rest[9:])
    except ValueError:
        _refuse("a verifier key that is not base64")
    if not _NAME.fullmatch(name) or len(key) != 33 or key[:1] != ED25519:
        _refuse("not the verifier key of an Ed25519 key")
    verifier = NoteVerifier(name, key[1:])
    if verifier.format() != vkey:
        _refuse("a verifier key whose key ID is not that of its key")
    return verifier


def open_note(note: str, *known: NoteVerifier) -> str:
    """Return the text of a signed note that at least one of the `known` keys signed.

    Signatures by other keys are passed over; a wrong one by a known key refuses the note. Raises `SignedNoteError`.
    """
    if len(note) > MAX_NOTE or _CONTROL.search(note):
        _refuse("a signed note that is too long, or has control characters")
    text, separator, block = note.rpartition("\n\n")
    if not separator or not block.endswith("\n"):
        _refuse("not a signed note: no block of signatures")
    text += "\n"
    lines = block[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        _refuse(f"more than {MAX_SIGNATURES} signatures")
    keys = {(verifier.name, verifier.key_id): verifier for verifier in known}
    good = False
    for line in lines:
        name, blob = _parse_line(line)
        if verifier := keys.get((name, blob[:4])):
            verifier.verify(text.encode(), blob[4:])
            good = True
    if not good:
        _refuse("no signature by a known key")
    return text


def earlier_forms(note: str) -> Iterator[str]:
    """Yield a signed note as it is, and as it was before its last line was added, and so on down to one signature."""
    text, separator, block = note.rpartition("\n\n")
    lines = re.findall(r"[^\n]*\n|[^\n]+", block)[:MAX_SIGNATURES]
    for count in range(len(lines), 0, -1):
        yield f"{text}{separator}{''.join(lines[:count])}"


def _parse_line(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if not match:
        _refuse(f"{line[:80]!r} is not a signature line")
    try:
        blob = parse_b64(match[2])
    except ValueError:
        _refuse("a signature that is not base64")
    if len(blob) < 5:
        _refuse("a signature shorter than its key ID")
    return match[1], blob


def _refuse(detail: str) -> NoReturn:
    raise SignedNoteError(Fault("", detail))
