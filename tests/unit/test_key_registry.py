# SPDX-License-Identifier: Apache-2.0
"""The register of keys: which keys are taken, for when, and what replaces and revokes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notary.encoding import format_time
from notary.errors import Fault, InvalidKeyError, NotFoundError, RevocationError
from notary.parties.key_registry import KeyRegistry
from notary.parties.validity import SETTLING, Validity
from notary.ports.parties import Lender, PartyKey
from notary.schemes import SCHEMES, PrivateKey, generate_key
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, kit_over

DAY = 86_400_000


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[NotaryKit]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    yield kit
    kit.store.close()


@pytest.fixture
def key() -> PrivateKey:
    return generate_key("ES256")


def at(kit: NotaryKit, moment: int) -> KeyRegistry:
    return KeyRegistry(kit.store, SCHEMES, lambda: moment)


def stored(kit: NotaryKit, key: PrivateKey) -> PartyKey:
    return kit.store.party_keys(kit.lender.number, [key.public.kid])[key.public.kid]


def refused(kit: NotaryKit, party: Any, jwk: Any, **times: Any) -> tuple[Fault, ...]:
    before = kit.store.list_keys(kit.lender.number, None, "", 99)
    with pytest.raises(InvalidKeyError) as error:
        kit.keys.register(kit.lender, party, jwk, **times)
    assert kit.store.list_keys(kit.lender.number, None, "", 99) == before
    return error.value.faults


def test_a_key_is_registered_with_its_canonical_jwk_from_now_on(kit: NotaryKit, key: PrivateKey) -> None:
    registered, new = kit.keys.register(kit.lender, "borrower", dict(reversed(key.public.jwk.items())))
    assert new is True
    assert registered == PartyKey(key.public.kid, "borrower", key.public.encoded, NOW, Validity(NOW))
    assert stored(kit, key) == registered
    assert at(kit, NOW + 5).register(kit.lender, "borrower", key.public.jwk) == (registered, False)


def test_a_key_is_registered_for_a_time(kit: NotaryKit, key: PrivateKey) -> None:
    times = {"valid_from": format_time(NOW - DAY), "valid_until": format_time(NOW + DAY)}
    registered, _ = kit.keys.register(kit.lender, "lender", key.public.jwk, **times)
    assert registered.validity == Validity(NOW - DAY, NOW + DAY)
    assert kit.keys.register(kit.lender, "lender", key.public.jwk, **times) == (registered, False)
    assert kit.keys.register(kit.lender, "lender", key.public.jwk) == (registered, False)
    other = refused(kit, "lender", key.public.jwk, valid_from=format_time(NOW))
    assert other == (Fault("/valid_from", f"this key is registered with {format_time(NOW - DAY)}", "C3"),)
    [longer] = refused(kit, "lender", key.public.jwk, valid_until=format_time(NOW + 2 * DAY))
    assert longer.pointer == "/valid_until"


def test_a_key_of_one_party_is_not_registered_for_another(kit: NotaryKit, key: PrivateKey) -> None:
    kit.keys.register(kit.lender, "borrower", key.public.jwk)
    assert refused(kit, "lender", key.public.jwk) == (
        Fault("/party", "this key is registered as the borrower's", "C3"),
    )


@pytest.mark.parametrize("party", [None, "", "Lender", "notary", ["lender"], {"a": 1}, 1])
def test_unknown_parties_are_refused(kit: NotaryKit, key: PrivateKey, party: Any) -> None:
    assert [fault.pointer for fault in refused(kit, party, key.public.jwk)] == ["/party"]


@pytest.mark.parametrize(
    ("jwk", "pointer"),
    [
        (None, "/jwk"),
        ({}, "/jwk/kty"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, "/jwk/x"),
        ({"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}, "/jwk"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43}, "/jwk/d"),
    ],
)
def test_keys_that_no_scheme_takes_are_refused(kit: NotaryKit, jwk: Any, pointer: str) -> None:
    assert all(fault.pointer.startswith(pointer) for fault in refused(kit, "lender", jwk))


BAD_TIMES: dict[str, tuple[dict[str, Any], str]] = {
    "no string": ({"valid_from": NOW}, "/valid_from"),
    "no milliseconds": ({"valid_from": "2026-01-01T00:00:00Z"}, "/valid_from"),
    "no such day": ({"valid_until": "2026-02-30T00:00:00.000Z"}, "/valid_until"),
    "an end at the beginning": ({"valid_until": format_time(NOW)}, "/valid_until"),
    "an end before the beginning": (
        {"valid_from": format_time(NOW + DAY), "valid_until": format_time(NOW + DAY - 1)}, "/valid_until",
    ),
    "an unknown key replaced": ({"replaces": "x"}, "/replaces"),
    "no id": ({"replaces": ["x"]}, "/replaces"),
    "an overlap with nothing": ({"overlap": 5}, "/overlap_seconds"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TIMES)
def test_times_that_do_not_fit_are_refused(kit: NotaryKit, key: PrivateKey, name: str) -> None:
    times, pointer = BAD_TIMES[name]
    assert [fault.pointer for fault in refused(kit, "lender", key.public.jwk, **times)] == [pointer]


# --- a key in place of another


@pytest.mark.parametrize(
    ("begin", "overlap", "end"),
    [
        (NOW + DAY, None, NOW + DAY),
        (NOW + DAY, 0, NOW + DAY),
        (NOW + DAY, 3600, NOW + DAY + 3_600_000),
        (None, 3600, NOW + 3_600_000),
        # What is under way is finished with the keys that it was checked with.
        (None, None, NOW + SETTLING),
        (NOW - DAY, 60, NOW + SETTLING),
    ],
)
def test_a_key_that_is_replaced_ends(kit: NotaryKit, begin: int | None, overlap: int | None, end: int) -> None:
    old, new = kit.register("lender"), generate_key("EdDSA")
    valid_from = None if begin is None else format_time(begin)
    for _ in range(2):
        registered, _ = kit.keys.register(
            kit.lender, "lender", new.public.jwk, valid_from=valid_from, replaces=old.public.kid, overlap=overlap
        )
        assert registered.validity == Validity(NOW if begin is None else begin)
        assert stored(kit, old).validity == Validity(NOW, end)


def test_a_repeated_rotation_keeps_the_first_end(kit: NotaryKit) -> None:
    old, new = kit.register("lender"), generate_key("EdDSA")
    for moment in (NOW, NOW + DAY):
        at(kit, moment).register(kit.lender, "lender", new.public.jwk, replaces=old.public.kid, overlap=7200)
        assert stored(kit, old).validity == Validity(NOW, NOW + 7_200_000)


def test_a_key_that_is_known_replaces_another_from_its_own_beginning(kit: NotaryKit) -> None:
    old, new = kit.register("lender"), generate_key("EdDSA")
    kit.keys.register(kit.lender, "lender", new.public.jwk, valid_from=format_time(NOW + DAY))
    kit.keys.register(kit.lender, "lender", new.public.jwk, replaces=old.public.kid)
    assert stored(kit, old).validity == Validity(NOW, NOW + DAY)


def test_a_key_does_not_replace_itself(kit: NotaryKit) -> None:
    key = kit.register("lender")
    [fault] = refused(kit, "lender", key.public.jwk, replaces=key.public.kid)
    assert fault.pointer == "/replaces"


def test_the_last_moment_is_the_last(kit: NotaryKit) -> None:
    old, new = kit.register("lender"), generate_key("EdDSA")
    last = "2999-12-31T23:59:59.999Z"
    kit.keys.register(kit.lender, "lender", new.public.jwk, valid_from=last, replaces=old.public.kid, overlap=86_400)
    assert stored(kit, old).validity.members()["valid_until"] == last


def test_only_another_key_of_the_party_is_replaced(kit: NotaryKit, key: PrivateKey) -> None:
    borrowers = kit.register("borrower")
    theirs = add_lender(kit.store, "Example Bank", b"x" * 32, NOW)
    foreign = generate_key("EdDSA")
    kit.keys.register(theirs, "lender", foreign.public.jwk)
    for kid in (borrowers.public.kid, foreign.public.kid, key.public.kid):
        [fault] = refused(kit, "lender", key.public.jwk, replaces=kid)
        assert fault == Fault("/replaces", "is not the id of another key of the lender", "C3")
    assert stored(kit, borrowers).validity == Validity(NOW)


@pytest.mark.parametrize("overlap", [-1, True, "5", 1.5, 10**9])
def test_an_overlap_is_a_number_of_seconds(kit: NotaryKit, key: PrivateKey, overlap: Any) -> None:
    old = kit.register("lender")
    [fault] = refused(kit, "lender", key.public.jwk, replaces=old.public.kid, overlap=overlap)
    assert fault.pointer == "/overlap_seconds"


# --- revocation


@pytest.mark.parametrize("moment", [NOW - DAY, NOW, NOW + DAY])
def test_a_key_is_revoked_from_a_moment_in_the_past_or_the_future(kit: NotaryKit, moment: int) -> None:
    key = kit.register("borrower")
    revoked = at(kit, NOW + 7).revoke(kit.lender, key.public.kid, format_time(moment))
    assert (revoked.validity, revoked.revoked_at) == (Validity(NOW, None, moment), NOW + 7)
    assert at(kit, NOW + 8).revoke(kit.lender, key.public.kid, format_time(moment)) == revoked == stored(kit, key)


def test_a_revocation_is_moved_back_and_never_forward(kit: NotaryKit) -> None:
    key = kit.register("borrower")
    kit.keys.revoke(kit.lender, key.public.kid, format_time(NOW))
    with pytest.raises(RevocationError) as error:
        kit.keys.revoke(kit.lender, key.public.kid, format_time(NOW + 1))
    assert str(error.value) == (
        f"key {key.public.kid} is revoked from 2026-01-01T00:00:00.000Z on; "
        "a revocation can be moved to an earlier moment only"
    )
    assert stored(kit, key).validity.revoked_from == NOW
    assert kit.keys.revoke(kit.lender, key.public.kid, format_time(NOW - 1)).validity.revoked_from == NOW - 1


def test_only_the_own_keys_are_revoked(kit: NotaryKit) -> None:
    key = kit.register("lender")
    other: Lender = add_lender(kit.store, "Example Bank", b"x" * 32, NOW)
    texts = set()
    for lender, kid in ((other, key.public.kid), (kit.lender, "nobody's")):
        with pytest.raises(NotFoundError) as error:
            kit.keys.revoke(lender, kid, format_time(NOW))
        texts.add(str(error.value))
    assert texts == {"you have no key of this id"}
    assert stored(kit, key).validity == Validity(NOW)
    with pytest.raises(InvalidKeyError):
        kit.keys.revoke(kit.lender, key.public.kid, "now")
