# SPDX-License-Identifier: Apache-2.0
"""EdDSA: vectors of the RFCs, and the odd inputs that libraries disagree on.

The odd inputs are made here by the slow reference; they are of the classes that project Wycheproof (eddsa_test) and
"Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020) name.
"""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from notary.encoding import parse_b64url
from notary.errors import InvalidKeyError, InvalidSignatureError
from notary.parties.keys import make_jwk, parse_jwk
from notary.schemes import SCHEMES, load_private_key
from notary.schemes.eddsa import EdDSA
from notary.schemes.sodium import SodiumEdDSA, sodium_signer
from tests.support import ed25519_reference as reference

SCHEME = EdDSA()
# Whatever is right or wrong here must be so by either library.
BOTH = SCHEME, SodiumEdDSA()

# RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
# RFC 8037 appendix A.1, A.2, A.4.
JWS_KEY = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
JWS_INPUT = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
JWS_SIGNATURE = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    for scheme in BOTH:
        scheme.verify(scheme.load(make_jwk("EdDSA", public)), message, signature)


def refused(public: bytes, message: bytes, signature: bytes) -> None:
    for scheme in BOTH:
        key = scheme.load(make_jwk("EdDSA", public))
        with pytest.raises(InvalidSignatureError) as error:
            scheme.verify(key, message, signature)
        assert [fault.check for fault in error.value.faults] == ["C3"]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_vectors_of_rfc_8032(public: str, message: str, signature: str) -> None:
    verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


def test_vector_of_rfc_8037() -> None:
    key = parse_jwk(JWS_KEY)
    SCHEMES[key.alg].verify(SCHEMES[key.alg].load(key), JWS_INPUT, parse_b64url(JWS_SIGNATURE))


def test_every_changed_bit_is_refused() -> None:
    public, message, signature = (bytes.fromhex(text) for text in RFC_8032[2])
    for bit in range(len(signature) * 8):
        changed = (int.from_bytes(signature) ^ 1 << bit).to_bytes(64)
        refused(public, message, changed)
    refused(public, message + b"\0", signature)


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    public, message, signature = (bytes.fromhex(text) for text in RFC_8032[0])
    refused(public, message, (signature * 2)[:length])


@pytest.mark.parametrize("cut", [0, 32, 63])
def test_a_signature_does_not_go_on_in_the_message(cut: int) -> None:
    public, message, signature = (bytes.fromhex(text) for text in RFC_8032[2])
    refused(public, signature[cut:] + message, signature[:cut])
    refused(public, message[1:], signature + message[:1])


def test_zeros_are_no_signature() -> None:
    refused(bytes.fromhex(RFC_8032[0][0]), b"", bytes(64))
    refused(bytes.fromhex(RFC_8032[0][0]), b"", reference.encode(reference.NEUTRAL) + bytes(32))


@pytest.mark.parametrize("times", range(1, 8))
def test_s_at_or_above_the_order_is_refused(times: int) -> None:
    # S + kL satisfies the equation as well: without this check everybody can make further signatures of a message.
    public, message, signature = (bytes.fromhex(text) for text in RFC_8032[1])
    s = int.from_bytes(signature[32:], "little") + times * reference.L
    refused(public, message, signature[:32] + s.to_bytes(32, "little"))


def torsion() -> list[reference.Point]:
    """The eight points of small order: the multiples of one that has order 8."""
    for y in range(2, 100):
        point = reference.decode(y.to_bytes(32, "little"))
        if point is not None:
            candidate = reference.multiply(reference.L, point)
            if reference.multiply(4, candidate) != reference.NEUTRAL:
                return [reference.multiply(k, candidate) for k in range(8)]
    raise AssertionError("no point of order 8")


def test_points_of_small_order_are_refused() -> None:
    points = torsion()
    assert len(set(points)) == 8
    for point in points:
        with pytest.raises(InvalidKeyError, match="small order"):
            SCHEME.load(make_jwk("EdDSA", reference.encode(point)))


