# SPDX-License-Identifier: Apache-2.0
"""Keys in a PKCS#11 token: they are made in it, sign in it, and never leave it.

Ed25519 for the log needs a token with CKM_EDDSA (PKCS#11 3.0), secp256k1 for the anchor account one with CKM_ECDSA and
that curve; SoftHSM 2.6 has both. An operation takes as long as the token takes (SoftHSM: 0.2 ms), and one is in
hand at a time. The package is `python-pkcs11`, of the extra `pkcs11`.
"""

import threading
from collections.abc import Callable
from functools import cache
from os import urandom
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from api.keys.files import Purpose
from api.keys.places import TokenPlace
from chain.digest_signature import complete
from chain.keccak import keccak
from notary.errors import DataKeyError, KeyUnavailableError, MissingPackageError
from notary.privacy.cipher import KEY_SIZE, NONCE_SIZE
from notary.privacy.data_key import ID_SIZE, require_id

_ED25519 = b"\x13\x0cedwards25519"
"""CKA_EC_PARAMS as PKCS#11 3.0 section 2.3.10 has them: a PrintableString."""
_SECP256K1 = bytes.fromhex("06052b8104000a")
"""The curve's object identifier, 1.3.132.0.10, in DER."""


class TokenKey:
    """A private key in a token, found by its label; for any number of threads."""

    def __init__(self, place: TokenPlace, purpose: Purpose, *, make: bool = False) -> None:
        """Log in and find the key, or `make` it. Raises `KeyUnavailableError`, `MissingPackageError`."""
        library = _library()
        self._place, self._lock = place, threading.Lock()
        session = _reach(place, lambda: _log_in(place))
        if make:
            _reach(place, lambda: _make(session, place, purpose))
        self._private, point = _reach(place, lambda: _find(session, place))
        # A DER OCTET STRING around the point; some tokens leave the wrapping out.
        self.point = point[-32:] if purpose == "log" else point[-64:]
        self._mechanism = library.Mechanism.EDDSA if purpose == "log" else library.Mechanism.ECDSA

    def sign(self, data: bytes) -> bytes:
        """Return the token's signature: Ed25519 over a message, or r and s over a digest.

        Raises `KeyUnavailableError`.
        """
        with self._lock:
            signed: bytes = _reach(self._place, lambda: self._private.sign(data, mechanism=self._mechanism))
            return signed


def has_key(place: TokenPlace) -> bool:
    """Tell whether a token has a key of this label. Raises `KeyUnavailableError`."""
    library = _library()

    def look() -> bool:
        return any(_log_in(place).get_objects({library.Attribute.LABEL: place.label}))

    found: bool = _reach(place, look)
    return found


def _log_in(place: TokenPlace) -> Any:
    library = _library()
    pin = place.pin.secret("log", None).decode("latin-1").rstrip("\n")
    token = library.lib(place.module).get_token(token_label=place.token)
    try:
        return token.open(rw=True, user_pin=pin)
    except library.UserAlreadyLoggedIn:
        # Logging in is once for a whole process; each key has a session of its own all the same.
        return token.open(rw=True)


def _find(session: Any, place: TokenPlace) -> tuple[Any, bytes]:
    library = _library()
    private = session.get_key(object_class=library.ObjectClass.PRIVATE_KEY, label=place.label)
    public = session.get_key(object_class=library.ObjectClass.PUBLIC_KEY, label=place.label)
    return private, bytes(public[library.Attribute.EC_POINT])


def _make(session: Any, place: TokenPlace, purpose: Purpose) -> None:
    library = _library()
    if has_key(place):
        raise KeyUnavailableError(_name(place), "there is a key of this label already")
    kind, curve = (library.KeyType.EC_EDWARDS, _ED25519) if purpose == "log" else (library.KeyType.EC, _SECP256K1)
    method = library.Mechanism.EC_EDWARDS_KEY_PAIR_GEN if purpose == "log" else library.Mechanism.EC_KEY_PAIR_GEN
    parameters = session.create_domain_parameters(kind, {library.Attribute.EC_PARAMS: curve}, local=True)
    parameters.generate_keypair(mechanism=method, store=True, label=place.label)


