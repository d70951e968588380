# SPDX-License-Identifier: Apache-2.0
"""Who signed: each way a signature can fail, and the assurance that is left."""

from dataclasses import replace
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import format_time
from notary.envelope import Envelope, EnvelopeSigner, sign_envelope
from notary.errors import Fault, InvalidSignatureError, KeyTimeError, UnknownKeyError
from notary.parties.signatures import (
    Assurance,
    PartyOfKey,
    assurance,
    missing_signers,
    verify_recorded,
    verify_signatures,
)
from notary.parties.validity import SETTLING, Validity
from notary.records import parse_record
from notary.schemes import SCHEMES, PrivateKey, generate_key
from tests.support.builders import NOW, record
from tests.support.trees import flipped

LENDER, BORROWER, STRANGER, SECOND = (generate_key(alg) for alg in ("EdDSA", "ES256", "EdDSA", "ES256"))
ALWAYS = Validity(0)
KEYS = {
    LENDER.public.kid: PartyOfKey("lender", LENDER.public, ALWAYS),
    BORROWER.public.kid: PartyOfKey("borrower", BORROWER.public, ALWAYS),
    SECOND.public.kid: PartyOfKey("lender", SECOND.public, ALWAYS),
}
AGREEMENT, REPAYMENT = parse_record(record("agreement")), parse_record(record("repayment"))
PAYLOAD = canonical_json(record("agreement"))


def by(key: PrivateKey) -> EnvelopeSigner:
    return EnvelopeSigner(key.public.alg, key.public.kid, key.sign)


def refusal(envelope: Envelope) -> tuple[str, str]:
    with pytest.raises(InvalidSignatureError) as refused:
        verify_signatures(envelope, AGREEMENT, KEYS, SCHEMES, NOW)
    (fault,) = refused.value.faults
    assert fault.check == "C3"
    return fault.pointer, fault.detail


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ((), Assurance.RECEIVED),
        ((LENDER,), Assurance.LENDER_SIGNED),
        ((LENDER, SECOND), Assurance.LENDER_SIGNED),
        ((LENDER, BORROWER), Assurance.CO_SIGNED),
        ((BORROWER, SECOND), Assurance.CO_SIGNED),
        ((SECOND, BORROWER, LENDER), Assurance.CO_SIGNED),
    ],
)
def test_what_the_signatures_make_of_an_agreement(keys: tuple[PrivateKey, ...], wanted: Assurance) -> None:
    assert verify_signatures(sign_envelope(PAYLOAD, *map(by, keys)), AGREEMENT, KEYS, SCHEMES, NOW) is wanted


def test_the_borrower_may_sign_what_only_the_lender_must() -> None:
    envelope = sign_envelope(canonical_json(record("repayment")), by(LENDER), by(BORROWER))
    assert verify_signatures(envelope, REPAYMENT, KEYS, SCHEMES, NOW) is Assurance.CO_SIGNED


def test_the_lenders_signature_is_needed() -> None:
    assert refusal(sign_envelope(PAYLOAD, by(BORROWER))) == ("/signatures", "the lender's signature is missing")


def test_an_unknown_key_is_refused_even_beside_good_ones() -> None:
    with pytest.raises(UnknownKeyError):
        verify_signatures(sign_envelope(PAYLOAD, by(STRANGER)), AGREEMENT, KEYS, SCHEMES, NOW)
    pointer, detail = refusal(sign_envelope(PAYLOAD, by(LENDER), by(STRANGER)))
    assert (pointer, detail) == ("/signatures/1", f"key {STRANGER.public.kid!r} is not registered with this lender")


@pytest.mark.parametrize("key", [LENDER, SECOND])
def test_each_changed_signature_is_refused(key: PrivateKey) -> None:
    envelope = sign_envelope(PAYLOAD, by(BORROWER), by(key))
    good = envelope.signatures[1]
    for wrong in (b"", good.signature[:-1], good.signature + b"\x00", bytes(64), flipped(good.signature, 300)):
        signatures = (envelope.signatures[0], good._replace(signature=wrong))
        assert refusal(replace(envelope, signatures=signatures))[0] == "/signatures/1"


def test_a_signature_is_over_payload_and_header() -> None:
    envelope = sign_envelope(PAYLOAD, by(LENDER))
    assert refusal(replace(envelope, payload=PAYLOAD + b" "))[0] == "/signatures/0"
    other = sign_envelope(PAYLOAD, by(SECOND)).signatures[0]
    moved = envelope.signatures[0]._replace(protected=other.protected)
    assert refusal(replace(envelope, signatures=(moved,)))[0] == "/signatures/0"