def test_what_a_key_of_small_order_would_allow() -> None:
    # Without the rule, R = B and S = 1 fit every message under the neutral element: the reason for the rule.
    message = b"any loan"
    h = reference.hash_to_scalar(reference.encode(reference.BASE), reference.encode(reference.NEUTRAL), message)
    assert reference.add(reference.BASE, reference.multiply(h, reference.NEUTRAL)) == reference.BASE


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("excess", range(19))
def test_points_that_are_not_canonical_are_refused(excess: int, sign: int) -> None:
    # All 19 y that fit in 255 bits and are not below the field's order.
    encoded = ((reference.P + excess) | sign << 255).to_bytes(32, "little")
    with pytest.raises(InvalidKeyError, match="canonical"):
        SCHEME.load(make_jwk("EdDSA", encoded))


def test_a_key_loads_if_and_only_if_it_is_on_the_curve() -> None:
    seen = set()
    for y in range(2, 60):
        encoded = y.to_bytes(32, "little")
        on_curve = reference.decode(encoded) is not None
        seen.add(on_curve)
        if on_curve:
            SCHEME.load(make_jwk("EdDSA", encoded))
        else:
            with pytest.raises(InvalidKeyError, match="not a point"):
                SCHEME.load(make_jwk("EdDSA", encoded))
    assert seen == {True, False}


def test_a_signature_that_holds_only_times_the_cofactor_is_refused() -> None:
    # A = aB + T with T of order 8, signed with a: 8(SB) = 8R + 8(hA) holds, SB = R + hA does not.
    a, r = 7**80 % reference.L, 3**90 % reference.L
    mixed = reference.encode(reference.add(reference.multiply(a, reference.BASE), torsion()[1]))
    nonce_point = reference.encode(reference.multiply(r, reference.BASE))
    for message in (b"1", b"2", b"3"):
        h = reference.hash_to_scalar(nonce_point, mixed, message)
        signature = nonce_point + ((r + h * a) % reference.L).to_bytes(32, "little")
        if h % 8:
            refused(mixed, message, signature)
        else:
            verify(mixed, message, signature)


def test_a_nonce_of_zero_is_taken_though_libsodium_refuses_it() -> None:
    a, neutral, message = 7**80 % reference.L, reference.encode(reference.NEUTRAL), b"a loan"
    public = reference.encode(reference.multiply(a, reference.BASE))
    h = reference.hash_to_scalar(neutral, public, message)
    signature = neutral + (h * a % reference.L).to_bytes(32, "little")
    with pytest.raises(BadSignatureError):
        crypto_sign_open(signature + message, public)
    verify(public, message, signature)
    refused(public, message + b"!", signature)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 2000])
def test_libsodium_signs_as_the_other_library_does(size: int) -> None:
    private, message = Ed25519PrivateKey.generate(), b"m" * size
    assert sodium_signer(private)(message) == private.sign(message)


def test_a_key_of_another_kind_is_refused() -> None:
    other = make_jwk("ES256", bytes(32), bytes(32))
    with pytest.raises(InvalidKeyError, match="Ed25519"):
        SCHEME.load(other)


def test_keys_are_loaded_once() -> None:
    assert SCHEME.load(parse_jwk(JWS_KEY)) is SCHEME.load(parse_jwk(JWS_KEY))


def test_signing_gives_the_signature_of_the_rfc() -> None:
    # RFC 8037 appendix A.1: the private half, wrapped in PKCS #8 (RFC 8410 section 7).
    secret = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    der = bytes.fromhex("302e020100300506032b657004220420") + parse_b64url(secret)
    pem = b"-----BEGIN PRIVATE KEY-----\n" + b64encode(der) + b"\n-----END PRIVATE KEY-----\n"
    private = load_private_key(pem)
    assert private.public == parse_jwk(JWS_KEY)
    assert private.sign(JWS_INPUT) == parse_b64url(JWS_SIGNATURE)
    assert private.to_pem() == pem