def _make_cipher(session: Any, place: TokenPlace) -> None:
    library = _library()
    if has_key(place):
        raise KeyUnavailableError(_name(place), "there is a key of this label already")
    attribute = library.Attribute
    kept = {attribute.SENSITIVE: True, attribute.EXTRACTABLE: False}
    bits = 8 * KEY_SIZE
    session.generate_key(library.KeyType.AES, bits, label=place.label, id=urandom(ID_SIZE), store=True, template=kept)


def _name(place: TokenPlace) -> str:
    return f"token {place.token}, object {place.label}"


def _reach(place: TokenPlace, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except RuntimeError as error:
        # Only the kind of error: a library's text may hold what it was given.
        raise KeyUnavailableError(_name(place), f"the token answers {type(error).__name__}") from None


class TokenCipher:
    """The data key in a token; implements `notary.privacy.data_key.WrappingKey` with the token's AES-256-GCM.

    What it wraps has the form that a key in a file gives it. Its id is the object's CKA_ID: nobody outside of the token
    can compute one of the key. An error of the token says nothing of why: what was changed reads as unusable.
    """

    def __init__(self, place: TokenPlace, *, make: bool = False) -> None:
        """Log in and find the key, or `make` it. Raises `KeyUnavailableError`, `MissingPackageError`."""
        library = _library()
        self._place, self._lock = place, threading.Lock()
        session = _reach(place, lambda: _log_in(place))
        if make:
            _reach(place, lambda: _make_cipher(session, place))
        kind = library.ObjectClass.SECRET_KEY
        self._key = _reach(place, lambda: session.get_key(object_class=kind, label=place.label))
        self.id: bytes = bytes(self._key[library.Attribute.ID])
        if len(self.id) != ID_SIZE:
            raise KeyUnavailableError(_name(place), f"its CKA_ID has not {ID_SIZE} bytes")

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        nonce = urandom(NONCE_SIZE)
        return self.id + nonce + self._do(self._key.encrypt, secret, nonce, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        require_id(wrapped, self.id)
        sealed = wrapped[ID_SIZE:]
        return self._do(self._key.decrypt, sealed[NONCE_SIZE:], sealed[:NONCE_SIZE], context)

    def _do(self, work: Callable[..., bytes], data: bytes, nonce: bytes, context: bytes) -> bytes:
        library = _library()
        mechanism, parameters = library.Mechanism.AES_GCM, library.GCMParams(nonce, self.id + context, 128)
        try:
            with self._lock:
                done = _reach(self._place, lambda: work(data, mechanism=mechanism, mechanism_param=parameters))
        except KeyUnavailableError as error:
            raise DataKeyError(f"the data key cannot be used: {error}") from None
        return bytes(done)


def destroy_key(place: TokenPlace) -> None:
    """Destroy all objects of a label in a token. Raises `KeyUnavailableError`."""
    library = _library()

    def destroy() -> None:
        for item in list(_log_in(place).get_objects({library.Attribute.LABEL: place.label})):
            item.destroy()

    _reach(place, destroy)


class TokenSigner:
    """The log's Ed25519 key in a token; implements `notary.log.signed_note.Signer`."""

    def __init__(self, key: TokenKey) -> None:
        self._key = key

    def public_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self._key.point)

    def sign(self, message: bytes, /) -> bytes:
        return self._key.sign(message)


class TokenAccount:
    """The anchor account's secp256k1 key in a token; implements `chain.wallet.DigestSigner`."""

    def __init__(self, key: TokenKey) -> None:
        self._key = key
        self.address = "0x" + keccak(key.point)[12:].hex()

    def sign_digest(self, digest: bytes, /) -> tuple[int, int, int]:
        signature = self._key.sign(digest)
        return complete(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]), digest, self.address)


@cache
def _library() -> Any:
    try:
        import pkcs11
    except ModuleNotFoundError:
        raise MissingPackageError("python-pkcs11", "a key in a hardware security module") from None
    return pkcs11
