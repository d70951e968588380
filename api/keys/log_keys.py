# SPDX-License-Identifier: Apache-2.0
"""The log's keys, for whoever signs with them: the keys of this moment, also after a rotation in another process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from api.clock import now
from api.keys.config import KeyConfig, KeyFolder, LogKeyEntry
from api.keys.places import Place, TokenPlace
from api.keys.token import TokenKey, TokenSigner
from api.settings import DataFolder
from notary.encoding import parse_time
from notary.errors import Fault, InvalidKeyError, KeyUnavailableError
from notary.log.key_history import write_history
from notary.log.signed_note import NoteSigner, NoteVerifier, Signer, parse_verifier
from notary.schemes import load_private_key
from notary.schemes.sodium import sodium_signer


@dataclass(frozen=True)
class _Loaded:
    """Signers as they follow from one version of keys.json, up to a moment (milliseconds since 1970, None: no end)."""

    version: Any
    until: int | None
    signer: NoteSigner


class LogKeys:
    """Implements `notary.log.signed_note.LogSigner` for a data folder; for any number of threads.

    Of the keys that have not ended the oldest is the first: until a rotation's overlap is over, documents are sealed
    with the key that everybody knows.
    """

    def __init__(self, folder: KeyFolder, origin: str, clock: Callable[[], int]) -> None:
        self._folder, self._origin, self._clock = folder, origin, clock
        self._lock = threading.Lock()
        self._signers: dict[str, Signer] = {}
        self._loaded: _Loaded | None = None

    def current(self) -> NoteSigner:
        version, loaded = self._folder.version(), self._loaded
        if loaded and loaded.version == version and (loaded.until is None or self._clock() < loaded.until):
            return loaded.signer
        with self._lock:
            self._loaded = self._load(version)
            return self._loaded.signer

    def history(self) -> bytes:
        """Return the log's key history (`notary.log.key_history`)."""
        return write_history(self._folder.load().successions)

    def _load(self, version: Any) -> _Loaded:
        config, moment = self._folder.load(), self._clock()
        if not config.log:
            return _Loaded(version, None, NoteSigner(self._origin, self._signer(config, config.first_log, None)))
        active, retired = _active_and_retired(config, moment)
        if not active:
            raise KeyUnavailableError(str(self._folder.path), "keys.json names no key of the log that still signs")
        signers = [self._signer(config, entry.place or "", parse_verifier(entry.key)) for entry in active]
        until = min((parse_time(entry.until) for entry in active if entry.until), default=None)
        return _Loaded(version, until, NoteSigner(self._origin, *signers, retired=retired))

    def _signer(self, config: KeyConfig, place: str, expected: NoteVerifier | None) -> Signer:
        if place not in self._signers:
            self._signers[place] = open_log_key(self._folder, config, self._folder.place(place))
        signer = self._signers[place]
        if expected and signer.public_key().public_bytes_raw() != expected.public_key:
            raise KeyUnavailableError(place, "it is another key than keys.json says")
        return signer


def verifiers(folder: KeyFolder, origin: str, clock: Callable[[], int]) -> tuple[NoteVerifier, ...]:
    """Return what `LogKeys.current().known` is, reading no secret where keys.json names the keys."""
    config = folder.load()
    if not config.log:
        return LogKeys(folder, origin, clock).current().known
    active, retired = _active_and_retired(config, clock())
    return (*(parse_verifier(entry.key) for entry in active), *retired)


def log_keys(folder: DataFolder) -> LogKeys:
    """Return the log's keys, for processes that outlive a rotation."""
    return LogKeys(folder.keys, folder.settings().origin, now)


def load_signer(folder: DataFolder) -> NoteSigner:
    """Load the log's keys of this moment. Raises `KeyUnavailableError`, and `InvalidKeyError` for what is none."""
    return log_keys(folder).current()


def load_verifiers(folder: DataFolder) -> tuple[NoteVerifier, ...]:
    """Return the log's verifier keys, that of its documents first; where keys.json names them no secret is read."""
    return verifiers(folder.keys, folder.settings().origin, now)


def _active_and_retired(config: KeyConfig, moment: int) -> tuple[list[LogKeyEntry], list[NoteVerifier]]:
    """Return the keys that sign, oldest first, and those that have ended, newest first."""
    ended = [entry for entry in config.log if entry.until and parse_time(entry.until) <= moment]
    active = [entry for entry in config.log if entry not in ended]
    return active, [parse_verifier(entry.key) for entry in reversed(ended)]


def open_log_key(folder: KeyFolder, config: KeyConfig, place: Place) -> Signer:
    """Return the Ed25519 key in a place. Raises `KeyUnavailableError`, and `InvalidKeyError` for what is none."""
    if isinstance(place, TokenPlace):
        return TokenSigner(TokenKey(place, "log"))
    key = load_private_key(folder.secret(config, place, "log")).private
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidKeyError(Fault("", "is not the Ed25519 key that a log needs", "C3"))
    return _LocalKey(key.public_key(), sodium_signer(key))


@dataclass(frozen=True)
class _LocalKey:
    """A key in this process, which signs with libsodium."""

    public: Ed25519PublicKey
    do_sign: Callable[[bytes], bytes] = field(repr=False)

    def public_key(self) -> Ed25519PublicKey:
        return self.public

    def sign(self, message: bytes, /) -> bytes:
        return self.do_sign(message)
