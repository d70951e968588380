# SPDX-License-Identifier: Apache-2.0
"""Texts of QR codes for the published vectors."""

import zlib
from collections.abc import Iterator
from dataclasses import replace

from notary.canonical import canonical_json, parse_json
from notary.encoding import b64, b64url
from notary.log.signed_note import NoteSigner
from notary.receipts.base45 import base45, parse_base45
from notary.receipts.qr_proof import FORMAT, PREFIX, write_qr
from notary.receipts.sealed import seal_preimage
from tests.support import vector_receipts as make
from tests.support.builders import record
from tests.support.vector_cases import LOG_KEY, Case
from tests.support.vector_key_histories import HISTORY, THIRD, key_of
from tests.support.vector_receipts import Members, anchored, put

RECEIPT = canonical_json(make.agreement())
LATER = canonical_json(anchored(make.agreement()))
OTHER = canonical_json(make.receipt_of(make.envelope_of(record("repayment")), {}, 8, 3))


def qr_text(members: Members) -> str:
    """Return the text of members; nothing is compressed, because compressors differ."""
    return PREFIX + base45(zlib.compress(canonical_json(members), 0))


def proof_of(data: bytes) -> Members:
    """Return the members of the proof that the notary makes of a receipt."""
    text = write_qr(data, make.LOG).removeprefix(PREFIX)
    members: Members = parse_json(zlib.decompress(parse_base45(text)), limit=make.LIMIT)
    return members


def resealed(members: Members, signer: NoteSigner = make.LOG) -> Members:
    """Return members under a new seal."""
    rest = {name: value for name, value in members.items() if name != "seal"}
    return {**rest, "seal": b64url(signer.sign(seal_preimage(FORMAT, canonical_json(rest))))}


def qr_cases() -> Iterator[Case]:
    """Yield texts, some with the bytes of a receipt."""
    proof = proof_of(RECEIPT)
    text = qr_text(proof)
    yield _case("a code alone", text)
    yield _case("white space around it", f" {text}\n")
    yield _case("the log's key is the code's own", text, log_key=None)
    later = _case("an older key sealed it", text, log_key=key_of(THIRD))
    yield replace(later, key_history=HISTORY)
    yield replace(_case("with the receipt that it was made from", text), receipt=RECEIPT)
    yield replace(_case("with a receipt of the same record, written later", text), receipt=LATER)
    yield replace(_case("with the receipt of another record", text, "receipt"), receipt=OTHER)
    same_place = canonical_json(make.receipt_of(make.envelope_of(record("repayment")), {}))
    yield replace(_case("with another record's receipt of the same place", text, "receipt"), receipt=same_place)
    yield replace(_case("with what is no receipt", text, "receipt"), receipt=b"x")
    yield _case("sealed by another log", qr_text(resealed(proof, make.OTHER_LOG)), "seal")
    yield _case("the environment changed under the old seal", qr_text(proof | {"environment": "test"}), "seal")
    changes = {
        "an index": (put("/index", 7), "inclusion"),
        "a commitment": (put("/commitment", b64url(bytes(32))), "inclusion"),
        "a hash": (put("/inclusion/0", b64(bytes(32))), "inclusion"),
        "a checkpoint": (put("/checkpoint", lambda note: note.replace("307", "308")), "checkpoint"),
    }
    for name, (change, link) in changes.items():
        members = parse_json(canonical_json(proof), limit=make.LIMIT)
        change(members)
        yield _case(f"{name} under a new seal", qr_text(resealed(members)), link)
    for name, wrong in _malformed(proof, text):
        yield _case(name, wrong, "format")


def _case(name: str, text: str, *broken: str, log_key: str | None = LOG_KEY) -> Case:
    return Case(name, text.encode(), frozenset(broken), log_key)


def _malformed(proof: Members, text: str) -> Iterator[tuple[str, str]]:
    body = text.removeprefix(PREFIX)
    yield "nothing", ""
    yield "another prefix", "LOAN-NOTARY:2:" + body
    yield "a link", "https://notary.example/check"
    yield "cut short", text[:-3]
    yield "a sign that base45 has not", text[:-1] + "a"
    yield "a group beyond two bytes", PREFIX + ":::" + body
    yield "too long", text + "0" * 4296
    yield "no stream", PREFIX + base45(b"hello")
    yield "a member more", qr_text(resealed(proof | {"more": 1}))
    yield "a member too few", qr_text({name: value for name, value in proof.items() if name != "tag"})
    yield "another format", qr_text(proof | {"format": "loan-notary/qr@2"})
    yield "not canonical", PREFIX + base45(zlib.compress(canonical_json(proof) + b" ", 0))
    yield "more than it may hold", PREFIX + base45(zlib.compress(b" " * 20_000, 9))
    yield "no receipt's digest", qr_text(proof | {"receipt": b64url(bytes(31))})
