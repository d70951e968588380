# SPDX-License-Identifier: Apache-2.0
"""Public keys: the one form that is read, and their names."""

from hashlib import sha256
from typing import Any

import pytest

from notary.canonical import canonical_json
from notary.encoding import b64url, parse_b64url
from notary.errors import InvalidKeyError
from notary.parties.keys import KEY_TYPES, WALLET_ALG, make_jwk, parse_jwk

# RFC 8037 appendix A.2 and, for its thumbprint, A.3.
OKP = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
OKP_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
# RFC 7515 appendix A.3.1.
EC = {
    "crv": "P-256",
    "kty": "EC",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}

# RFC 7638 section 3.1.
RSA = {
    "e": "AQAB",
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
    "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHz"
    "u6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
    "apJzKnqDKgw",
}
RSA_THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
# The base point (SEC 2 section 2.4.1), which is the public key of the private key 1.
SECP256K1 = {
    "crv": "secp256k1",
    "kty": "EC",
    "x": b64url(bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")),
    "y": b64url(bytes.fromhex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")),
}
WALLET = {"address": "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826", "kty": "urn:loan-notary:kty:ethereum-address"}


def test_the_thumbprint_of_an_rsa_key_is_that_of_rfc_7638() -> None:
    key = parse_jwk(RSA)
    assert (key.kid, key.alg) == (RSA_THUMBPRINT, "PS256")
    assert [len(value) for value in key.values] == [256, 3]


def test_the_thumbprint_of_a_wallet_is_that_of_its_two_members() -> None:
    key = parse_jwk(WALLET)
    assert key.kid == b64url(sha256(canonical_json(WALLET)).digest())
    assert (key.alg, key.values) == ("urn:loan-notary:alg:eip712", (bytes.fromhex(WALLET["address"][2:]),))


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    key = parse_jwk(OKP)
    assert (key.kid, key.alg) == (OKP_THUMBPRINT, "EdDSA")
    assert key.values[0].hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.mark.parametrize("jwk", [OKP, EC, SECP256K1, RSA, WALLET])
def test_the_order_of_members_does_not_matter(jwk: dict[str, str]) -> None:
    key = parse_jwk(dict(reversed(jwk.items())))
    assert key == parse_jwk(jwk)
    assert key.jwk == jwk
    assert key.encoded == "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in sorted(jwk)) + "}"
    assert make_jwk(key.alg, *key.values) == key


def test_each_kind_has_one_algorithm() -> None:
    algs = [parse_jwk(jwk).alg for jwk in (OKP, EC, SECP256K1, RSA, WALLET)]
    assert algs == ["EdDSA", "ES256", "ES256K", "PS256", WALLET_ALG]
    assert list(KEY_TYPES) == algs


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_no_member_of_a_private_key_passes(member: str) -> None:
    with pytest.raises(InvalidKeyError, match="private key") as refused:
        parse_jwk(RSA | {member: "AQAB"})
    assert [fault.pointer for fault in refused.value.faults] == [f"/{member}"]


def number(value: int) -> str:
    return b64url(value.to_bytes((value.bit_length() + 7) // 8))


def test_the_longest_numbers_of_an_rsa_key() -> None:
    assert parse_jwk(RSA | {"n": number(2**8192 - 1), "e": number(2**64 - 1)}).values == (
        b"\xff" * 1024,
        b"\xff" * 8,
    )


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        pytest.param(None, "", id="not an object"),
        pytest.param([OKP], "", id="a list"),
        pytest.param({}, "/kty", id="nothing"),
        pytest.param(OKP | {"kty": 1}, "/kty", id="a number for kty"),
        pytest.param({"kty": "OKP", "x": OKP["x"]}, "/kty", id="no curve"),
        pytest.param(OKP | {"crv": ["Ed25519"]}, "/crv", id="a list for crv"),
        pytest.param(OKP | {"crv": "Ed448"}, "/kty", id="an unknown curve"),
        pytest.param(OKP | {"crv": "P-256"}, "/kty", id="the curve of another kind"),
        pytest.param(EC | {"crv": "P-384"}, "/kty", id="a curve that is not allowed"),
        pytest.param(RSA | {"crv": "P-256"}, "/kty", id="a curve for RSA"),
        pytest.param(RSA | {"y": "AA"}, "", id="a coordinate for RSA"),
        pytest.param({"kty": "RSA", "n": RSA["n"]}, "", id="no exponent"),
        pytest.param(RSA | {"n": b64url(b"\0" + parse_b64url(RSA["n"]))}, "/n", id="a modulus with a leading zero"),
        pytest.param(RSA | {"e": "AAEAAQ"}, "/e", id="an exponent with a leading zero"),
        pytest.param(RSA | {"e": "AA"}, "/e", id="an exponent of 0"),
        pytest.param(RSA | {"e": ""}, "/e", id="an empty exponent"),
        pytest.param(RSA | {"e": 65537}, "/e", id="a number for the exponent"),
        pytest.param(RSA | {"e": number(2**64)}, "/e", id="an exponent of 65 bits"),
        pytest.param(RSA | {"n": number(2**8192)}, "/n", id="a modulus of 8,193 bits"),
        pytest.param(RSA | {"n": "A" * 10**6}, "/n", id="a modulus of a megabyte"),
        pytest.param(WALLET | {"crv": "secp256k1"}, "/kty", id="a curve for a wallet"),
        pytest.param(WALLET | {"address": WALLET["address"].upper()}, "/address", id="an address in upper case"),
        pytest.param(
            WALLET | {"address": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"}, "/address", id="EIP-55's mixed case"
        ),
        pytest.param(WALLET | {"address": WALLET["address"][2:]}, "/address", id="an address without 0x"),
        pytest.param(WALLET | {"address": WALLET["address"][:-1]}, "/address", id="an address cut off"),
        pytest.param(WALLET | {"address": WALLET["address"] + "\n"}, "/address", id="an address and a line feed"),
        pytest.param(WALLET | {"address": None}, "/address", id="no address"),
        pytest.param({"kty": "oct", "k": "AA", "crv": ""}, "/kty", id="a symmetric key"),
        pytest.param(OKP | {"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}, "/d", id="a private key"),
        pytest.param(OKP | {"alg": "EdDSA"}, "", id="an optional member"),
        pytest.param(OKP | {"y": OKP["x"]}, "", id="a coordinate too many"),
        pytest.param({name: EC[name] for name in ("kty", "crv", "x")}, "", id="a coordinate missing"),
        pytest.param(OKP | {"x": 5}, "/x", id="a number for a coordinate"),
        pytest.param(OKP | {"x": OKP["x"] + "="}, "/x", id="padding"),
        pytest.param(OKP | {"x": OKP["x"] + "\n"}, "/x", id="a line feed"),
        pytest.param(OKP | {"x": OKP["x"].replace("_", "/")}, "/x", id="standard base64"),
        pytest.param(OKP | {"x": OKP["x"][:-1] + "p"}, "/x", id="stray bits at the end"),
        pytest.param(OKP | {"x": OKP["x"][:-1]}, "/x", id="cut off"),
        pytest.param(OKP | {"x": ""}, "/x", id="empty"),
        pytest.param(OKP | {"x": OKP["x"] + "AAAA"}, "/x", id="too long"),
        pytest.param(OKP | {"x": "é" * 43}, "/x", id="beyond ASCII"),
        pytest.param(EC | {"y": "AA"}, "/y", id="a short second coordinate"),
    ],
)
def test_whatever_else_is_refused(value: Any, pointer: str) -> None:
    with pytest.raises(InvalidKeyError) as refused:
        parse_jwk(value)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
