# SPDX-License-Identifier: Apache-2.0
"""Envelopes: the one form of JWS that is read, and what its signatures are over."""

import json
from typing import Any

import pytest

from notary.canonical import canonical_json, parse_json
from notary.encoding import b64, b64url, parse_b64url
from notary.envelope import (
    MAX_PAYLOAD,
    MAX_SIGNATURES,
    TYPE,
    Envelope,
    EnvelopeSigner,
    Signature,
    envelope_from_json,
    read_signing_input,
    sign_envelope,
)
from notary.errors import InvalidEnvelopeError
from notary.jws_header import WalletDomain
from notary.parties.keys import WALLET_ALG, parse_jwk
from notary.schemes import SCHEMES

PAYLOAD = b'{"a":1}'
DOMAIN = {"chain_id": 31337, "registry": "0x" + "ab" * 20}
WALLET = {"alg": WALLET_ALG, "domain": DOMAIN}
LEAF, ISSUER = b"\x30\x01leaf", b"\x30\x02issuer"
HEADER = {"alg": "EdDSA", "kid": "k1", "typ": TYPE}
SIGNATURE = {"protected": b64url(canonical_json(HEADER)), "signature": "c2ln"}
ENVELOPE: dict[str, Any] = {"payload": b64url(PAYLOAD), "signatures": [SIGNATURE]}


def sign(message: bytes) -> bytes:
    return b"sig%d" % len(message)


def header(**changes: Any) -> dict[str, str]:
    return SIGNATURE | {"protected": b64url(canonical_json(HEADER | changes))}


def raw_header(data: bytes) -> dict[str, str]:
    return SIGNATURE | {"protected": b64url(data)}


def test_an_envelope_comes_back() -> None:
    envelope = envelope_from_json(ENVELOPE)
    assert envelope == Envelope(PAYLOAD, (Signature(SIGNATURE["protected"], "EdDSA", "k1", b"sig"),))
    assert envelope.to_json() == ENVELOPE
    assert envelope.encode() == canonical_json(ENVELOPE)


def test_an_envelope_that_was_read_is_signed_and_committed_to_as_one_that_was_made() -> None:
    made = sign_envelope(b"\xfb\xff?>", EnvelopeSigner("EdDSA", "k1", sign))
    for size in range(4):
        envelope = Envelope(made.payload + bytes(size), made.signatures)
        read = envelope_from_json(envelope.to_json())
        assert read == envelope
        assert read.encoded_payload == b64url(envelope.payload)
        assert read.signing_input(made.signatures[0]) == envelope.signing_input(made.signatures[0])
        assert read.encode() == envelope.encode()


def test_a_plain_record_is_an_envelope_without_signatures() -> None:
    envelope = Envelope(PAYLOAD)
    assert envelope.encode() == b'{"payload":"eyJhIjoxfQ","signatures":[]}'
    assert envelope_from_json(parse_json(envelope.encode(), limit=1000)) == envelope