@pytest.mark.parametrize("alg", ["ES256", "none", "HS256", "eddsa", ""])
def test_a_key_is_used_with_its_own_algorithm_only(alg: str) -> None:
    envelope = sign_envelope(PAYLOAD, by(LENDER)._replace(alg=alg))
    pointer, detail = refusal(envelope)
    assert (pointer, detail) == ("/signatures/0", f"alg {alg!r} is not that of key {LENDER.public.kid}")


def naming(lender: PrivateKey, borrower: PrivateKey | None) -> dict[str, Any]:
    value = record("agreement")
    value["parties"][0]["key"] = lender.public.kid
    if borrower:
        value["parties"][1]["key"] = borrower.public.kid
    return value


def test_a_key_that_the_agreement_names_is_the_only_one_of_its_party() -> None:
    value = naming(SECOND, None)
    envelope = sign_envelope(canonical_json(value), by(SECOND), by(BORROWER))
    assert verify_signatures(envelope, parse_record(value), KEYS, SCHEMES, NOW) is Assurance.CO_SIGNED
    for other, named in ((naming(LENDER, None), "lender"), (naming(SECOND, STRANGER), "borrower")):
        envelope = sign_envelope(canonical_json(other), by(BORROWER), by(SECOND))
        with pytest.raises(InvalidSignatureError, match=f"not the one that the record names for the {named}"):
            verify_signatures(envelope, parse_record(other), KEYS, SCHEMES, NOW)


def test_a_scheme_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(InvalidSignatureError, match="is not that of key"):
        verify_signatures(sign_envelope(PAYLOAD, by(LENDER)), AGREEMENT, KEYS, {"ES256": SCHEMES["ES256"]}, NOW)


# --- keys in time

BEGIN, END, REVOKED = NOW, NOW + 86_400_000, NOW + 3_600_000
VALIDITIES = {
    "before it begins": (Validity(BEGIN), BEGIN - 1, "is valid only from 2026-01-01T00:00:00.000Z on"),
    "as it begins": (Validity(BEGIN, END), BEGIN, None),
    "just before it ends": (Validity(BEGIN, END), END - 1, None),
    "as it ends": (Validity(BEGIN, END), END, "ended at 2026-01-02T00:00:00.000Z"),
    "long after it ended": (Validity(BEGIN, END), END * 2, "ended at 2026-01-02T00:00:00.000Z"),
    "just before it is revoked": (Validity(BEGIN, END, REVOKED), REVOKED - 1, None),
    "as it is revoked": (Validity(BEGIN, END, REVOKED), REVOKED, "is revoked from 2026-01-01T01:00:00.000Z on"),
    "revoked after its end": (Validity(BEGIN, REVOKED, END), END, "ended at 2026-01-01T01:00:00.000Z"),
    "revoked from before it begins": (Validity(BEGIN, None, 0), BEGIN, "is revoked from 1970-01-01T00:00:00.000Z on"),
}


@pytest.mark.parametrize("name", VALIDITIES)
def test_a_key_counts_within_its_time_to_the_millisecond(name: str) -> None:
    validity, moment, fault = VALIDITIES[name]
    keys = {**KEYS, LENDER.public.kid: PartyOfKey("lender", LENDER.public, validity)}
    envelope = sign_envelope(PAYLOAD, by(BORROWER), by(LENDER))
    if fault is None:
        assert verify_signatures(envelope, AGREEMENT, keys, SCHEMES, moment) is Assurance.CO_SIGNED
        return
    with pytest.raises(KeyTimeError) as refused:
        verify_signatures(envelope, AGREEMENT, keys, SCHEMES, moment)
    wanted = f"key {LENDER.public.kid} {fault}, and the record was received at {format_time(moment)}"
    assert refused.value.faults == (Fault("/signatures/1", wanted, "C3"),)


def test_a_revocation_can_be_left_out_of_account() -> None:
    validity = Validity(BEGIN, END, REVOKED)
    assert validity.unrevoked() == Validity(BEGIN, END)
    assert validity.revocation_at(REVOKED - 1) is None
    assert validity.unrevoked().revocation_at(END) is None


def recorded(validity: Validity, told: int | None, moment: int) -> tuple[Assurance, tuple[str, ...]]:
    keys = {**KEYS, LENDER.public.kid: PartyOfKey("lender", LENDER.public, validity, told)}
    envelope = sign_envelope(PAYLOAD, by(BORROWER), by(LENDER))
    return verify_recorded(envelope, AGREEMENT, keys, SCHEMES, moment)


