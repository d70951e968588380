# SPDX-License-Identifier: Apache-2.0
"""Who signed a record, and how sure that makes it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, get_args

from notary.envelope import Envelope
from notary.errors import Fault, InvalidSignatureError
from notary.keys import PublicKey, Scheme
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


@dataclass(frozen=True)
class PartyOfKey:
    """A public key and whose it is, such as "lender" or "borrower"."""

    party: str
    key: PublicKey


def verify_signatures(
    envelope: Envelope, record: Record, keys: Mapping[str, PartyOfKey], schemes: Schemes
) -> Assurance:
    """Verify every signature of an envelope against the keys registered (by key id).

    Raises `InvalidSignatureError` for a signature that is wrong, of another algorithm, by a key that is unknown or
    not the one that the record names for its party, and for a signed envelope without the lender's signature (check
    C3).
    """
    if not envelope.signatures:
        return Assurance.RECEIVED
    parties: set[str] = set()
    for number, signature in enumerate(envelope.signatures):
        pointer = f"/signatures/{number}"
        registered = keys.get(signature.kid)
        if registered is None:
            raise _refusal(pointer, f"key {signature.kid[:64]!r} is not registered with this lender")
        scheme = schemes.get(signature.alg)
        if scheme is None or signature.alg != registered.key.alg:
            raise _refusal(pointer, f"alg {signature.alg[:16]!r} is not that of key {signature.kid}")
        try:
            scheme.verify(scheme.load(registered.key), envelope.signing_input(signature), signature.signature)
        except InvalidSignatureError as error:
            raise _refusal(pointer, error.faults[0].detail) from None
        named = record.keys_of(registered.party)
        if named and signature.kid not in named:
            raise _refusal(
                pointer, f"key {signature.kid} is not the one that the record names for the {registered.party}"
            )
        parties.add(registered.party)
    if parties.isdisjoint(record.authors):
        raise _refusal("/signatures", f"the {' or '.join(record.authors)}'s signature is missing")
    return assurance(parties, record.signers)


def assurance(parties: Set[str], signers: tuple[str, ...]) -> Assurance:
    """Return how sure a record is that these parties signed, of a type that asks for these signers."""
    if not parties:
        return Assurance.RECEIVED
    if len(parties) > 1 and parties >= set(signers):
        return Assurance.CO_SIGNED
    return Assurance.LENDER_SIGNED if "lender" in parties else Assurance.PARTY_SIGNED


def _refusal(pointer: str, detail: str) -> InvalidSignatureError:
    return InvalidSignatureError(Fault(pointer, detail, "C3"))