def test_the_signing_input_is_that_of_rfc_8037() -> None:
    # RFC 8037 appendix A.4 and A.5: the JWS verifies under the key of A.2.
    protected, payload, encoded = (
        "eyJhbGciOiJFZERTQSJ9",
        b"Example of Ed25519 signing",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    )
    signature = Signature(protected, "EdDSA", "", parse_b64url(encoded))
    message = Envelope(payload, (signature,)).signing_input(signature)
    assert message == b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    key = parse_jwk({"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    SCHEMES["EdDSA"].verify(SCHEMES["EdDSA"].load(key), message, signature.signature)


def test_a_jws_of_another_type_is_no_envelope() -> None:
    # The same JWS of RFC 8037 appendix A.4 in general serialization: a good signature, for another purpose.
    signatures = [{"protected": "eyJhbGciOiJFZERTQSJ9", "signature": "hgyY"}]
    with pytest.raises(InvalidEnvelopeError, match="/signatures/0/protected"):
        envelope_from_json({"payload": "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", "signatures": signatures})


def test_signing_makes_the_header_and_signs_header_and_payload() -> None:
    seen = []

    def sign(message: bytes) -> bytes:
        seen.append(message)
        return b"sig%d" % len(seen)

    envelope = sign_envelope(PAYLOAD, EnvelopeSigner("EdDSA", "k1", sign), EnvelopeSigner("ES256", "k2", sign))
    assert [json.loads(parse_b64url(item.protected)) for item in envelope.signatures] == [
        HEADER,
        HEADER | {"alg": "ES256", "kid": "k2"},
    ]
    assert [item.signature for item in envelope.signatures] == [b"sig1", b"sig2"]
    assert seen == [envelope.signing_input(item) for item in envelope.signatures]
    assert seen[0] == f"{SIGNATURE['protected']}.{b64url(PAYLOAD)}".encode()
    assert envelope_from_json(json.loads(envelope.encode())) == envelope


def test_a_chain_of_certificates_travels_in_the_header() -> None:
    envelope = sign_envelope(PAYLOAD, EnvelopeSigner("PS256", "k1", sign, x5c=(LEAF, ISSUER)))
    [signature] = envelope.signatures
    assert json.loads(parse_b64url(signature.protected)) == HEADER | {"alg": "PS256", "x5c": [b64(LEAF), b64(ISSUER)]}
    assert signature.x5c == (LEAF, ISSUER)
    assert envelope_from_json(json.loads(envelope.encode())) == envelope
    assert read_signing_input(envelope.signing_input(signature)) == (None, PAYLOAD)


def test_a_wallets_domain_travels_in_the_header() -> None:
    domain = WalletDomain(31337, "0x" + "ab" * 20)
    envelope = sign_envelope(PAYLOAD, EnvelopeSigner(WALLET_ALG, "k1", sign, domain=domain))
    [signature] = envelope.signatures
    assert json.loads(parse_b64url(signature.protected)) == HEADER | WALLET
    assert signature.domain == domain
    assert envelope_from_json(json.loads(envelope.encode())) == envelope
    assert read_signing_input(envelope.signing_input(signature)) == (domain, PAYLOAD)


@pytest.mark.parametrize("message", [b"", b"a", b"a.b", b"\xff.\xff", b"..", b"e30.e30"])
def test_what_no_envelope_signs_is_refused(message: bytes) -> None:
    with pytest.raises(InvalidEnvelopeError):
        read_signing_input(message)


def chain(size: int) -> Any:
    """One certificate, so long that the header has `size` bytes."""
    short = len(canonical_json(HEADER | {"x5c": [""]}))
    filled = (size - short) // 4 * 4
    padding = (size - short) % 4
    return header(kid="k1" + "x" * padding, x5c=["AAAA" * (filled // 4)])


def test_the_longest_header_with_certificates() -> None:
    assert len(envelope_from_json(ENVELOPE | {"signatures": [header(x5c=["AAAA"] * 8)]}).signatures[0].x5c) == 8
    longest = chain(24 * 1024)
    assert len(parse_b64url(longest["protected"])) == 24 * 1024
    envelope_from_json(ENVELOPE | {"signatures": [longest]})


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        pytest.param(None, "", id="null"),
        pytest.param([], "", id="a list"),
        pytest.param("eyJ.eyJ.c2ln", "", id="compact serialization"),
        pytest.param({}, "", id="nothing"),
        pytest.param({"payload": "e30"}, "", id="no signatures"),
        pytest.param({"signatures": []}, "", id="no payload"),
        pytest.param(ENVELOPE | {"header": {}}, "", id="an unknown member"),
        pytest.param({"payload": "e30", "protected": "e30", "signature": "AA"}, "", id="flattened serialization"),
        pytest.param(ENVELOPE | {"payload": 1}, "/payload", id="a number for the payload"),
        pytest.param(ENVELOPE | {"payload": {"a": 1}}, "/payload", id="an object for the payload"),
        pytest.param(ENVELOPE | {"payload": "eyJhIjoxfQ=="}, "/payload", id="padding"),
        pytest.param(ENVELOPE | {"payload": "eyJhIjoxfR"}, "/payload", id="stray bits"),
        pytest.param(ENVELOPE | {"payload": "eyJ hIjoxfQ"}, "/payload", id="a space"),
        pytest.param(ENVELOPE | {"payload": "eyé"}, "/payload", id="beyond ASCII"),
        pytest.param(ENVELOPE | {"payload": b64url(bytes(MAX_PAYLOAD + 1))}, "/payload", id="a byte too many"),
        pytest.param(ENVELOPE | {"signatures": None}, "/signatures", id="null for the signatures"),
        pytest.param(ENVELOPE | {"signatures": {}}, "/signatures", id="an object for the signatures"),
        pytest.param(ENVELOPE | {"signatures": [SIGNATURE] * 2}, "/signatures", id="one key twice"),
        pytest.param(
            ENVELOPE | {"signatures": [header(kid=f"k{i}") for i in range(MAX_SIGNATURES + 1)]},
            "/signatures",
            id="17 signatures",
        ),
        pytest.param(ENVELOPE | {"signatures": ["c2ln"]}, "/signatures/0", id="a string for a signature"),
        pytest.param(ENVELOPE | {"signatures": [{}]}, "/signatures/0", id="an empty signature"),
        pytest.param(
            ENVELOPE | {"signatures": [SIGNATURE | {"header": {}}]}, "/signatures/0", id="an unprotected header"
        ),
        pytest.param(
            ENVELOPE | {"signatures": [SIGNATURE, header(kid="k2", typ="JWT")]},
            "/signatures/1/protected",
            id="another typ",
        ),
        pytest.param(ENVELOPE | {"signatures": [header(crit=["b64"])]}, "/signatures/0/protected", id="a member more"),
        pytest.param(
            ENVELOPE | {"signatures": [header(b64=False)]}, "/signatures/0/protected", id="an unencoded payload"
        ),
        pytest.param(ENVELOPE | {"signatures": [header(alg=1)]}, "/signatures/0/protected", id="a number for alg"),
        pytest.param(ENVELOPE | {"signatures": [header(kid=None)]}, "/signatures/0/protected", id="no kid"),
        pytest.param(
            ENVELOPE | {"signatures": [header(kid="k" * 1024)]}, "/signatures/0/protected", id="a long header"
        ),
        *(
            pytest.param(ENVELOPE | {"signatures": [value]}, "/signatures/0/protected", id=name)
            for name, value in {
                "a longer header with certificates": chain(24 * 1024 + 1),
                "no certificate in x5c": header(x5c=[]),
                "nine certificates": header(x5c=[b64(LEAF)] * 9),
                "a string for x5c": header(x5c=b64(LEAF)),
                "null for x5c": header(x5c=None),
                "a number for a certificate": header(x5c=[b64(LEAF), 5]),
                "an empty certificate": header(x5c=[b64(LEAF), ""]),
                "a certificate in base64url": header(x5c=["MAH_"]),
                "a certificate in PEM": header(x5c=["-----BEGIN CERTIFICATE-----"]),
                "a certificate without padding": header(x5c=[b64(LEAF).rstrip("=") + "A"]),
                "x5c and another member": header(x5c=[b64(LEAF)], x5t="AA"),
                "x5c and a domain": header(x5c=[b64(LEAF)], domain=DOMAIN),
                "a wallet with certificates": header(**WALLET, x5c=[b64(LEAF)]),
                "a wallet without a domain": header(alg=WALLET_ALG),
                "a domain without a wallet": header(domain=DOMAIN),
                "a list for the domain": header(**WALLET | {"domain": [31337]}),
                "a domain without a registry": header(**WALLET | {"domain": {"chain_id": 1}}),
                "a domain with another member": header(**WALLET | {"domain": DOMAIN | {"salt": "00"}}),
                "a chain id of 0": header(**WALLET | {"domain": DOMAIN | {"chain_id": 0}}),
                "a chain id that is a string": header(**WALLET | {"domain": DOMAIN | {"chain_id": "1"}}),
                "a chain id that is true": header(**WALLET | {"domain": DOMAIN | {"chain_id": True}}),
                "a registry in mixed case": header(**WALLET | {"domain": DOMAIN | {"registry": "0x" + "aB" * 20}}),
                "a registry cut off": header(**WALLET | {"domain": DOMAIN | {"registry": "0x" + "ab" * 19}}),
                "a number for the registry": header(**WALLET | {"domain": DOMAIN | {"registry": 5}}),
                "a long header of a wallet": header(**WALLET, kid="k" * 1024),
            }.items()
        ),
        *(
            pytest.param(ENVELOPE | {"signatures": [raw_header(data)]}, "/signatures/0/protected", id=name)
            for name, data in {
                "an empty header": b"",
                "a header that is a list": b"[]",
                "a header that is a string": b'"alg"',
                "a header that is not JSON": b"alg",
                "a header that is not UTF-8": b"\xff",
                "a header with spaces": json.dumps(HEADER).encode(),
                "a header in another order": canonical_json(HEADER).replace(b'"alg":"EdDSA",', b"")[:-1]
                + b',"alg":"EdDSA"}',
                "a header with a key twice": canonical_json(HEADER)[:-1] + b',"alg":"none"}',
            }.items()
        ),
        pytest.param(
            ENVELOPE | {"signatures": [SIGNATURE | {"protected": 5}]}, "/signatures/0/protected", id="no string"
        ),
        pytest.param(
            ENVELOPE | {"signatures": [SIGNATURE | {"signature": "c2lnA"}]}, "/signatures/0/signature", id="cut"
        ),
        pytest.param(
            ENVELOPE | {"signatures": [SIGNATURE | {"signature": b64url(bytes(1025))}]},
            "/signatures/0/signature",
            id="a signature of 1,025 bytes",
        ),
    ],
)
def test_whatever_else_is_refused_where_it_stands(value: Any, pointer: str) -> None:
    for prefix in ("", "/envelope"):
        with pytest.raises(InvalidEnvelopeError) as refused:
            envelope_from_json(value, prefix)
        assert [fault.pointer for fault in refused.value.faults] == [prefix + pointer]


def test_the_largest_payload_and_signature_and_most_signatures() -> None:
    signatures = [header(kid=f"k{i}") | {"signature": b64url(bytes(1024))} for i in range(MAX_SIGNATURES)]
    value = {"payload": b64url(bytes(MAX_PAYLOAD)), "signatures": signatures}
    assert envelope_from_json(value).to_json() == value