def test_a_revocation_that_was_told_later_leaves_a_doubt() -> None:
    assert recorded(Validity(BEGIN), None, BEGIN) == (Assurance.CO_SIGNED, ())
    revoked = Validity(BEGIN, None, REVOKED)
    assert recorded(revoked, REVOKED, REVOKED - 1) == (Assurance.CO_SIGNED, ())
    assurance, [doubt] = recorded(revoked, REVOKED + 5, REVOKED)
    assert assurance is Assurance.CO_SIGNED
    assert doubt == (
        f"the signatures fit, but key {LENDER.public.kid} is revoked from 2026-01-01T01:00:00.000Z on, and the record "
        "was received at 2026-01-01T01:00:00.000Z: whether the lender signed cannot be told"
    )
    # A receipt does not say when the revocation was told.
    assert recorded(revoked, None, END)[1]


def test_a_record_that_came_well_after_its_keys_revocation_was_told_is_a_contradiction() -> None:
    revoked = Validity(BEGIN, None, BEGIN)
    # What was under way when it was told may have been checked without it.
    assert recorded(revoked, REVOKED, REVOKED + SETTLING - 1)[1]
    with pytest.raises(KeyTimeError, match="is revoked from 2026-01-01"):
        recorded(revoked, REVOKED, REVOKED + SETTLING)
    with pytest.raises(KeyTimeError, match="ended at"):
        recorded(Validity(BEGIN, END, BEGIN), END, END)


def test_a_revoked_key_hides_no_wrong_signature() -> None:
    keys = {**KEYS, LENDER.public.kid: PartyOfKey("lender", LENDER.public, Validity(BEGIN, None, BEGIN))}
    envelope = sign_envelope(PAYLOAD, by(LENDER), by(BORROWER))
    wrong = envelope.signatures[1]._replace(signature=flipped(envelope.signatures[1].signature, 5))
    with pytest.raises(InvalidSignatureError):
        verify_recorded(replace(envelope, signatures=(envelope.signatures[0], wrong)), AGREEMENT, keys, SCHEMES, END)


# --- assurance


def test_who_is_missing_is_by_role_unless_the_record_names_keys() -> None:
    assert missing_signers(AGREEMENT, {}) == ("lender", "borrower")
    assert missing_signers(AGREEMENT, {"a": "lender"}) == ("borrower",)
    assert missing_signers(AGREEMENT, {"a": "lender", "b": "guarantor"}) == ("borrower",)
    assert missing_signers(AGREEMENT, {"a": "lender", "b": "borrower"}) == ()


def test_all_keys_that_a_record_names_must_sign() -> None:
    value = naming(LENDER, BORROWER)
    value["parties"].append({"role": "borrower", "subject_ref": "cd" * 32, "key": STRANGER.public.kid})
    two_borrowers = parse_record(value)
    signed = {LENDER.public.kid: "lender", BORROWER.public.kid: "borrower"}
    assert missing_signers(two_borrowers, signed) == ("borrower",)
    assert assurance(two_borrowers, signed) is Assurance.LENDER_SIGNED
    signed[STRANGER.public.kid] = "borrower"
    assert missing_signers(two_borrowers, signed) == ()
    assert assurance(two_borrowers, signed) is Assurance.CO_SIGNED


@pytest.mark.parametrize(
    ("kind", "parties", "wanted"),
    [
        ("repayment", (), Assurance.RECEIVED),
        ("repayment", ("lender",), Assurance.LENDER_SIGNED),
        ("repayment", ("lender", "lender"), Assurance.LENDER_SIGNED),
        ("repayment", ("lender", "borrower"), Assurance.CO_SIGNED),
        ("agreement", ("lender",), Assurance.LENDER_SIGNED),
        ("agreement", ("lender", "guarantor"), Assurance.LENDER_SIGNED),
        ("agreement", ("lender", "borrower"), Assurance.CO_SIGNED),
        ("guarantee", ("lender", "borrower"), Assurance.LENDER_SIGNED),
        ("data_consent", ("borrower",), Assurance.PARTY_SIGNED),
        ("dispute", ("borrower", "lender"), Assurance.CO_SIGNED),
    ],
)
def test_the_table_of_assurances(kind: str, parties: tuple[str, ...], wanted: Assurance) -> None:
    signed = {f"kid-{number}": party for number, party in enumerate(parties)}
    assert assurance(parse_record(record(kind)), signed) is wanted
