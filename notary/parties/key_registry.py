# SPDX-License-Identifier: Apache-2.0
"""The register of keys: a lender says whose keys sign for its loans, and when they count."""

from collections.abc import Callable
from typing import Any

from notary.encoding import LAST_MOMENT, format_time, parse_moment
from notary.errors import Fault, InvalidKeyError, RevocationError
from notary.parties.keys import PublicKey, parse_jwk
from notary.parties.signatures import PARTIES, Schemes
from notary.parties.validity import SETTLING, Validity
from notary.ports.parties import Lender, PartyKey, PartyStore

_MAX_OVERLAP = 10 * 366 * 86_400


class KeyRegistry:
    """Registers, replaces and revokes the keys of a lender's parties. `clock` gives milliseconds since 1970."""

    def __init__(self, parties: PartyStore, schemes: Schemes, clock: Callable[[], int]) -> None:
        self._parties = parties
        self._schemes = schemes
        self._clock = clock

    def register(
        self,
        lender: Lender,
        party: Any,
        jwk: Any,
        *,
        valid_from: Any = None,
        valid_until: Any = None,
        replaces: Any = None,
        overlap: Any = None,
        before: Callable[[PartyKey], None] = lambda _: None,
    ) -> tuple[PartyKey, bool]:
        """Register a party's public key for a lender's loans; say also whether it is new.

        The key counts from `valid_from` (now) until `valid_until` (for ever). The key that it `replaces` ends
        `overlap` seconds (0) after the new one begins, though not before `SETTLING` is over. `before` is told of a new
        key when nothing is wrong with it and before it is registered. Raises `InvalidKeyError`
        for a key that no scheme takes, one registered for another party or with other times, and for times that do not
        fit each other.
        """
        now = self._clock()
        check_party(party)
        key = self._read(jwk)
        begin = now if valid_from is None else read_moment(valid_from, "/valid_from")
        end = None if valid_until is None else read_moment(valid_until, "/valid_until")
        if end is not None and end <= begin:
            raise refusal("/valid_until", "must be after valid_from")
        known = self._parties.party_keys(lender.number, [key.kid]).get(key.kid)
        if known is not None:
            _check_same(known, party, None if valid_from is None else begin, None if valid_until is None else end)
            begin = known.validity.valid_from
        ends = self._ending(lender, party, key.kid, replaces, overlap, begin, now)
        wanted = PartyKey(key.kid, party, key.encoded, now, Validity(begin, end))
        if known is None:
            before(wanted)
        registered, new = self._parties.add_key(lender.number, wanted, ends)
        # Somebody may have registered it since it was looked for.
        _check_same(registered, party, None, None)
        return registered, new

    def revoke(
        self, lender: Lender, kid: str, revoked_from: Any, before: Callable[[int], None] = lambda _: None
    ) -> PartyKey:
        """Revoke a key from a moment on, in the past or in the future; harmless to repeat.

        `before` is told of the moment when that changes something, and before it does.
        Raises `NotFoundError`, and `RevocationError` where the key is revoked from an earlier moment already.
        """
        moment = read_moment(revoked_from, "/from")
        known = self._parties.party_keys(lender.number, [kid]).get(kid)
        if known is not None and known.validity.is_open_at(moment):
            before(moment)
        key = self._parties.revoke_key(lender.number, kid, moment, self._clock())
        check_revoked(f"key {kid}", key.validity, moment)
        return key

    def _read(self, jwk: Any) -> PublicKey:
        try:
            key = parse_jwk(jwk)
            self._schemes[key.alg].load(key)
        except InvalidKeyError as error:
            raise InvalidKeyError(*(Fault(f"/jwk{f.pointer}", f.detail, f.check) for f in error.faults)) from None
        return key

    def _ending(
        self, lender: Lender, party: str, kid: str, replaces: Any, overlap: Any, begin: int, now: int
    ) -> tuple[str, int] | None:
        """Return which key ends, and when."""
        if replaces is None:
            if overlap is not None:
                raise refusal("/overlap_seconds", "has no meaning without replaces")
            return None
        seconds = 0 if overlap is None else overlap
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= _MAX_OVERLAP:
            raise refusal("/overlap_seconds", f"must be a whole number from 0 to {_MAX_OVERLAP}")
        old = self._parties.party_keys(lender.number, [replaces]).get(replaces) if isinstance(replaces, str) else None
        if old is None or old.party != party or replaces == kid:
            raise refusal("/replaces", f"is not the id of another key of the {party}")
        return replaces, min(max(begin + seconds * 1000, now + SETTLING), LAST_MOMENT)


def read_moment(value: Any, pointer: str) -> int:
    """Return a moment that was sent as RFC 3339. Raises `InvalidKeyError`."""
    try:
        if not isinstance(value, str):
            raise ValueError("must be a string")
        return parse_moment(value)
    except ValueError as error:
        raise refusal(pointer, str(error)) from None


def refusal(pointer: str, detail: str) -> InvalidKeyError:
    """Return the error for a member at `pointer` of a request about keys."""
    return InvalidKeyError(Fault(pointer, detail, "C3"))


def check_party(party: Any) -> None:
    """Raise `InvalidKeyError` for what is no party."""
    if party not in PARTIES:
        raise refusal("/party", f"must be {' or '.join(PARTIES)}")


def _check_same(known: PartyKey, party: str, begin: int | None, end: int | None) -> None:
    if known.party != party:
        raise refusal("/party", f"this key is registered as the {known.party}'s")
    for pointer, asked, is_so in (
        ("/valid_from", begin, known.validity.valid_from),
        ("/valid_until", end, known.validity.valid_until),
    ):
        if asked is not None and asked != is_so:
            raise refusal(pointer, f"this key is registered with {'no end' if is_so is None else format_time(is_so)}")


def check_revoked(name: str, validity: Validity, asked: int) -> None:
    """Raise `RevocationError` where what is to be revoked from the moment `asked` is revoked from an earlier one."""
    if validity.revoked_from is not None and validity.revoked_from < asked:
        raise RevocationError(name, format_time(validity.revoked_from))
