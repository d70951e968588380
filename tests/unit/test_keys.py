# SPDX-License-Identifier: Apache-2.0
"""Public keys: the one form that is read, and their names."""

from typing import Any

import pytest

from notary.errors import InvalidKeyError
from notary.keys import KEY_TYPES, make_jwk, parse_jwk

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


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    key = parse_jwk(OKP)
    assert (key.kid, key.alg, key.kty, key.crv) == (OKP_THUMBPRINT, "EdDSA", "OKP", "Ed25519")
    assert key.coordinates[0].hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.mark.parametrize("jwk", [OKP, EC])
def test_the_order_of_members_does_not_matter(jwk: dict[str, str]) -> None:
    key = parse_jwk(dict(reversed(jwk.items())))
    assert key == parse_jwk(jwk)
    assert key.jwk == jwk
    assert key.encoded == "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in sorted(jwk)) + "}"
    assert make_jwk(key.kty, key.crv, *key.coordinates) == key


def test_each_kind_has_its_algorithm() -> None:
    assert parse_jwk(EC).alg == "ES256"
    assert {kind.alg for kind in KEY_TYPES.values()} == {"EdDSA", "ES256"}


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        pytest.param(None, "", id="not an object"),
        pytest.param([OKP], "", id="a list"),
        pytest.param({}, "/kty", id="nothing"),
        pytest.param(OKP | {"kty": 1}, "/kty", id="a number for kty"),
        pytest.param({"kty": "OKP", "x": OKP["x"]}, "/crv", id="no curve"),
        pytest.param(OKP | {"crv": ["Ed25519"]}, "/crv", id="a list for crv"),
        pytest.param(OKP | {"crv": "Ed448"}, "/kty", id="an unknown curve"),
        pytest.param(OKP | {"crv": "P-256"}, "/kty", id="the curve of another kind"),
        pytest.param(EC | {"crv": "secp256k1"}, "/kty", id="a curve that is not allowed"),
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
