# SPDX-License-Identifier: Apache-2.0
"""The register of roots: a lender says which certification authorities vouch for which of its parties' keys."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from notary.encoding import format_time, parse_b64
from notary.errors import Fault, InvalidCertificateError, NotFoundError
from notary.parties.certificates import check_root
from notary.parties.key_registry import check_party, check_revoked, read_moment, refusal
from notary.parties.validity import Validity
from notary.ports.parties import Lender, PartyRoot, PartyStore

_MAX_NAME = 256


class RootRegistry:
    """Registers and revokes CA certificates of a lender's parties. `clock` gives milliseconds since 1970."""

    def __init__(self, parties: PartyStore, clock: Callable[[], int]) -> None:
        self._parties = parties
        self._clock = clock

    def register(
        self,
        lender: Lender,
        party: Any,
        certificate: Any,
        *,
        organization: Any = None,
        valid_until: Any = None,
        before: Callable[[PartyRoot], None] = lambda _: None,
    ) -> tuple[PartyRoot, bool]:
        """Register a CA certificate (PEM, or b64 of its DER) for a party; say also whether it is new.

        The keys that it vouches for sign for the party from now until `valid_until` (for ever), if the subject of their
        certificate has this `organization`, or if none is given and no other registration names it. For the lender's
        own keys one must be given: a public authority has other customers. `before` is told of the root when nothing is
        wrong with it and before it is registered. Raises `InvalidKeyError` and
        `InvalidCertificateError`.
        """
        now = self._clock()
        check_party(party)
        if organization is None and party == "lender":
            raise refusal("/organization", "is required for the lender: the authority certifies others as well")
        if organization is not None and (
            not isinstance(organization, str) or not 0 < len(organization.strip()) <= _MAX_NAME
        ):
            raise refusal("/organization", f"must be a name of at most {_MAX_NAME} characters")
        until = None if valid_until is None else read_moment(valid_until, "/valid_until")
        if until is not None and until <= now:
            raise refusal("/valid_until", "must be in the future")
        der = _read_root(certificate)
        wanted = PartyRoot(sha256(der).hexdigest(), party, der, organization, Validity(now, until))
        before(wanted)
        registered, new = self._parties.add_root(lender.number, wanted)
        if registered.party != party:
            raise refusal("/party", f"this root is registered as the {registered.party}'s")
        if until not in (None, registered.validity.valid_until):
            end = registered.validity.valid_until
            raise refusal("/valid_until", f"this root is registered with {format_time(end) if end else 'no end'}")
        return registered, new

    def revoke(
        self, lender: Lender, fingerprint: str, revoked_from: Any, before: Callable[[int], None] = lambda _: None
    ) -> list[PartyRoot]:
        """Revoke a root from a moment on, whatever organizations it is registered for; harmless to repeat.

        `before` is told of the moment when that changes something, and before it does.
        Raises `NotFoundError`, and `RevocationError` where it is revoked from an earlier moment already.
        """
        moment = read_moment(revoked_from, "/from")
        known = [root for root in self._parties.roots(lender.number) if root.fingerprint == fingerprint]
        if any(root.validity.is_open_at(moment) for root in known):
            before(moment)
        roots = self._parties.revoke_root(lender.number, fingerprint, moment, self._clock())
        if not roots:
            raise NotFoundError("you have no root of this fingerprint")
        for root in roots:
            check_revoked(f"root {fingerprint}", root.validity, moment)
        return roots


def _read_root(text: Any) -> bytes:
    """Return the DER of a CA certificate that can be a root."""
    if not isinstance(text, str):
        raise refusal("/certificate", "must be a string")
    try:
        if "-----BEGIN" in text:
            [parsed] = x509.load_pem_x509_certificates(text.encode())
            der = parsed.public_bytes(Encoding.DER)
        else:
            der = parse_b64(text)
    except ValueError:
        raise refusal("/certificate", "is not one certificate in PEM, or in base64 of DER") from None
    try:
        check_root(der)
    except InvalidCertificateError as error:
        raise InvalidCertificateError(
            *(Fault("/certificate", item.detail, item.check) for item in error.faults)
        ) from None
    return der
