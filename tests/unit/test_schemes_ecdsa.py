# SPDX-License-Identifier: Apache-2.0
"""ES256 and ES256K: the vector of RFC 7515, and odd inputs of the classes that project Wycheproof names.

They are those of its files ecdsa_secp256r1_sha256_p1363_test and ecdsa_secp256k1_sha256_p1363_test. RFC 8812 has no
example of ES256K; its signature here is made by the library coincurve, which is not the one under test.
"""

from dataclasses import dataclass
from hashlib import sha256

import pytest
from coincurve import PrivateKey as CoincurveKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA3_256, SHA224, SHA256, SHA384, SHA512

from notary.encoding import parse_b64url
from notary.errors import InvalidKeyError, InvalidSignatureError
from notary.parties.keys import PublicKey, make_jwk, parse_jwk
from notary.schemes import SCHEMES, PrivateKey, generate_key, private_key
from notary.schemes.ecdsa import ES256, ES256K, Ecdsa
from tests.support.weierstrass_reference import Curve

MESSAGE = (
    b"eyJhbGciOiJFUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
SECRET = 2**255 + 7


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


def by_coincurve() -> bytes:
    r, s = decode_dss_signature(CoincurveKey.from_int(SECRET).sign(MESSAGE))
    return raw(r, s)


@dataclass(frozen=True)
class Case:
    """A scheme, a key and its signature over the message, and the numbers of its curve."""

    scheme: Ecdsa
    curve: ec.EllipticCurve
    numbers: Curve
    key: PublicKey
    signature: bytes

    @property
    def prime(self) -> int:
        return self.numbers.prime

    @property
    def order(self) -> int:
        return self.numbers.order

    @property
    def r(self) -> int:
        return int.from_bytes(self.signature[:32])

    @property
    def s(self) -> int:
        return int.from_bytes(self.signature[32:])

    def verify(self, signature: bytes, message: bytes = MESSAGE) -> None:
        self.scheme.verify(self.scheme.load(self.key), message, signature)

    def refuses(self, signature: bytes, message: bytes = MESSAGE) -> None:
        with pytest.raises(InvalidSignatureError) as error:
            self.verify(signature, message)
        assert [fault.check for fault in error.value.faults] == ["C3"]


# SEC 2 section 2.4.2.
P256 = Curve(
    prime=2**256 - 2**224 + 2**192 + 2**96 - 1,
    order=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    a=-3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    base=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
# SEC 2 section 2.4.1.
SECP256K1 = Curve(
    prime=2**256 - 2**32 - 977,
    order=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    a=0,
    b=7,
    base=(
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    ),
)
CASES = [
    # RFC 7515 appendix A.3.
    Case(
        ES256,
        ec.SECP256R1(),
        P256,
        parse_jwk(
            {
                "crv": "P-256",
                "kty": "EC",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }
        ),
        parse_b64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
    ),
    Case(
        ES256K,
        ec.SECP256K1(),
        SECP256K1,
        make_jwk("ES256K", *(value.to_bytes(32) for value in CoincurveKey.from_int(SECRET).public_key.point())),
        by_coincurve(),
    ),
]
each_curve = pytest.mark.parametrize("case", CASES, ids=lambda case: case.scheme.alg)


@each_curve
def test_a_signature_of_somebody_else_verifies(case: Case) -> None:
    assert case.key.alg == case.scheme.alg
    assert SCHEMES[case.key.alg] is case.scheme
    case.verify(case.signature)


@each_curve
def test_both_s_are_taken(case: Case) -> None:
    # RFC 7515's vector has the higher one, coincurve makes the lower one; neither RFC makes a difference.
    assert (case.s > case.order // 2) == (case.scheme is ES256)
    case.verify(raw(case.r, case.order - case.s))


@each_curve
def test_every_changed_bit_is_refused(case: Case) -> None:
    for bit in range(512):
        case.refuses((int.from_bytes(case.signature) ^ 1 << bit).to_bytes(64))
    case.refuses(case.signature, MESSAGE + b"=")


@each_curve
@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 70, 128])
def test_a_signature_of_another_length_is_refused(case: Case, length: int) -> None:
    case.refuses((case.signature * 2)[:length])


@each_curve
def test_a_longer_spelling_of_the_same_numbers_is_refused(case: Case) -> None:
    case.refuses(case.signature[:32] + b"\0" + case.signature[32:])
    case.refuses(b"\0" + case.signature[:32] + b"\0" + case.signature[32:])
    case.refuses(case.signature + b"\0")


@each_curve
def test_a_signature_in_der_is_refused(case: Case) -> None:
    case.refuses(encode_dss_signature(case.r, case.s))


BORDERS = ("0", "1", "n-1", "n", "n+1", "p-1", "p", "2^256-1")


@each_curve
@pytest.mark.parametrize("r", BORDERS)
@pytest.mark.parametrize("s", BORDERS)
def test_numbers_at_the_borders_are_refused(case: Case, r: str, s: str) -> None:
    # CVE-2022-21449 was r = s = 0.
    n, p = case.order, case.prime
    values = dict(zip(BORDERS, (0, 1, n - 1, n, n + 1, p - 1, p, 2**256 - 1), strict=True))
    case.refuses(raw(values[r], values[s]))


@each_curve
def test_a_right_s_needs_its_r_and_the_other_way_round(case: Case) -> None:
    for wrong in (0, 1, case.order):
        case.refuses(raw(wrong, case.s))
        case.refuses(raw(case.r, wrong))
    case.refuses(raw(case.s, case.r))
    case.refuses(raw(case.order - case.r, case.s))


@each_curve
def test_a_signature_over_another_hash_is_refused(case: Case) -> None:
    private = ec.derive_private_key(SECRET, case.curve)
    key = case.scheme.load(private_key(private).public)
    case.scheme.verify(key, MESSAGE, raw(*decode_dss_signature(private.sign(MESSAGE, ec.ECDSA(SHA256())))))
    for other in (SHA224(), SHA384(), SHA512(), SHA3_256()):
        r, s = decode_dss_signature(private.sign(MESSAGE, ec.ECDSA(other)))
        with pytest.raises(InvalidSignatureError):
            case.scheme.verify(key, MESSAGE, raw(r, s))


@each_curve
def test_another_key_is_refused(case: Case) -> None:
    other = generate_key(case.scheme.alg)
    with pytest.raises(InvalidSignatureError):
        case.scheme.verify(case.scheme.load(other.public), MESSAGE, case.signature)
    # The same point with the other sign of y.
    x, y = map(int.from_bytes, case.key.values)
    mirrored = make_jwk(case.scheme.alg, x.to_bytes(32), (case.prime - y).to_bytes(32))
    with pytest.raises(InvalidSignatureError):
        case.scheme.verify(case.scheme.load(mirrored), MESSAGE, case.signature)


@each_curve
@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(0, 0, id="zeros, the point at infinity"),
        pytest.param(1, 1, id="not on the curve"),
        pytest.param(0, 2**256 - 1, id="y beyond the field"),
        pytest.param(2**256 - 1, 0, id="x beyond the field"),
    ],
)
def test_what_is_no_point_is_refused(case: Case, x: int, y: int) -> None:
    with pytest.raises(InvalidKeyError):
        case.scheme.load(make_jwk(case.scheme.alg, x.to_bytes(32), y.to_bytes(32)))


