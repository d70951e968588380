# SPDX-License-Identifier: Apache-2.0
"""Who signed: each way a signature can fail, and the assurance that is left."""

from dataclasses import replace
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.envelope import Envelope, EnvelopeSigner, sign_envelope
from notary.errors import InvalidSignatureError
from notary.records import parse_record
from notary.schemes import SCHEMES, PrivateKey, generate_key
from notary.signatures import Assurance, PartyOfKey, assurance, verify_signatures
from tests.support.builders import record
from tests.support.trees import flipped

LENDER, BORROWER, STRANGER, SECOND = (generate_key(alg) for alg in ("EdDSA", "ES256", "EdDSA", "ES256"))
KEYS = {
    LENDER.public.kid: PartyOfKey("lender", LENDER.public),
    BORROWER.public.kid: PartyOfKey("borrower", BORROWER.public),
    SECOND.public.kid: PartyOfKey("lender", SECOND.public),
}
AGREEMENT, REPAYMENT = parse_record(record("agreement")), parse_record(record("repayment"))
PAYLOAD = canonical_json(record("agreement"))


def by(key: PrivateKey) -> EnvelopeSigner:
    return EnvelopeSigner(key.public.alg, key.public.kid, key.sign)


def refusal(envelope: Envelope) -> tuple[str, str]:
    with pytest.raises(InvalidSignatureError) as refused:
        verify_signatures(envelope, AGREEMENT, KEYS, SCHEMES)
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
    assert verify_signatures(sign_envelope(PAYLOAD, *map(by, keys)), AGREEMENT, KEYS, SCHEMES) is wanted


def test_the_borrower_may_sign_what_only_the_lender_must() -> None:
    envelope = sign_envelope(canonical_json(record("repayment")), by(LENDER), by(BORROWER))
    assert verify_signatures(envelope, REPAYMENT, KEYS, SCHEMES) is Assurance.CO_SIGNED


def test_the_lenders_signature_is_needed() -> None:
    assert refusal(sign_envelope(PAYLOAD, by(BORROWER))) == ("/signatures", "the lender's signature is missing")


def test_an_unknown_key_is_refused_even_beside_good_ones() -> None:
    pointer, detail = refusal(sign_envelope(PAYLOAD, by(LENDER), by(STRANGER)))
    assert (pointer, detail) == ("/signatures/1", f"key {STRANGER.public.kid!r} is not registered with this lender")


@pytest.mark.parametrize("key", [LENDER, SECOND])
def test_each_changed_signature_is_refused(key: PrivateKey) -> None:
    envelope = sign_envelope(PAYLOAD, by(BORROWER), by(key))
    good = envelope.signatures[1]
    for wrong in (b"", good.signature[:-1], good.signature + b"\x00", bytes(64), flipped(good.signature, 300)):
        signatures = (envelope.signatures[0], replace(good, signature=wrong))
        assert refusal(replace(envelope, signatures=signatures))[0] == "/signatures/1"


def test_a_signature_is_over_payload_and_header() -> None:
    envelope = sign_envelope(PAYLOAD, by(LENDER))
    assert refusal(replace(envelope, payload=PAYLOAD + b" "))[0] == "/signatures/0"
    other = sign_envelope(PAYLOAD, by(SECOND)).signatures[0]
    moved = replace(envelope.signatures[0], protected=other.protected)
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
    assert verify_signatures(envelope, parse_record(value), KEYS, SCHEMES) is Assurance.CO_SIGNED
    for other, named in ((naming(LENDER, None), "lender"), (naming(SECOND, STRANGER), "borrower")):
        envelope = sign_envelope(canonical_json(other), by(BORROWER), by(SECOND))
        with pytest.raises(InvalidSignatureError, match=f"not the one that the record names for the {named}"):
            verify_signatures(envelope, parse_record(other), KEYS, SCHEMES)


def test_a_scheme_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(InvalidSignatureError, match="is not that of key"):
        verify_signatures(sign_envelope(PAYLOAD, by(LENDER)), AGREEMENT, KEYS, {"ES256": SCHEMES["ES256"]})


@pytest.mark.parametrize(
    ("parties", "signers", "wanted"),
    [
        (set(), ("lender",), Assurance.RECEIVED),
        ({"lender"}, ("lender",), Assurance.LENDER_SIGNED),
        ({"lender"}, ("lender", "borrower"), Assurance.LENDER_SIGNED),
        ({"lender", "borrower"}, ("lender",), Assurance.CO_SIGNED),
        ({"lender", "borrower"}, ("lender", "borrower"), Assurance.CO_SIGNED),
        ({"lender", "borrower"}, ("lender", "borrower", "guarantor"), Assurance.LENDER_SIGNED),
    ],
)
def test_the_table_of_assurances(parties: set[str], signers: tuple[str, ...], wanted: Assurance) -> None:
    assert assurance(parties, signers) is wanted
