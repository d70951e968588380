# SPDX-License-Identifier: Apache-2.0
"""Key files: readable by their owner only, and encrypted where there is a passphrase.

An encrypted file is one JSON object, `loan-notary/key-file@1`: AES-256-GCM under a key that scrypt (RFC 7914) makes of
the passphrase. What the key is for is authenticated too, so that no file passes for another.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import Field, ValidationError

from notary.canonical import canonical_json
from notary.encoding import b64, parse_b64
from notary.errors import KeyUnavailableError
from notary.records.fields import Model
from notary.stores.durable import sync_folder

FORMAT = "loan-notary/key-file@1"
MAX_FILE = 64 * 1024
MIN_PASSPHRASE = 12
_COST, _BLOCK, _PARALLEL = 1 << 15, 8, 3
"""scrypt with 32 MiB, about a quarter of a second: fixed by the format, so that no file can ask for more."""
_SALT, _NONCE = 16, 12

Purpose = Literal["log", "anchor", "data", "cursors"]
"""What a key is for."""


class _Encrypted(Model):
    format: Literal["loan-notary/key-file@1"]
    purpose: Purpose
    salt: Annotated[str, Field(max_length=24)]
    nonce: Annotated[str, Field(max_length=16)]
    ciphertext: Annotated[str, Field(max_length=MAX_FILE)]


def read_key_file(path: Path, purpose: Purpose, passphrase: bytes | None) -> bytes:
    """Return the secret in a file, decrypted if it is encrypted.

    Raises `KeyUnavailableError` for a file that is missing, that others can read, or that the passphrase does not open.
    """
    data = _read_private(path)
    if not is_encrypted(data):
        return data
    if passphrase is None:
        raise KeyUnavailableError(str(path), "it is encrypted, and no passphrase is named in keys.json")
    try:
        file = _Encrypted.model_validate_json(data)
        if file.purpose != purpose:
            raise KeyUnavailableError(str(path), f"it is the key for {file.purpose}, not for {purpose}")
        salt, nonce, ciphertext = map(parse_b64, (file.salt, file.nonce, file.ciphertext))
        return AESGCM(_stretched(passphrase, salt)).decrypt(nonce, ciphertext, _bound(purpose))
    except ValidationError:
        raise KeyUnavailableError(str(path), f"it is damaged: not a file of the format {FORMAT}") from None
    except (ValueError, InvalidTag):
        raise KeyUnavailableError(str(path), "the passphrase is another one, or the file is damaged") from None


def write_key_file(path: Path, purpose: Purpose, secret: bytes, passphrase: bytes | None) -> None:
    """Write a new file, whole or not at all, and on disk when this returns; encrypted if there is a passphrase.

    Raises `KeyUnavailableError`, changing nothing, if the file exists or cannot be written.
    """
    _write(path, _encrypt(purpose, secret, passphrase) if passphrase is not None else secret, replace=False)


def encrypt_key_file(path: Path, purpose: Purpose, passphrase: bytes) -> bool:
    """Put an encrypted file in the place of a plain one; return False, changing nothing, if it is encrypted.

    What was on disk may still be found there: whoever fears that changes the key. Raises `KeyUnavailableError`.
    """
    data = _read_private(path)
    if is_encrypted(data):
        return False
    _write(path, _encrypt(purpose, data, passphrase), replace=True)
    return True


def is_encrypted(data: bytes) -> bool:
    """Tell an encrypted file from a plain one by its beginning."""
    return data.lstrip().startswith(b"{")


def _encrypt(purpose: Purpose, secret: bytes, passphrase: bytes) -> bytes:
    if len(passphrase) < MIN_PASSPHRASE:
        raise KeyUnavailableError("passphrase", f"it has fewer than {MIN_PASSPHRASE} bytes")
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    ciphertext = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, secret, _bound(purpose))
    members = {"salt": b64(salt), "nonce": b64(nonce), "ciphertext": b64(ciphertext)}
    return canonical_json({"format": FORMAT, "purpose": purpose, **members}) + b"\n"


def _stretched(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=_PARALLEL).derive(passphrase)


def _bound(purpose: Purpose) -> bytes:
    return f"{FORMAT} {purpose}".encode()


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise KeyUnavailableError(str(path), error.strerror or type(error).__name__) from None
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise KeyUnavailableError(str(path), f"its mode is {mode:04o}, but only its owner may have any access (0600)")
    if len(data) > MAX_FILE:
        raise KeyUnavailableError(str(path), f"it has more than {MAX_FILE} bytes")
    return data


def _write(path: Path, data: bytes, *, replace: bool) -> None:
    # Written whole under another name first: a half-written key would be kept for ever.
    coming = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                coming.replace(path)
            else:
                path.hardlink_to(coming)
        finally:
            coming.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise KeyUnavailableError(str(path), error.strerror or type(error).__name__) from None