@each_curve
def test_a_coordinate_is_not_reduced(case: Case) -> None:
    # A small x has a point, and x + p fits in 32 bytes too: two spellings of one key.
    x, y = first_point(case, 1)
    case.scheme.load(make_jwk(case.scheme.alg, x.to_bytes(32), y.to_bytes(32)))
    with pytest.raises(InvalidKeyError, match="not a coordinate"):
        case.scheme.load(make_jwk(case.scheme.alg, (case.prime + x).to_bytes(32), y.to_bytes(32)))


def test_the_second_coordinate_is_not_reduced_either() -> None:
    # On secp256k1 an x for a small y is the cube root of y^2 - 7, a power because the prime is 7 modulo 9.
    prime = SECP256K1.prime
    points = ((pow(y * y - 7, (prime + 2) // 9, prime), y) for y in range(1, 50))
    x, y = next((x, y) for x, y in points if (x**3 + 7 - y * y) % prime == 0)
    ES256K.load(make_jwk("ES256K", x.to_bytes(32), y.to_bytes(32)))
    with pytest.raises(InvalidKeyError, match="/y: is not a coordinate"):
        ES256K.load(make_jwk("ES256K", x.to_bytes(32), (prime + y).to_bytes(32)))


def first_point(case: Case, least: int) -> tuple[int, int]:
    return next(point for x in range(least, least + 100) if (point := case.numbers.lift(x)))


@each_curve
@pytest.mark.parametrize("s", ["1", "5", "n-1"])
def test_r_is_compared_and_not_reduced(case: Case, s: str) -> None:
    # A signature with a very small r, so that r + n fits in 32 bytes; it says the same modulo n.
    point, number = first_point(case, 1), {"1": 1, "5": 5, "n-1": case.order - 1}[s]
    key = key_of(case, point, number)
    case.scheme.verify(key, MESSAGE, raw(point[0], number))
    for r, changed in ((point[0] + case.order, number), (point[0], number + case.order)):
        if changed < 2**256:
            with pytest.raises(InvalidSignatureError):
                case.scheme.verify(key, MESSAGE, raw(r, changed))


@each_curve
def test_an_x_beyond_the_order_is_reduced_once(case: Case) -> None:
    # The nonce's point has an x from n to p: r is x - n, and x itself is not taken for it.
    point = first_point(case, case.order + 1)
    key = key_of(case, point, 7)
    case.scheme.verify(key, MESSAGE, raw(point[0] - case.order, 7))
    with pytest.raises(InvalidSignatureError):
        case.scheme.verify(key, MESSAGE, raw(point[0], 7))


def key_of(case: Case, point: tuple[int, int], s: int) -> ec.EllipticCurvePublicKey:
    x, y = case.numbers.key_for(point, s, int.from_bytes(sha256(MESSAGE).digest()))
    return case.scheme.load(make_jwk(case.scheme.alg, x.to_bytes(32), y.to_bytes(32)))


@each_curve
@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.SECP256R1(), ec.BrainpoolP256R1()], ids=lambda curve: curve.name)
def test_a_point_of_another_curve_is_refused(case: Case, curve: ec.EllipticCurve) -> None:
    public = ec.derive_private_key(7, curve).public_key()
    point = public.public_numbers()
    key = make_jwk(case.scheme.alg, point.x.to_bytes(32), point.y.to_bytes(32))
    if curve.name == case.curve.name:
        assert case.scheme.public_key(public) == key
        case.scheme.load(key)
    else:
        assert case.scheme.public_key(public) is None
        with pytest.raises(InvalidKeyError, match="not a point"):
            case.scheme.load(key)


@each_curve
@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES256K"])
def test_a_key_of_another_kind_is_refused(case: Case, alg: str) -> None:
    if alg != case.scheme.alg:
        other = generate_key(alg)
        with pytest.raises(InvalidKeyError, match=f"for {case.scheme.alg}"):
            case.scheme.load(other.public)
        assert case.scheme.public_key(other.private.public_key()) is None


@each_curve
def test_keys_are_loaded_once(case: Case) -> None:
    assert case.scheme.load(case.key) is case.scheme.load(make_jwk(case.key.alg, *case.key.values))


@each_curve
def test_small_numbers_are_padded(case: Case) -> None:
    # One signature in 128 has an r or s of 31 bytes or fewer; raw numbers of another length would be refused.
    private: PrivateKey = generate_key(case.scheme.alg)
    key = case.scheme.load(private.public)
    shorter = 0
    for number in range(2000):
        message = str(number).encode()
        signature = private.sign(message)
        case.scheme.verify(key, message, signature)
        shorter += signature[0] == 0 or signature[32] == 0
        if shorter == 2:
            break
    assert shorter
