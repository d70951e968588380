# SPDX-License-Identifier: Apache-2.0
"""Signatures that come with certificates: whose they are, when they are taken, and what a receipt keeps of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import b64, format_time
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.errors import (
    CorruptLogError,
    InvalidCertificateError,
    InvalidInputError,
    InvalidKeyError,
    InvalidSignatureError,
    KeyTimeError,
    NotFoundError,
    RevocationError,
)
from notary.parties.keyring import read_key
from notary.parties.root_registry import RootRegistry
from notary.parties.validity import Validity
from notary.ports.parties import PartyRoot
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import Receipt, parse_receipt
from notary.receipts.report import Report, Status, Verdict
from notary.receipts.sealed import write_sealed
from notary.receipts.verification import ReceiptVerifier
from notary.registration import Registrar
from notary.schemes import SCHEMES, PrivateKey
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, kit_over, placed, record
from tests.support.certificates import YEAR, Authority, Certified

BANK, SHOP = "示范银行", "Other Shop"
HOUR = 3_600_000


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[NotaryKit]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    yield kit
    kit.store.close()


@pytest.fixture
def root() -> Authority:
    return Authority.create()


def registry(kit: NotaryKit, moment: int = NOW) -> RootRegistry:
    return RootRegistry(kit.store, lambda: moment)


def signer(key: PrivateKey | Certified) -> EnvelopeSigner:
    return key.signer if isinstance(key, Certified) else EnvelopeSigner(key.public.alg, key.public.kid, key.sign)


def submit(kit: NotaryKit, moment: int, value: dict[str, Any], *keys: PrivateKey | Certified) -> bytes:
    """Submit a record at a moment and return its receipt."""
    body = sign_envelope(canonical_json(value), *map(signer, keys)).encode()
    submission = Registrar(kit.store, SCHEMES, lambda: moment).submission(kit.lender, body, prove=True)
    [place] = placed(kit.sequencer.append([submission]))
    return ReceiptIssuer(kit.store, kit.keyring, kit.signer).fresh(kit.lender, submission, place)


def verify(kit: NotaryKit, data: bytes) -> Report:
    def no_evidence(_: object) -> None:
        raise AssertionError("there is no anchor")

    return ReceiptVerifier(SCHEMES, no_evidence, kit.signer.verifier).verify(data)


def refusal(kit: NotaryKit, moment: int, *keys: PrivateKey | Certified) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refused:
        submit(kit, moment, record("agreement"), *keys)
    assert list(kit.store.records()) == []
    assert {fault.check for fault in refused.value.faults} == {"C3"}
    return refused.value


# --- registering roots


def test_a_root_is_registered_in_pem_or_der(kit: NotaryKit, root: Authority) -> None:
    wanted = PartyRoot(root.fingerprint, "borrower", root.der, None, Validity(NOW))
    assert registry(kit).register(kit.lender, "borrower", root.pem) == (wanted, True)
    assert registry(kit, NOW + 5).register(kit.lender, "borrower", b64(root.der)) == (wanted, False)
    assert kit.store.roots(kit.lender.number) == [wanted]


def test_a_root_is_registered_for_a_time(kit: NotaryKit, root: Authority) -> None:
    until = format_time(NOW + HOUR)
    made, _ = registry(kit).register(kit.lender, "lender", root.pem, organization=BANK, valid_until=until)
    assert made.validity == Validity(NOW, NOW + HOUR)
    assert registry(kit).register(kit.lender, "lender", root.pem, organization=BANK) == (made, False)
    with pytest.raises(InvalidKeyError) as refused:
        registry(kit).register(
            kit.lender, "lender", root.pem, organization=BANK, valid_until=format_time(NOW + 2 * HOUR)
        )
    assert refused.value.faults[0].detail == f"this root is registered with {until}"


LEAF = Authority.create().certify(BANK).chain[0]
BAD_ROOTS: dict[str, tuple[Callable[[Authority], dict[str, Any]], str]] = {
    "an unknown party": (lambda root: {"party": "bank"}, "/party"),
    "the lender without organization": (lambda root: {"organization": None}, "/organization"),
    "an empty organization": (lambda root: {"organization": " "}, "/organization"),
    "an organization that is no text": (lambda root: {"organization": ["x"]}, "/organization"),
    "a long organization": (lambda root: {"organization": "x" * 257}, "/organization"),
    "an end in the past": (lambda root: {"valid_until": format_time(NOW)}, "/valid_until"),
    "no certificate": (lambda root: {"certificate": None}, "/certificate"),
    "nonsense": (lambda root: {"certificate": "nonsense"}, "/certificate"),
    "base64 of nonsense": (lambda root: {"certificate": b64(b"nonsense")}, "/certificate"),
    "two certificates": (lambda root: {"certificate": root.pem * 2}, "/certificate"),
    "PEM of nonsense": (lambda root: {"certificate": "-----BEGIN CERTIFICATE-----\nx"}, "/certificate"),
    "PEM beyond ASCII": (lambda root: {"certificate": "é" + root.pem.replace("M", "é")}, "/certificate"),
    "a leaf": (lambda root: {"certificate": b64(LEAF)}, "/certificate"),
}


@pytest.mark.parametrize("name", BAD_ROOTS)
def test_what_is_no_root_is_refused(kit: NotaryKit, root: Authority, name: str) -> None:
    change, pointer = BAD_ROOTS[name]
    request = {"party": "lender", "certificate": root.pem, "organization": BANK, **change(root)}
    with pytest.raises((InvalidKeyError, InvalidCertificateError)) as refused:
        registry(kit).register(kit.lender, request.pop("party"), request.pop("certificate"), **request)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert kit.store.roots(kit.lender.number) == []


def test_a_root_and_organization_are_one_party_s(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    with pytest.raises(InvalidKeyError) as refused:
        registry(kit).register(kit.lender, "guarantor", root.pem, organization=BANK)
    assert refused.value.faults[0].detail == "this root is registered as the lender's"


def test_a_root_is_revoked_as_a_key_is(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    registry(kit).register(kit.lender, "borrower", root.pem)
    moment = format_time(NOW + HOUR)
    revoked = registry(kit, NOW + 1).revoke(kit.lender, root.fingerprint, moment)
    assert [(item.party, item.validity.revoked_from, item.revoked_at) for item in revoked] == [
        ("borrower", NOW + HOUR, NOW + 1),
        ("lender", NOW + HOUR, NOW + 1),
    ]
    assert registry(kit, NOW + 2).revoke(kit.lender, root.fingerprint, moment) == revoked
    with pytest.raises(RevocationError, match=f"root {root.fingerprint} is revoked from"):
        registry(kit).revoke(kit.lender, root.fingerprint, format_time(NOW + HOUR + 1))
    for lender, fingerprint in (
        (add_lender(kit.store, "Example Bank", b"x" * 32, NOW), root.fingerprint),
        (kit.lender, "x"),
    ):
        with pytest.raises(NotFoundError, match="you have no root of this fingerprint"):
            registry(kit).revoke(lender, fingerprint, moment)


# --- signing by certificate


def test_certified_keys_sign_for_the_party_of_their_root(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    registry(kit).register(kit.lender, "borrower", root.pem)
    bank, person = root.certify(BANK, "Loan Desk"), root.certify(None, "李四")
    data = submit(kit, NOW + HOUR, record("agreement"), bank, person)
    report = verify(kit, data)
    assert report.verdict is Verdict.VALID
    assert report.facts["assurance"] == "co-signed"
    assert report.facts["signers"] == [
        {"party": "lender", "kid": bank.key.public.kid, "subject": f"Loan Desk, {BANK}"},
        {"party": "borrower", "kid": person.key.public.kid, "subject": "李四"},
    ]
    keys = parse_receipt(data).keys
    assert [(item.party, item.validity, item.root) for item in keys] == [
        ("lender", Validity(NOW), root.der),
        ("borrower", Validity(NOW), root.der),
    ]
    [(stored, _)] = kit.store.records()
    assert parse_receipt(ReceiptIssuer(kit.store, kit.keyring, kit.signer).stored(stored)).keys == keys


def test_a_certified_key_and_a_registered_one_sign_together(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    data = submit(kit, NOW + HOUR, record("agreement"), kit.register("borrower"), root.certify(BANK))
    assert verify(kit, data).facts["assurance"] == "co-signed"
    assert [item.root for item in parse_receipt(data).keys] == [None, root.der]


def test_another_customer_of_the_same_authority_is_not_the_lender(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    for organization in (SHOP, None, BANK + " ", BANK.lower() + "x"):
        error = refusal(kit, NOW + HOUR, root.certify(organization))
        assert isinstance(error, InvalidCertificateError)
        [fault] = error.faults
        assert fault.pointer == "/signatures/0/protected"
        assert fault.detail == f"x5c/0 is of organization {organization!r}; its root is registered for {BANK!r}"
    # Nor does it become the lender where everybody else of that root is a borrower.
    registry(kit).register(kit.lender, "borrower", root.pem)
    assert str(refusal(kit, NOW + HOUR, root.certify(SHOP))) == "/signatures: the lender's signature is missing"


def test_the_authority_of_others_makes_nobody_the_lender_by_a_name(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    lax = Authority.create("Another CA")
    registry(kit).register(kit.lender, "borrower", lax.pem)
    assert str(refusal(kit, NOW + HOUR, lax.certify(BANK))) == "/signatures: the lender's signature is missing"


def test_a_root_of_another_lender_vouches_for_nobody_here(kit: NotaryKit, root: Authority) -> None:
    other = add_lender(kit.store, "Example Bank", b"x" * 32, NOW)
    registry(kit).register(other, "lender", root.pem, organization=BANK)
    error = refusal(kit, NOW + HOUR, root.certify(BANK))
    assert isinstance(error, InvalidCertificateError)
    assert "no root that is configured" in str(error)
    lookalike = Authority.create()
    registry(kit).register(kit.lender, "lender", lookalike.pem, organization=BANK)
    assert "is not signed by the root" in str(refusal(kit, NOW + HOUR, root.certify(BANK)))


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        (NOW, NOW + HOUR, None),
        (NOW + HOUR, NOW + YEAR, None),
        (NOW + HOUR + 1000, NOW + YEAR, "x5c/0 is not yet valid at 2026-01-01T01:00:00.000Z"),
        (NOW, NOW + HOUR - 1000, "x5c/0 had expired at 2026-01-01T01:00:00.000Z"),
    ],
)
def test_a_certificate_counts_within_its_time(
    kit: NotaryKit, root: Authority, begin: int, end: int, words: str | None
) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    certified = root.certify(BANK, begin=begin, end=end)
    if words is None:
        assert verify(kit, submit(kit, NOW + HOUR, record("agreement"), certified)).verdict is Verdict.VALID
    else:
        assert words in str(refusal(kit, NOW + HOUR, certified))


def test_a_root_counts_within_the_time_of_its_registration(kit: NotaryKit, root: Authority) -> None:
    until = format_time(NOW + HOUR)
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK, valid_until=until)
    certified = root.certify(BANK)
    for moment, words in ((NOW - 1, "not yet valid"), (NOW + HOUR, f"ended at {until}")):
        assert words in str(refusal(kit, moment, certified))
    assert verify(kit, submit(kit, NOW + HOUR - 1, record("agreement"), certified)).verdict is Verdict.VALID


def test_a_root_is_refused_from_the_millisecond_on_from_which_it_is_revoked(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    certified = root.certify(BANK)
    registry(kit).revoke(kit.lender, root.fingerprint, format_time(NOW + HOUR))
    error = refusal(kit, NOW + HOUR, certified)
    assert isinstance(error, KeyTimeError)
    assert "is revoked from 2026-01-01T01:00:00.000Z on" in str(error)
    data = submit(kit, NOW + HOUR - 1, record("agreement"), certified)
    assert verify(kit, data).verdict is Verdict.VALID


def test_a_certified_key_that_was_lost_is_registered_and_revoked(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    certified, other = root.certify(BANK), root.certify(BANK)
    kit.keys.register(kit.lender, "lender", certified.key.public.jwk)
    kit.keys.revoke(kit.lender, certified.key.public.kid, format_time(NOW + HOUR))
    assert isinstance(refusal(kit, NOW + HOUR, certified), KeyTimeError)
    assert verify(kit, submit(kit, NOW + HOUR, record("agreement"), other)).verdict is Verdict.VALID
    # The earlier one of two revocations counts.
    registry(kit).revoke(kit.lender, root.fingerprint, format_time(NOW + 2 * HOUR))
    envelope = sign_envelope(b"{}", certified.signer)
    found = kit.keyring.keys_of(kit.lender.number, envelope, NOW + HOUR)[certified.key.public.kid]
    assert found.validity.revoked_from == NOW + HOUR


def test_a_key_that_the_record_names_is_the_only_one_of_its_party(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    named, other = root.certify(BANK), root.certify(BANK)
    value = record("agreement")
    value["parties"][0]["key"] = named.key.public.kid
    with pytest.raises(InvalidSignatureError, match="not the one that the record names for the lender"):
        submit(kit, NOW + HOUR, value, other)
    assert verify(kit, submit(kit, NOW + HOUR, value, named)).verdict is Verdict.VALID


def test_a_chain_does_not_lend_its_name_to_another_key(kit: NotaryKit, root: Authority) -> None:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    certified, stranger = root.certify(BANK), root.certify(SHOP)
    error = refusal(kit, NOW + HOUR, Certified(stranger.key, certified.chain))
    assert isinstance(error, InvalidCertificateError)


# --- receipts


@pytest.fixture
def certified(root: Authority) -> Certified:
    return root.certify(BANK)


@pytest.fixture
def receipt(kit: NotaryKit, root: Authority, certified: Certified) -> Receipt:
    registry(kit).register(kit.lender, "lender", root.pem, organization=BANK)
    return parse_receipt(submit(kit, NOW + HOUR, record("agreement"), certified, kit.register("borrower")))


def with_key(receipt: Receipt, number: int, **changes: Any) -> Receipt:
    keys = list(receipt.keys)
    keys[number] = replace(keys[number], **changes)
    return replace(receipt, keys=tuple(keys))


CHANGES: dict[str, Callable[[Receipt], Receipt]] = {
    "no root": lambda r: with_key(r, 0, root=None),
    "a root without a chain": lambda r: with_key(r, 1, root=r.keys[0].root),
    "another root": lambda r: with_key(r, 0, root=Authority.create().der),
    "a root that is none": lambda r: with_key(r, 0, root=b"nonsense"),
    "another key": lambda r: with_key(r, 0, jwk=r.keys[1].jwk),
    "before the certificate": lambda r: replace(r, received_at=NOW - 1),
    "after the certificate": lambda r: replace(r, received_at=NOW + 2 * YEAR),
    "before the registration": lambda r: with_key(r, 1, validity=Validity(r.received_at + 1)),
    "after its end": lambda r: with_key(r, 1, validity=Validity(NOW, r.received_at)),
    "before the root's registration": lambda r: with_key(r, 0, validity=Validity(r.received_at + 1)),
    "after the root's end": lambda r: with_key(r, 0, validity=Validity(NOW, r.received_at)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_verifier_checks_keys_and_chains_again(kit: NotaryKit, receipt: Receipt, name: str) -> None:
    assert verify(kit, write_sealed(receipt, kit.signer)).verdict is Verdict.VALID
    report = verify(kit, write_sealed(CHANGES[name](receipt), kit.signer))
    assert {check.link for check in report.checks if check.status is Status.FAILED} == {"signatures"}


@pytest.mark.parametrize("who", ["root", "key"])
@pytest.mark.parametrize(
    ("moment", "status"), [(NOW + HOUR + 1, Status.OK), (NOW + HOUR, Status.UNKNOWN), (0, Status.UNKNOWN)]
)
def test_what_was_revoked_afterwards_from_before_makes_a_receipt_unknown(
    kit: NotaryKit, receipt: Receipt, root: Authority, who: str, moment: int, status: Status
) -> None:
    if who == "root":
        registry(kit, NOW + 2 * HOUR).revoke(kit.lender, root.fingerprint, format_time(moment))
    else:
        kit.keys.revoke(kit.lender, receipt.envelope.signatures[1].kid, format_time(moment))
    [(stored, _)] = kit.store.records()
    data = ReceiptIssuer(kit.store, kit.keyring, kit.signer).stored(stored)
    report = verify(kit, data)
    [check] = [check for check in report.checks if check.link == "signatures"]
    assert check.status is status
    assert report.verdict is (Verdict.VALID if status is Status.OK else Verdict.CANNOT_TELL)
    assert report.facts["assurance"] == "co-signed"
    if status is Status.UNKNOWN:
        assert f"is revoked from {format_time(moment)} on" in check.detail
        assert check.detail.endswith(f"whether the {'lender' if who == 'root' else 'borrower'} signed cannot be told")
    # The receipt that was written before the revocation was told is what it was.
    assert verify(kit, write_sealed(receipt, kit.signer)).verdict is Verdict.VALID


@pytest.mark.parametrize("encoded", ["", '{"crv":"Ed25519\x0e"}', "[]", '{"kty":"OKP"}', "\udc00"])
def test_a_registered_key_that_was_damaged_in_the_database_says_so(encoded: str) -> None:
    with pytest.raises(CorruptLogError, match="damaged"):
        read_key(encoded)
