# SPDX-License-Identifier: Apache-2.0
"""Packing: what comes out is what went in, whatever it is; of what records have in common next to nothing is left."""

from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notary.canonical import canonical_json
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.schemes import generate_key
from notary.stores import packing
from notary.stores.packing import pack, unpack
from tests.support.builders import record

UNSIGNED = b"[]"
PHRASES = {name: getattr(packing, f"_{name}") for name in ("REPAYMENT", "OTHER", "SIGNATURES")}
IDS = st.uuids().map(str)
KINDS = st.sampled_from(["repayment", "agreement"])
NUMBERS = st.text(min_size=1, max_size=12)
VALUES = st.recursive(
    st.text(max_size=40) | st.integers(-(2**53) + 1, 2**53 - 1) | IDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
PIECES = st.lists(st.sampled_from([*PHRASES["REPAYMENT"], *PHRASES["OTHER"], b"20", b'"', b"\\u0001"]), max_size=12)


@given(VALUES, VALUES, KINDS, IDS, NUMBERS)
@example(["["], "20", "repayment", "0" * 8 + "-0000-4000-8000-" + "0" * 12, "0")
def test_a_record_that_is_packed_comes_back(signatures: object, value: object, kind: str, own: str, loan: str) -> None:
    written, payload = canonical_json([signatures]), canonical_json({"id": own, "loan": loan, "value": value})
    assert unpack(pack(written, payload, kind, own, loan), kind, own, loan) == (written, payload)


@given(st.binary(), st.binary() | PIECES.map(b"".join), KINDS, IDS, NUMBERS)
@example(UNSIGNED, b"\x01", "repayment", "", "x")
def test_so_does_what_is_no_record(signatures: bytes, payload: bytes, kind: str, own: str, loan: str) -> None:
    given_ = signatures or UNSIGNED
    assert unpack(pack(given_, payload, kind, own, loan), kind, own, loan) == (given_, payload)


@pytest.mark.parametrize(("kind", "signed", "left"), [("repayment", False, 90), ("repayment", True, 250),
                                                      ("agreement", False, 1100)])  # fmt: skip
def test_what_records_have_in_common_is_not_kept(kind: str, signed: bool, left: int) -> None:
    value = record(kind)
    key = generate_key("EdDSA")
    signers = [EnvelopeSigner("EdDSA", key.public.kid, key.sign)] if signed else []
    envelope = sign_envelope(canonical_json(value), *signers)
    written = canonical_json(envelope.signatures_json())
    packed = pack(written, envelope.payload, kind, value["id"], value["loan"])
    assert len(packed) <= left
    assert unpack(packed, kind, value["id"], value["loan"]) == (written, envelope.payload)


def test_the_phrases_never_change() -> None:
    digests = {name: sha256(b"\0".join(phrases)).hexdigest()[:16] for name, phrases in PHRASES.items()}
    assert digests == {"REPAYMENT": "1e96380bd9e70bda", "OTHER": "7f744d0aba43e27b", "SIGNATURES": "a9aaa39e32a0439a"}
