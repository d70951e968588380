# SPDX-License-Identifier: Apache-2.0
"""Who signed a record, and how sure that makes it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from notary.encoding import format_time
from notary.envelope import Envelope, Signature
from notary.errors import Fault, InclusionProofError, InvalidSignatureError, KeyTimeError, UnknownKeyError
from notary.parties.keys import PublicKey, Scheme
from notary.parties.validity import SETTLING, Validity
from notary.records import Record

Party = Literal["lender", "borrower", "guarantor", "assignee", "participant"]
"""Whose key it is."""
PARTIES: tuple[str, ...] = get_args(Party)

Schemes = Mapping[str, Scheme[Any]]
"""The signature schemes allowed, by JWS `alg`."""


class Assurance(StrEnum):
    """Whose word a record is."""

    RECEIVED = "received"
    """Unsigned: it came from a lender who was logged in."""
    PARTY_SIGNED = "party-signed"
    """Signed, but not by the lender: a borrower's consent, claim or dispute."""
    LENDER_SIGNED = "lender-signed"
    CO_SIGNED = "co-signed"
    """Signed by every party that its type asks for, and by at least two."""


class PartyOfKey(NamedTuple):
    """A public key, whose it is, such as "lender" or "borrower", and when it counts.

    `revoked_at` is when its revocation was told, if that is known. Where the key came in a certificate, `root` is the
    CA certificate (DER) that the party is known by, and `subject` the name in the certificate.
    """

    party: str
    key: PublicKey
    validity: Validity
    revoked_at: int | None = None
    root: bytes | None = None
    subject: str | None = None


def verify_signatures(
    envelope: Envelope, record: Record, keys: Mapping[str, PartyOfKey], schemes: Schemes, moment: int
) -> Assurance:
    """Verify every signature of an envelope against the keys of its signers (by key id) at a moment.

    Raises what `verify_each` raises, and `InvalidSignatureError` for a signed envelope without the signature of an
    author of its type (check C3).
    """
    signed = verify_each(envelope, record, keys, schemes, moment)
    if signed and set(signed.values()).isdisjoint(record.authors):
        raise InvalidSignatureError(_fault("/signatures", f"the {' or '.join(record.authors)}'s signature is missing"))
    return assurance(record, signed)


def verify_recorded(
    envelope: Envelope, record: Record, keys: Mapping[str, PartyOfKey], schemes: Schemes, received_at: int
) -> tuple[Assurance, tuple[str, ...]]:
    """Verify again the signatures of a record that was taken at `received_at`.

    Return its assurance, and a sentence for each key that was told after that to be revoked from before it: its
    signature fits, and nobody can tell who made it. Raises what `verify_signatures` raises, and `KeyTimeError` for a
    revocation that was told well before the record was taken.
    """
    # First all that can fail: that a key was revoked hides no fault.
    found = verify_signatures(envelope, record, _unrevoked(keys), schemes, received_at)
    doubts = []
    for number, signature in enumerate(envelope.signatures):
        signer = keys[signature.kid]
        if revoked := signer.validity.revocation_at(received_at):
            detail = f"key {signature.kid} {revoked}, and the record was received at {format_time(received_at)}"
            if signer.revoked_at is not None and received_at >= signer.revoked_at + SETTLING:
                raise KeyTimeError(_fault(f"/signatures/{number}", detail))
            doubts.append(f"the signatures fit, but {detail}: whether the {signer.party} signed cannot be told")
    return found, tuple(doubts)


def _unrevoked(keys: Mapping[str, PartyOfKey]) -> Mapping[str, PartyOfKey]:
    if all(item.validity.revoked_from is None for item in keys.values()):
        return keys
    return {kid: item._replace(validity=item.validity.unrevoked()) for kid, item in keys.items()}


def verify_each(
    envelope: Envelope, record: Record, keys: Mapping[str, PartyOfKey], schemes: Schemes, moment: int
) -> dict[str, str]:
    """Verify every signature of an envelope and return the parties that have signed, by key id.

    Raises `UnknownKeyError`, `KeyTimeError` for a key that is not valid at `moment`, and `InvalidSignatureError` for a
    signature that is wrong, of another algorithm, or by a key that is not the one that the record names for its party
    (check C3).
    """
    signed: dict[str, str] = {}
    for number, signature in enumerate(envelope.signatures):
        pointer = f"/signatures/{number}"
        signer = verify_one(envelope, signature, keys, schemes, moment, pointer)
        named = record.keys_of(signer.party)
        if named and signature.kid not in named:
            detail = f"key {signature.kid} is not the one that the record names for the {signer.party}"
            raise InvalidSignatureError(_fault(pointer, detail))
        signed[signature.kid] = signer.party
    return signed


def verify_one(
    envelope: Envelope,
    signature: Signature,
    keys: Mapping[str, PartyOfKey],
    schemes: Schemes,
    moment: int,
    pointer: str = "",
) -> PartyOfKey:
    """Verify one signature, which stands at `pointer`, and return whose it is. Raises as `verify_each` does."""
    signer = keys.get(signature.kid)
    if signer is None:
        raise UnknownKeyError(_fault(pointer, f"key {signature.kid[:64]!r} is not registered with this lender"))
    if fault := signer.validity.fault_at(moment):
        detail = f"key {signature.kid} {fault}, and the record was received at {format_time(moment)}"
        raise KeyTimeError(_fault(pointer, detail))
    scheme = schemes.get(signature.alg)
    if scheme is None or signature.alg != signer.key.alg:
        raise InvalidSignatureError(_fault(pointer, f"alg {signature.alg[:16]!r} is not that of key {signature.kid}"))
    message = envelope.signing_input(signature)
    try:
        if signature.batch is None:
            scheme.verify(scheme.load(signer.key), message, signature.signature)
        else:
            _verify_batch(scheme.load, scheme.verify, signer.key, message, signature.signature)
            signature.batch.verify(envelope.payload)
    except InvalidSignatureError as error:
        raise InvalidSignatureError(_fault(pointer, error.faults[0].detail)) from None
    except InclusionProofError as error:
        raise InvalidSignatureError(_fault(f"{pointer}/batch", f"the record is not in the batch: {error}")) from None
    return signer


@lru_cache(maxsize=256)
def _verify_batch(
    load: Callable[[PublicKey], Any],
    verify: Callable[[Any, bytes, bytes], None],
    key: PublicKey,
    message: bytes,
    signature: bytes,
) -> None:
    """Verify a batch's signature once for all its records. Nothing here depends on a time or on whose key it is."""
    verify(load(key), message, signature)


def missing_signers(record: Record, signed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the parties that a record's type asks for and that have not signed; `signed` is as from `verify_each`.

    Where the record names a key for each party of a role, all of these keys must have signed.
    """
    missing = []
    for role in record.signers:
        named = record.keys_of(role)
        if not (named <= signed.keys() if named else role in signed.values()):
            missing.append(role)
    return tuple(missing)


def assurance(record: Record, signed: Mapping[str, str]) -> Assurance:
    """Return how sure a record is; `signed` is as from `verify_each`."""
    parties = set(signed.values())
    if not parties:
        return Assurance.RECEIVED
    if len(parties) > 1 and not missing_signers(record, signed):
        return Assurance.CO_SIGNED
    return Assurance.LENDER_SIGNED if "lender" in parties else Assurance.PARTY_SIGNED


def _fault(pointer: str, detail: str) -> Fault:
    return Fault(pointer, detail, "C3")
