# SPDX-License-Identifier: Apache-2.0
"""Envelopes on arbitrary JSON: what is read is written back, to the byte."""

import unicodedata
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notary.canonical import canonical_json, parse_json
from notary.encoding import b64url
from notary.envelope import TYPE, Envelope, EnvelopeSigner, envelope_from_json, sign_envelope
from notary.errors import InvalidEnvelopeError

JSON = st.recursive(
    # Integers as far as the parser lets them through (RFC 7493 section 2.2).
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["payload", "signatures", "protected", "signature", "header", "a"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
NAMES = st.text(st.characters(codec="utf-8"), max_size=20)
NORMAL_NAMES = NAMES.map(lambda name: unicodedata.normalize("NFC", name))
ENCODED = st.binary(max_size=40).map(b64url) | st.text(alphabet="AZaz09-_=", max_size=12)
HEADERS = st.fixed_dictionaries(
    {"alg": NAMES, "kid": NAMES, "typ": st.just(TYPE) | NAMES}, optional={"crit": JSON, "x5c": JSON, "domain": JSON}
).map(lambda header: b64url(canonical_json(header)))
NEARLY = st.fixed_dictionaries(
    {
        "payload": ENCODED | JSON,
        "signatures": st.lists(
            st.fixed_dictionaries({"protected": HEADERS | ENCODED, "signature": ENCODED}) | JSON, max_size=3
        ),
    },
    optional={"header": JSON},
)


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(NORMAL_NAMES, NORMAL_NAMES, st.binary(max_size=80)), max_size=4, unique_by=lambda item: item[1]),
)
def test_envelopes_come_back(payload: bytes, signers: list[tuple[str, str, bytes]]) -> None:
    envelope = sign_envelope(
        payload, *(EnvelopeSigner(alg, kid, lambda _, made=made: made) for alg, kid, made in signers)
    )
    assert envelope_from_json(envelope.to_json()) == envelope
    assert envelope_from_json(parse_json(envelope.encode(), limit=10**6)) == envelope
    assert Envelope(payload).encode().isascii()


@given(JSON | NEARLY)
def test_whatever_is_read_as_an_envelope_is_written_so(value: Any) -> None:
    with suppress(InvalidEnvelopeError):
        assert envelope_from_json(value, "/envelope").to_json() == value
