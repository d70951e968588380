# SPDX-License-Identifier: Apache-2.0
"""ES256: the vector of RFC 7515, and odd inputs of the classes that project Wycheproof (ecdsa_p1363) names."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from notary.encoding import parse_b64url
from notary.errors import InvalidKeyError, InvalidSignatureError
from notary.keys import make_jwk, parse_jwk
from notary.schemes import SCHEMES, PrivateKey, generate_key
from notary.schemes.ecdsa import ES256

SCHEME = ES256
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

# RFC 7515 appendix A.3.
KEY = {
    "crv": "P-256",
    "kty": "EC",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
MESSAGE = (
    b"eyJhbGciOiJFUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
SIGNATURE = parse_b64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
R, S = int.from_bytes(SIGNATURE[:32]), int.from_bytes(SIGNATURE[32:])


def verify(signature: bytes, message: bytes = MESSAGE) -> None:
    SCHEME.verify(SCHEME.load(parse_jwk(KEY)), message, signature)


def refused(signature: bytes, message: bytes = MESSAGE) -> None:
    with pytest.raises(InvalidSignatureError) as error:
        verify(signature, message)
    assert [fault.check for fault in error.value.faults] == ["C3"]


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


def test_vector_of_rfc_7515() -> None:
    key = parse_jwk(KEY)
    assert key.alg == "ES256"
    SCHEMES["ES256"].verify(SCHEMES["ES256"].load(key), MESSAGE, SIGNATURE)


def test_both_s_are_taken() -> None:
    # The vector has the higher one; RFC 7518 section 3.4 makes no difference between them.
    assert N // 2 < S
    verify(raw(R, N - S))


def test_every_changed_bit_is_refused() -> None:
    for bit in range(512):
        refused((int.from_bytes(SIGNATURE) ^ 1 << bit).to_bytes(64))
    refused(SIGNATURE, MESSAGE + b"=")


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 70, 128])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    refused((SIGNATURE * 2)[:length])


def test_a_longer_spelling_of_the_same_numbers_is_refused() -> None:
    refused(SIGNATURE[:32] + b"\0" + SIGNATURE[32:])


def test_a_signature_in_der_is_refused() -> None:
    private = ec.derive_private_key(5, ec.SECP256R1())
    refused(private.sign(MESSAGE, ec.ECDSA(SHA256())))


@pytest.mark.parametrize("r", [0, 1, N - 1, N, N + 1, P - 1, P, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, N - 1, N, N + 1, P - 1, P, 2**256 - 1])
def test_numbers_at_the_borders_are_refused(r: int, s: int) -> None:
    # CVE-2022-21449 was r = s = 0.
    refused(raw(r, s))


def test_a_right_s_needs_its_r_and_the_other_way_round() -> None:
    for wrong in (0, 1, N):
        refused(raw(wrong, S))
        refused(raw(R, wrong))
    refused(raw(S, R))


def test_another_key_is_refused() -> None:
    other = generate_key("ES256")
    with pytest.raises(InvalidSignatureError):
        SCHEME.verify(SCHEME.load(other.public), MESSAGE, SIGNATURE)


def coordinates(key: ec.EllipticCurvePublicKey) -> tuple[int, int]:
    numbers = key.public_numbers()
    return numbers.x, numbers.y


@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(0, 0, id="zeros"),
        pytest.param(1, 1, id="not on the curve"),
        pytest.param(0, 2**256 - 1, id="y beyond the field"),
        pytest.param(P, 0, id="x is the field's order"),
    ],
)
def test_what_is_no_point_is_refused(x: int, y: int) -> None:
    with pytest.raises(InvalidKeyError):
        SCHEME.load(make_jwk("ES256", x.to_bytes(32), y.to_bytes(32)))


def test_a_coordinate_is_not_reduced() -> None:
    # x = 5 has a point, and x = P + 5 fits in 32 bytes: two spellings of one key.
    x = 5
    y = pow(x**3 - 3 * x + 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B, (P + 1) // 4, P)
    SCHEME.load(make_jwk("ES256", x.to_bytes(32), y.to_bytes(32)))
    with pytest.raises(InvalidKeyError, match="not a coordinate"):
        SCHEME.load(make_jwk("ES256", (P + x).to_bytes(32), y.to_bytes(32)))


@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_a_point_of_another_curve_is_refused(curve: ec.EllipticCurve) -> None:
    x, y = coordinates(ec.derive_private_key(7, curve).public_key())
    with pytest.raises(InvalidKeyError, match="not a point"):
        SCHEME.load(make_jwk("ES256", x.to_bytes(32), y.to_bytes(32)))


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="P-256"):
        SCHEME.load(generate_key("EdDSA").public)


def test_small_numbers_are_padded() -> None:
    # One signature in 128 has an r or s of 31 bytes or fewer; raw numbers of another length would be refused.
    private: PrivateKey = generate_key("ES256")
    key = SCHEME.load(private.public)
    shorter = 0
    for number in range(600):
        message = str(number).encode()
        signature = private.sign(message)
        SCHEME.verify(key, message, signature)
        shorter += signature[0] == 0 or signature[32] == 0
    assert shorter
