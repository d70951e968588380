# SPDX-License-Identifier: Apache-2.0
"""The proof in a QR code: what it shows, and that nothing in it can be changed."""

import random
import zlib
from typing import Any

import orjson
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.canonical import canonical_json
from notary.encoding import b64, b64url
from notary.errors import InvalidInputError, QrError
from notary.log.signed_note import NoteSigner
from notary.receipts.base45 import base45, parse_base45
from notary.receipts.qr_proof import FORMAT, MAX_TEXT, PREFIX, parse_qr, verify_qr, write_qr
from notary.receipts.receipt import Receipt, parse_receipt
from notary.receipts.report import Status, Verdict
from notary.receipts.sealed import seal_preimage, write_sealed
from tests.support.builders import log_signer
from tests.support.format_examples import LOG_KEY, ORIGIN, examples

SIGNER = NoteSigner(ORIGIN, LOG_KEY)
DATA = examples()["receipt"].encode()
TEXT = write_qr(DATA, SIGNER)


def members(text: str = TEXT) -> dict[str, Any]:
    """Return the JSON in a text."""
    value: dict[str, Any] = orjson.loads(zlib.decompress(parse_base45(text.removeprefix(PREFIX))))
    return value


def packed(value: object) -> str:
    """Make a text of JSON."""
    return PREFIX + base45(zlib.compress(canonical_json(value)))


def resealed(value: dict[str, Any], signer: NoteSigner = SIGNER) -> str:
    """Make a text that is sealed anew."""
    rest = {name: item for name, item in value.items() if name != "seal"}
    return packed({**rest, "seal": b64url(signer.sign(seal_preimage(FORMAT, canonical_json(rest))))})


def failed(text: str, **options: Any) -> set[str]:
    """Return the links that fail."""
    report = verify_qr(text, **options)
    return {check.link for check in report.checks if check.status is Status.FAILED}


def test_it_holds_the_proof_of_a_receipt() -> None:
    receipt, proof = parse_receipt(DATA), parse_qr(TEXT)
    assert (proof.entry, proof.index, proof.inclusion) == (receipt.entry(), receipt.index, receipt.inclusion)
    assert (proof.checkpoint, proof.log_key) == (receipt.checkpoint, receipt.log_key)
    assert len(TEXT) <= MAX_TEXT
    assert segno.make(TEXT, micro=False).mode == "alphanumeric"


def test_it_verifies_alone_and_with_its_receipt() -> None:
    report = verify_qr(TEXT + "\n", SIGNER.verifier, DATA, "production")
    assert [(check.link, check.status) for check in report.checks] == [
        (link, Status.OK) for link in ("format", "seal", "checkpoint", "inclusion", "environment", "receipt")
    ]
    assert report.checks[-1].detail.startswith("the receipt that the certificate was made from")
    alone = verify_qr(TEXT)
    assert alone.verdict is Verdict.VALID
    assert alone.checks[-1].status is Status.NOT_CHECKED
    assert "as the code names it" in alone.trusted[0]


def test_a_later_receipt_of_the_record_fits_and_one_of_another_does_not() -> None:
    receipt = parse_receipt(DATA)
    later = write_sealed(changed(receipt, lender="New Name"), SIGNER)
    report = verify_qr(TEXT, receipt=later)
    assert (report.verdict, report.checks[-1].detail) == (
        Verdict.VALID,
        "a receipt of the same record, written at another time; verify it by itself",
    )
    for other in (changed(receipt, nonce=b"\1" * 32), changed(receipt, index=1)):
        assert failed(TEXT, receipt=write_sealed(other, SIGNER)) == {"receipt"}
    assert failed(TEXT, receipt=b"{}") == {"receipt"}


def changed(receipt: Receipt, **members: Any) -> Receipt:
    """Return a receipt with other members."""
    return Receipt(**{**vars(receipt), **members})


def test_what_is_asked_for_is_checked() -> None:
    assert failed(TEXT, environment="test") == {"environment"}
    for other in (log_signer("other.example", "x"), NoteSigner("other.example", LOG_KEY)):
        assert failed(TEXT, log_key=other.verifier) == {"seal", "checkpoint"}


@pytest.mark.parametrize("name", sorted(set(members()) - {"format", "environment"}))
def test_every_member_is_under_the_seal(name: str) -> None:
    value = members()
    if isinstance(value[name], int):
        other: Any = value[name] - 1
    elif isinstance(value[name], list):
        other = []
    else:
        text = value[name]
        other = text[:2] + ("A" if text[2] != "A" else "B") + text[3:]
    assert "seal" in failed(packed({**value, name: other})) or "format" in failed(packed({**value, name: other}))


def test_a_seal_does_not_stand_in_for_a_proof() -> None:
    value = members()
    for name, other, link in (
        ("index", 1, "inclusion"),
        ("inclusion", [], "inclusion"),
        ("tag", b64url(b"\1" * 32), "inclusion"),
        ("commitment", b64url(b"\1" * 32), "inclusion"),
        ("checkpoint", value["checkpoint"].replace("\n3\n", "\n4\n"), "checkpoint"),
    ):
        assert failed(resealed({**value, name: other})) == {link}, name
    stranger = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    assert failed(resealed(value, stranger)) == {"seal"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LOAN-NOTARY:2:" + TEXT.removeprefix(PREFIX),
        TEXT.lower(),
        TEXT[:-3],
        TEXT + "000",
        PREFIX,
        PREFIX + base45(b"not zlib"),
        PREFIX + base45(zlib.compress(bytes(1 << 20))),
        PREFIX + base45(zlib.compress(orjson.dumps(members()) + b" ")),
        packed({**members(), "format": "loan-notary/qr@2"}),
        packed({**members(), "more": 1}),
        packed([]),
        packed({**members(), "inclusion": "AAAA"}),
        PREFIX + "0" * MAX_TEXT,
    ],
)
def test_what_is_no_such_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_qr(text)
    assert failed(text) == {"format"}


def test_any_sign_misread_is_noticed() -> None:
    draw = random.Random(3)
    for place in draw.sample(range(len(PREFIX), len(TEXT)), 100):
        other = draw.choice([sign for sign in "0AZ $:" if sign != TEXT[place]])
        assert failed(TEXT[:place] + other + TEXT[place + 1 :])


def test_a_log_of_any_size_fits_and_a_checkpoint_of_many_signatures_does_not() -> None:
    draw = random.Random(1)
    receipt = changed(parse_receipt(DATA), inclusion=tuple(draw.randbytes(32) for _ in range(64)))
    text = write_qr(write_sealed(receipt, SIGNER), SIGNER)
    assert segno.make(text, error="l", micro=False, boost_error=False).version <= 40
    more = f"— witness.example/w {b64(draw.randbytes(1500))}\n"
    with pytest.raises(QrError, match="a QR code holds at most 4296"):
        write_qr(write_sealed(changed(receipt, checkpoint=receipt.checkpoint + more), SIGNER), SIGNER)
