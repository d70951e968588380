# SPDX-License-Identifier: Apache-2.0
"""Registration: what becomes of a body, and which error each bad one gets."""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from notary.canonical import canonical_json
from notary.encoding import b64url, format_time
from notary.envelope import MAX_PAYLOAD, Envelope, EnvelopeSigner, envelope_from_json, sign_envelope
from notary.errors import (
    InvalidEnvelopeError,
    InvalidInputError,
    InvalidRecordError,
    InvalidSignatureError,
    KeyTimeError,
    MalformedJsonError,
)
from notary.log.entries import SECRET_SIZE, commit
from notary.parties.keyring import KeysOfOneMoment
from notary.parties.root_registry import RootRegistry
from notary.ports.parties import PartyKey, PartyRoot
from notary.ports.store import Store
from notary.records import RECORD_TYPES
from notary.registration import MAX_BODY, Registrar
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, kit_over, record, signed
from tests.support.certificates import Authority


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[NotaryKit]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    yield kit
    kit.store.close()


def test_a_plain_record_is_brought_into_canonical_form(kit: NotaryKit) -> None:
    value = record("repayment")
    made = kit.registrar.submission(kit.lender, json.dumps(value, indent=1).encode(), prove=False)
    assert made.payload == canonical_json(value)
    assert (made.record_id, made.loan, made.type) == (value["id"], value["loan"], "repayment")
    assert (made.sequence, made.previous, made.signatures) == (None, None, "[]")
    assert (made.lender, made.received_at, made.prove) == (kit.lender.number, NOW, False)
    assert made.payload_digest == sha256(made.payload).digest()
    assert made.commitment == commit(made.nonce, Envelope(made.payload).encode())
    assert len(made.nonce) == 32


def test_no_two_submissions_share_a_nonce(kit: NotaryKit) -> None:
    body, parts = canonical_json(record("repayment")), [kit.registrar.for_one_part() for _ in range(2)]
    made = [
        registrar.submission(kit.lender, body, prove=True)
        for registrar, count in ((kit.registrar, 10), (parts[0], 300), (parts[1], 200), (parts[0], 1))
        for _ in range(count)
    ]
    assert len({item.nonce for item in made}) == len({item.commitment for item in made}) == 511
    assert {len(item.nonce) for item in made} == {SECRET_SIZE}


def test_a_signed_record_is_kept_as_it_was_signed(kit: NotaryKit) -> None:
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    value = record("agreement", sequence=0)
    body = signed(value, lender, borrower)
    made = kit.registrar.submission(kit.lender, json.dumps(json.loads(body), indent=1).encode(), prove=True)
    assert made.payload == canonical_json(value)
    assert made.sequence == 0
    envelope = envelope_from_json(json.loads(body))
    assert json.loads(made.signatures) == envelope.to_json()["signatures"]
    assert made.commitment == commit(made.nonce, envelope.encode())


def test_the_place_that_is_claimed_is_handed_on(kit: NotaryKit) -> None:
    body = canonical_json(record("repayment", sequence=4, previous="ab" * 32))
    made = kit.registrar.submission(kit.lender, body, prove=True)
    assert (made.sequence, made.previous) == (4, b"\xab" * 32)


def test_a_stored_record_opens_its_entry(kit: NotaryKit) -> None:
    lender, borrower = kit.register("lender"), kit.register("borrower")
    made, place = kit.submit(signed(record("agreement"), lender, borrower))
    stored = kit.store.record_at(place.index)
    (entry,) = kit.store.entries(place.index, place.index + 1)
    assert entry[33:] == commit(stored.nonce, stored.envelope.encode()) == made.commitment


def envelope_of(payload: bytes, signatures: Any = ()) -> bytes:
    return json.dumps({"payload": b64url(payload), "signatures": list(signatures)}).encode()


