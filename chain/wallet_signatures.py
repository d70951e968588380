# SPDX-License-Identifier: Apache-2.0
"""Records signed by Ethereum wallets: EIP-712 typed data that say which record it is, and the signer's address.

A wallet shows typed data to its owner before he signs, so the record's type, id and loan stand in them beside the
payload's hash. The signed hash is made from the same signing input as with every other scheme: the domain comes out of
the protected header, the message out of the payload. It fixes the whole header, because `alg` and `typ` are constants
and `kid` follows from the address.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any, NoReturn, Protocol

from chain.eip712 import domain_separator, hash_struct, signing_hash, text_word
from chain.keccak import keccak
from notary.canonical import parse_json
from notary.envelope import MAX_PAYLOAD, EnvelopeSigner, read_signing_input
from notary.errors import (
    Fault,
    InvalidInputError,
    InvalidKeyError,
    InvalidSignatureError,
    MalformedJsonError,
    MissingPackageError,
)
from notary.jws_header import WalletDomain
from notary.parties.keys import WALLET_ALG, PublicKey, make_jwk

NAME, VERSION = "Loan Notary", "1"
_RECORD = "Record(string type,string id,string loan,bytes32 payloadHash)"
_MEMBERS = ("type", "id", "loan")
_SIZE = 65
_V = (27, 28)
_HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2


class HashSigner(Protocol):
    """What holds a wallet's private key, such as `chain.wallet.Wallet`."""

    @property
    def address(self) -> str:
        """The address in lower-case hex with 0x."""

    def sign_hash(self, digest: bytes) -> bytes:
        """Return r || s || v over a hash of 32 bytes."""


class WalletSignatures:
    """The scheme of wallets; a key made ready is its address of 20 bytes.

    `own_domain` tells the domain that signatures must be for. Without it each is taken for the domain that it names:
    so a verifier does long after, when the notary may have moved to another registry.
    """

    alg = WALLET_ALG

    def __init__(self, own_domain: Callable[[], WalletDomain] | None = None) -> None:
        self._own_domain = own_domain

    def load(self, key: PublicKey) -> bytes:
        """Return the address."""
        if key.alg != WALLET_ALG:
            raise InvalidKeyError(Fault("/kty", "must be an Ethereum address's for a wallet", "C3"))
        return key.values[0]

    def verify(self, key: bytes, message: bytes, signature: bytes) -> None:
        """Verify 65 bytes r || s || v. Raises what `own_domain` raises, too."""
        domain, payload = _read(message)
        if self._own_domain is not None and domain != (own := self._own_domain()):
            _refuse(f"the wallet signed for {_text(domain)}, and this notary has {_text(own)}")
        signer = recover(typed_hash(payload, domain), signature)
        if signer != key:
            _refuse(
                f"the wallet 0x{signer.hex()} made this signature, not 0x{key.hex()} "
                "(a contract's address makes none: ERC-1271 is not taken)"
            )

    def public_key(self, public: object) -> None:
        """Return None: no key of the library `cryptography` is a wallet's."""


def wallet_key(address: str) -> PublicKey:
    """Return the public key of a wallet, whose address is lower-case hex with 0x."""
    return make_jwk(WALLET_ALG, bytes.fromhex(address.removeprefix("0x")))


def wallet_signer(wallet: HashSigner, domain: WalletDomain) -> EnvelopeSigner:
    """Return what signs envelopes with a wallet for a domain."""
    return EnvelopeSigner(WALLET_ALG, wallet_key(wallet.address).kid, partial(_sign, wallet), domain=domain)


def typed_data(payload: bytes, domain: WalletDomain) -> dict[str, Any]:
    """Return the typed data of a record's payload, as the wallets' method `eth_signTypedData_v4` takes them.

    Raises `InvalidSignatureError` for a payload that is no record.
    """
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Record": [
                *({"name": name, "type": "string"} for name in _MEMBERS),
                {"name": "payloadHash", "type": "bytes32"},
            ],
        },
        "primaryType": "Record",
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": domain.registry,
        },
        "message": {**_shown(payload), "payloadHash": f"0x{sha256(payload).hexdigest()}"},
    }


def typed_hash(payload: bytes, domain: WalletDomain) -> bytes:
    """Return the hash that a wallet signs for a record's payload. Raises what `typed_data` does."""
    words = (text_word(text) for text in _shown(payload).values())
    struct = hash_struct(_RECORD, *words, sha256(payload).digest())
    return signing_hash(domain_separator(NAME, VERSION, domain.chain_id, domain.registry), struct)


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the address (20 bytes) whose wallet signed a hash.

    Raises `InvalidSignatureError` for any form but Ethereum's own: r || s || v with v 27 or 28 and the lower s (EIP-2).
    """
    if len(signature) != _SIZE:
        _refuse(
            f"a wallet's signature has {_SIZE} bytes, not {len(signature)}; "
            "those of contract wallets (ERC-1271) need a call to the chain and are not taken"
        )
    if signature[64] not in _V:
        _refuse(f"v must be 27 or 28, not {signature[64]}")
    if int.from_bytes(signature[32:64]) > _HALF_ORDER:
        _refuse("s is the higher of the two possible, which Ethereum does not take")
    try:
        # Imported here: a verifier that meets no wallet's signature can do without.
        from coincurve import PublicKey as CurvePoint
    except ModuleNotFoundError:
        raise MissingPackageError("coincurve", "a wallet's signature") from None
    try:
        point = CurvePoint.from_signature_and_message(
            signature[:64] + bytes([signature[64] - _V[0]]), digest, hasher=None
        )
    except ValueError:
        _refuse("no wallet can have made this signature")
    return keccak(point.format(compressed=False)[1:])[12:]


def _sign(wallet: HashSigner, message: bytes) -> bytes:
    domain, payload = _read(message)
    return wallet.sign_hash(typed_hash(payload, domain))


def _read(message: bytes) -> tuple[WalletDomain, bytes]:
    try:
        domain, payload = read_signing_input(message)
    except InvalidInputError as error:
        _refuse(error.faults[0].detail)
    if domain is None:
        _refuse("the protected header of a wallet's signature must have a domain")
    return domain, payload


def _shown(payload: bytes) -> dict[str, str]:
    try:
        record = parse_json(payload, limit=MAX_PAYLOAD)
    except MalformedJsonError as error:
        _refuse(error.faults[0].detail)
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in _MEMBERS):
        _refuse("a wallet signs records only: type, id and loan are wanted")
    return {name: record[name] for name in _MEMBERS}


def _text(domain: WalletDomain) -> str:
    return f"registry {domain.registry} on chain {domain.chain_id}"


def _refuse(detail: str) -> NoReturn:
    raise InvalidSignatureError(Fault("", detail, "C3"))
