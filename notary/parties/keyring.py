# SPDX-License-Identifier: Apache-2.0
"""The keyring: whose key made a signature, as a lender has registered its parties."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

import orjson

from notary.envelope import Envelope, Signature
from notary.errors import CorruptLogError, Fault, InvalidCertificateError, InvalidInputError
from notary.parties.certificates import CertifiedKey, certified_key
from notary.parties.keys import PublicKey, parse_jwk
from notary.parties.signatures import PartyOfKey, Schemes
from notary.ports.parties import PartyKey, PartyRoot


class KeySource(Protocol):
    """Where keys are looked up: `notary.ports.parties.PartyStore`, or whatever has the same two methods."""

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        """Return the lender's registered keys of these ids; what is not there is left out."""

    def roots(self, lender: int) -> list[PartyRoot]:
        """Return the lender's CA certificates."""


class Keyring:
    """Finds the keys of an envelope's signatures.

    Every look-up asks the source: a copy kept here would go on after a revocation.
    """

    def __init__(self, parties: KeySource, schemes: Schemes) -> None:
        self._parties = parties
        self._schemes = schemes

    def keys_of(self, lender: int, envelope: Envelope, moment: int) -> dict[str, PartyOfKey]:
        """Return the keys that signed an envelope, by their id; unknown ones are left out.

        They are found whether or not they, or the root of a certificate, are registered as valid at `moment`. Raises
        `InvalidCertificateError` for a signature with certificates that vouch for no party of the lender's then.
        """
        if not envelope.signatures:
            return {}
        registered = self._parties.party_keys(lender, [signature.kid for signature in envelope.signatures])
        roots: list[PartyRoot] = []
        if any(signature.x5c for signature in envelope.signatures):
            roots = self._parties.roots(lender)
        found = {}
        for number, signature in enumerate(envelope.signatures):
            known = registered.get(signature.kid)
            if signature.x5c:
                certified = self._certified(number, signature, roots, moment)
                found[signature.kid] = _by_certificate(f"/signatures/{number}/protected", certified, roots, known)
            elif known is not None:
                found[signature.kid] = PartyOfKey(known.party, read_key(known.jwk), known.validity, known.revoked_at)
        return found

    def _certified(self, number: int, signature: Signature, roots: list[PartyRoot], moment: int) -> CertifiedKey:
        certificates = {root.certificate for root in roots}
        try:
            return certified_key(signature, certificates, moment, self._schemes)
        except InvalidCertificateError as error:
            [fault] = error.faults
            place = fault.pointer.removeprefix("/") or "the chain in x5c"
            raise _refusal(f"/signatures/{number}/protected", f"{place} {fault.detail}") from None


class KeysOfOneMoment:
    """A `KeySource` that asks another once for each key: for records that are checked in one go.

    It hears of no revocation, so it is made after the moment that the records are judged at, and soon thrown away.
    """

    def __init__(self, parties: KeySource) -> None:
        self._parties = parties
        self._keys: dict[tuple[int, str], PartyKey | None] = {}
        self._roots: dict[int, list[PartyRoot]] = {}

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        """Return what the other says of these keys, or has said before."""
        found = {}
        for kid in kids:
            if (lender, kid) not in self._keys:
                self._keys[lender, kid] = self._parties.party_keys(lender, [kid]).get(kid)
            if key := self._keys[lender, kid]:
                found[kid] = key
        return found

    def roots(self, lender: int) -> list[PartyRoot]:
        """Return what the other says of a lender's CA certificates, or has said before."""
        if lender not in self._roots:
            self._roots[lender] = self._parties.roots(lender)
        return self._roots[lender]


def _by_certificate(
    pointer: str, certified: CertifiedKey, roots: list[PartyRoot], known: PartyKey | None
) -> PartyOfKey:
    """Return whose key a certificate vouches for: by its organization, else by what is registered for any."""
    of_root = {root.organization: root for root in roots if root.certificate == certified.root}
    root = of_root.get(certified.organization) or of_root.get(None)
    if root is None:
        named = ", ".join(sorted(repr(name) for name in of_root))
        raise _refusal(
            pointer, f"x5c/0 is of organization {certified.organization!r}; its root is registered for {named}"
        )
    # Whoever loses a certified key registers it and revokes it: nobody here hears of the authority's own lists.
    told = [
        (item.validity.revoked_from, item.revoked_at)
        for item in (root, known)
        if item is not None and item.validity.revoked_from is not None
    ]
    revoked_from, revoked_at = min(told, default=(None, None))
    validity = replace(root.validity, revoked_from=revoked_from)
    return PartyOfKey(root.party, certified.key, validity, revoked_at, root.certificate, certified.subject)


def _refusal(pointer: str, detail: str) -> InvalidCertificateError:
    return InvalidCertificateError(Fault(pointer, detail, "C3"))


@lru_cache(maxsize=4096)
def read_key(encoded: str) -> PublicKey:
    """Return a registered key from the JWK that the store keeps. Raises `CorruptLogError` for what is none."""
    try:
        return parse_jwk(orjson.loads(encoded))
    except (ValueError, InvalidInputError) as error:
        raise CorruptLogError(f"a registered key is damaged: {error}") from error