BAD_BODIES: dict[str, tuple[bytes, type[InvalidInputError], str]] = {
    "nothing": (b"", MalformedJsonError, ""),
    "not JSON": (b"hello", MalformedJsonError, ""),
    "not UTF-8": (b"\xff\xfe", MalformedJsonError, ""),
    "two megabytes": (b" " * 2_000_000, MalformedJsonError, ""),
    "a key twice": (b'{"type":"repayment","type":"repayment"}', MalformedJsonError, ""),
    "a float": (b'{"amount":1.5}', MalformedJsonError, ""),
    "text that is not NFC": ('{"loan":"e\u0301"}'.encode(), MalformedJsonError, ""),
    "a list": (b"[]", InvalidRecordError, ""),
    "null": (b"null", InvalidRecordError, ""),
    "no type": (b"{}", InvalidRecordError, "/type"),
    "an unknown type": (b'{"type":"gift"}', InvalidRecordError, "/type"),
    "an unknown member": (canonical_json(record("repayment", note="hi")), InvalidRecordError, "/note"),
    "a record that is too long": (
        canonical_json(record("agreement", clauses=[{"member": "/x", "clause": "c" * 256}] * 256)),
        InvalidRecordError,
        "",
    ),
    "an envelope with a member more": (b'{"payload":"e30","signatures":[],"header":{}}', InvalidEnvelopeError, ""),
    "an envelope without signatures member": (b'{"payload":"e30"}', InvalidEnvelopeError, ""),
    "a payload that is not base64url": (b'{"payload":"e30=","signatures":[]}', InvalidEnvelopeError, "/payload"),
    "a payload that is not JSON": (envelope_of(b"hello"), MalformedJsonError, ""),
    "a payload that is not canonical": (
        envelope_of(json.dumps(record("repayment")).encode()), MalformedJsonError, "",
    ),
    "a payload that is no record": (envelope_of(b"{}"), InvalidRecordError, "/type"),
    "a protected header that is not JSON": (
        envelope_of(canonical_json(record("repayment")), [{"protected": "AA", "signature": "AA"}]),
        InvalidEnvelopeError,
        "/signatures/0/protected",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_bodies_get_their_error_and_place(kit: NotaryKit, name: str) -> None:
    body, error, pointer = BAD_BODIES[name]
    with pytest.raises(error) as refused:
        kit.registrar.submission(kit.lender, body, prove=True)
    assert pointer in [fault.pointer for fault in refused.value.faults]
    assert list(kit.store.records()) == []


def test_the_largest_payload_fits_into_a_body_with_its_signatures(kit: NotaryKit) -> None:
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    value = record("agreement", clauses=[{"member": "/x", "clause": "c" * 200}] * 256)
    # One clause after the other is made longer, to 256 characters, until the limit is met.
    clauses = [dict(clause) for clause in value["clauses"]]
    for clause in clauses:
        room = MAX_PAYLOAD - len(canonical_json(value | {"clauses": clauses}))
        clause["clause"] += "c" * min(room, 56)
    value["clauses"] = clauses
    body = signed(value, lender, borrower)
    assert len(body) < MAX_BODY
    assert len(kit.registrar.submission(kit.lender, body, prove=True).payload) == MAX_PAYLOAD


def test_signatures_are_verified_against_the_keys_of_this_lender(kit: NotaryKit) -> None:
    mine = kit.register("lender")
    other = add_lender(kit.store, "Example Bank", sha256(b"other").digest(), NOW)
    body = signed(record("repayment"), mine)
    kit.registrar.submission(kit.lender, body, prove=True)
    with pytest.raises(InvalidSignatureError, match="is not registered with this lender"):
        kit.registrar.submission(other, body, prove=True)


def test_a_signature_over_another_payload_is_refused(kit: NotaryKit) -> None:
    value = json.loads(signed(record("repayment"), kit.register("lender")))
    value["payload"] = b64url(canonical_json(record("repayment", reference="another")))
    with pytest.raises(InvalidSignatureError) as refused:
        kit.registrar.submission(kit.lender, json.dumps(value).encode(), prove=True)
    assert [(fault.pointer, fault.check) for fault in refused.value.faults] == [("/signatures/0", "C3")]


def test_an_envelope_needs_the_lenders_signature(kit: NotaryKit) -> None:
    with pytest.raises(InvalidSignatureError, match="lender's signature is missing"):
        kit.registrar.submission(kit.lender, signed(record("repayment"), kit.register("borrower")), prove=True)


def test_records_of_one_part_are_received_at_one_moment_and_their_keys_looked_up_once(kit: NotaryKit) -> None:
    lender, borrower = kit.register("lender"), kit.register("borrower")
    body = signed(record("agreement"), lender, borrower)
    ticks = count(NOW, 1000)
    registrar = Registrar(kit.store, SCHEMES, lambda: next(ticks))
    part = registrar.for_one_part()
    assert [part.submission(kit.lender, body, prove=False).received_at for _ in range(3)] == [NOW] * 3
    kit.keys.revoke(kit.lender, borrower.public.kid, format_time(NOW))
    # It was received before, with the keys as they were told of then.
    assert part.submission(kit.lender, body, prove=False).received_at == NOW
    for later in (registrar, registrar.for_one_part()):
        with pytest.raises(KeyTimeError, match="is revoked from"):
            later.submission(kit.lender, body, prove=False)


class Asked:
    """A source of keys that writes down what it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.questions: list[Any] = []

    def party_keys(self, lender: int, kids: Sequence[str]) -> dict[str, PartyKey]:
        self.questions.append((lender, *kids))
        return self._store.party_keys(lender, kids)

    def roots(self, lender: int) -> list[PartyRoot]:
        self.questions.append(lender)
        return self._store.roots(lender)


def test_a_part_looks_up_keys_and_roots_for_each_lender(kit: NotaryKit) -> None:
    key, root = kit.register("lender"), Authority.create()
    other = add_lender(kit.store, "Example Bank", sha256(b"other").digest(), NOW)
    RootRegistry(kit.store, lambda: NOW).register(kit.lender, "borrower", root.pem)
    asked, mine, others = Asked(kit.store), kit.lender.number, other.number
    keys = KeysOfOneMoment(asked)
    for lender in (mine, others, mine):
        for kids in (["unknown", key.public.kid], ["unknown"], []):
            assert keys.party_keys(lender, kids) == kit.store.party_keys(lender, kids)
        assert keys.roots(lender) == kit.store.roots(lender)
    kid = key.public.kid
    assert asked.questions == [(mine, "unknown"), (mine, kid), mine, (others, "unknown"), (others, kid), others]


def integers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all integers in a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from integers(member, (*path, name))
    if isinstance(value, int) and not isinstance(value, bool):
        yield path


@pytest.mark.parametrize("number", [1.5, 1.0, -0.0, 1e20, 2**53, -(2**53)])
@pytest.mark.parametrize("kind", sorted(RECORD_TYPES))
def test_no_type_of_record_takes_an_odd_number_anywhere(kit: NotaryKit, kind: str, number: float) -> None:
    key = kit.register("lender")
    for path in [*integers(record(kind)), ("occurred_at",), ("what_no_type_has",)]:
        value = record(kind)
        *way, last = path
        place: Any = value
        for step in way:
            place = place[step]
        place[last] = number
        plain = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        envelope = sign_envelope(plain, EnvelopeSigner(key.public.alg, key.public.kid, key.sign))
        for body in (plain, envelope.encode()):
            with pytest.raises(MalformedJsonError):
                kit.registrar.submission(kit.lender, body, prove=False)
