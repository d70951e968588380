# SPDX-License-Identifier: Apache-2.0
"""PS256: a second library's signatures, and odd inputs of the classes that project Wycheproof (rsa_pss) names.

The encodings of RFC 8017 section 9.1.1 are built here by hand, one member wrong at a time, and signed with the bare
private operation, so that nothing but that member can be the reason.
"""

import json
from dataclasses import dataclass, replace
from hashlib import new, sha256
from pathlib import Path

import Crypto.Hash.SHA256
import pytest
from Crypto.PublicKey import RSA
from Crypto.Signature import pss
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from notary.encoding import b64url, parse_b64url
from notary.envelope import TYPE, envelope_from_json
from notary.errors import InvalidKeyError, InvalidSignatureError
from notary.jws_header import Header, write_header
from notary.parties.keys import make_jwk, parse_jwk
from notary.schemes import SCHEMES, generate_key, private_key
from notary.schemes.ps256 import PS256

SCHEME = PS256()
PRIVATE = rsa.generate_private_key(65537, 2048)
SECRET = PRIVATE.private_numbers()
N, D = SECRET.public_numbers.n, SECRET.d
KEY = private_key(PRIVATE).public
MESSAGE = b"eyJhbGciOiJQUzI1NiJ9.eyJsb2FuIjoxfQ"
LARGEST = Path(__file__).parents[1] / "vectors" / "signatures" / "ps256-8192.json"


@dataclass(frozen=True)
class Encoding:
    """The members of EMSA-PSS-ENCODE (RFC 8017 section 9.1.1), those of PS256 unless changed."""

    message_hash: str = "sha256"
    mask_hash: str = "sha256"
    salt: bytes = b"\x5a" * 32
    separator: int = 1
    trailer: int = 0xBC
    first_bit: int = 0
    fill: int = 0

    def encode(self, message: bytes, bits: int) -> int:
        """Return the encoded message, as a number of at most `bits` bits (one more with `first_bit`)."""
        size = (bits + 7) // 8
        digest = new(self.message_hash, message).digest()
        hashed = new(self.message_hash, bytes(8) + digest + self.salt).digest()
        data = bytes([self.fill]) * (size - len(self.salt) - len(hashed) - 2) + bytes([self.separator]) + self.salt
        mask = self._mask(hashed, len(data))
        masked = int.from_bytes(data) ^ int.from_bytes(mask)
        masked &= (1 << 8 * len(data) - (8 * size - bits)) - 1
        masked |= self.first_bit << 8 * len(data) - (8 * size - bits)
        return int.from_bytes(masked.to_bytes(len(data)) + hashed + bytes([self.trailer]))

    def _mask(self, seed: bytes, size: int) -> bytes:
        blocks = (new(self.mask_hash, seed + counter.to_bytes(4)).digest() for counter in range(size // 16 + 1))
        return b"".join(blocks)[:size]


RIGHT = Encoding()


def signed(encoding: Encoding) -> bytes:
    return pow(encoding.encode(MESSAGE, N.bit_length() - 1), D, N).to_bytes(256)


def verify(signature: bytes, message: bytes = MESSAGE) -> None:
    SCHEME.verify(SCHEME.load(KEY), message, signature)


def refused(signature: bytes, message: bytes = MESSAGE) -> None:
    with pytest.raises(InvalidSignatureError) as error:
        verify(signature, message)
    assert [fault.check for fault in error.value.faults] == ["C3"]


def test_the_encoding_of_the_rfc_verifies() -> None:
    # Were it wrong, everything below would be refused for a reason of its own.
    verify(signed(RIGHT))
    verify(signed(replace(RIGHT, salt=bytes(32))))


def test_a_signature_of_another_library_verifies() -> None:
    theirs = RSA.construct((N, 65537, D))
    verify(pss.new(theirs, salt_bytes=32).sign(Crypto.Hash.SHA256.new(MESSAGE)))
    mine = SCHEME.sign(PRIVATE, MESSAGE)
    pss.new(theirs, salt_bytes=32).verify(Crypto.Hash.SHA256.new(MESSAGE), mine)


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param(replace(RIGHT, salt=b""), id="no salt"),
        pytest.param(replace(RIGHT, salt=b"\x5a" * 20), id="salt of 20 bytes"),
        pytest.param(replace(RIGHT, salt=b"\x5a" * 31), id="salt a byte short"),
        pytest.param(replace(RIGHT, salt=b"\x5a" * 33), id="salt a byte long"),
        pytest.param(replace(RIGHT, salt=b"\x5a" * 222), id="the longest salt"),
        pytest.param(replace(RIGHT, message_hash="sha1"), id="SHA-1"),
        pytest.param(replace(RIGHT, message_hash="sha1", mask_hash="sha1", salt=b"\x5a" * 20), id="all SHA-1"),
        pytest.param(replace(RIGHT, message_hash="sha384"), id="SHA-384"),
        pytest.param(replace(RIGHT, message_hash="sha512_256"), id="SHA-512/256"),
        pytest.param(replace(RIGHT, message_hash="sha3_256"), id="SHA3-256"),
        pytest.param(replace(RIGHT, mask_hash="sha1"), id="mask by SHA-1"),
        pytest.param(replace(RIGHT, mask_hash="sha512"), id="mask by SHA-512"),
        pytest.param(replace(RIGHT, separator=2), id="another separator"),
        pytest.param(replace(RIGHT, separator=0), id="no separator"),
        pytest.param(replace(RIGHT, fill=1), id="padding that is not zero"),
        pytest.param(replace(RIGHT, trailer=0xCC), id="trailer of the older standard"),
        pytest.param(replace(RIGHT, trailer=0), id="no trailer"),
    ],
)
def test_another_encoding_is_refused(encoding: Encoding) -> None:
    refused(signed(encoding))


def test_a_first_bit_that_must_be_zero() -> None:
    encoded = replace(RIGHT, first_bit=1).encode(MESSAGE, N.bit_length() - 1)
    assert encoded.bit_length() == N.bit_length()
    refused(pow(encoded % N, D, N).to_bytes(256))


def test_pkcs1_v1_5_is_refused() -> None:
    refused(PRIVATE.sign(MESSAGE, padding.PKCS1v15(), SHA256()))


def test_a_bare_hash_is_refused() -> None:
    refused(pow(int.from_bytes(sha256(MESSAGE).digest()), D, N).to_bytes(256))


def test_every_changed_byte_is_refused() -> None:
    signature = SCHEME.sign(PRIVATE, MESSAGE)
    for place in range(256):
        refused(signature[:place] + bytes([signature[place] ^ 0x80]) + signature[place + 1 :])
    refused(signature, MESSAGE + b"=")


@pytest.mark.parametrize("length", [0, 1, 32, 64, 128, 255, 257, 384, 512])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    refused((SCHEME.sign(PRIVATE, MESSAGE) * 2)[:length])


def test_another_spelling_of_the_same_number_is_refused() -> None:
    signature = SCHEME.sign(PRIVATE, MESSAGE)
    refused(b"\0" + signature)
    refused(signature + b"\0")
    number = int.from_bytes(signature)
    refused((number + N).to_bytes(257))
    # A signature that begins with a zero byte may not be written without it.
    short = next(made for made in iter(lambda: SCHEME.sign(PRIVATE, MESSAGE), b"") if made[0] == 0)
    verify(short)
    refused(short[1:])


def test_a_number_at_or_beyond_the_modulus_is_refused() -> None:
    # s + n is the same number modulo n, and fits in the same bytes for a modulus that does not fill them.
    for number in (0, 1, N - 1, N, N + 1, 2**2048 - 1):
        refused(number.to_bytes(256))
    while (number := int.from_bytes(SCHEME.sign(PRIVATE, MESSAGE)) + N) >= 2**2048:
        pass
    refused(number.to_bytes(256))


def test_the_signature_of_another_key_is_refused() -> None:
    refused(generate_key("PS256").sign(MESSAGE)[:256])
    refused(rsa.generate_private_key(65537, 2048).sign(MESSAGE, padding.PSS(padding.MGF1(SHA256()), 32), SHA256()))


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


@pytest.mark.parametrize(
    ("n", "e", "pointer"),
    [
        pytest.param(N, 1, "/e", id="exponent 1: every encoding is its own signature"),
        pytest.param(N, 2, "/e", id="exponent 2"),
        pytest.param(N, 3, "/e", id="exponent 3"),
        pytest.param(N, 17, "/e", id="exponent 17"),
        pytest.param(N, 65535, "/e", id="exponent 65535"),
        pytest.param(N, 65536, "/e", id="exponent 65536"),
        pytest.param(N, 65538, "/e", id="an even exponent"),
        pytest.param(N - 1, 65537, "/n", id="an even modulus"),
        pytest.param(2**2047 - 1, 65537, "/n", id="2,047 bits"),
        pytest.param(2**1023 + 1, 65537, "/n", id="1,024 bits"),
        pytest.param(3, 65537, "/n", id="2 bits"),
    ],
)
def test_a_key_that_is_not_safe_is_refused(n: int, e: int, pointer: str) -> None:
    with pytest.raises(InvalidKeyError) as error:
        SCHEME.load(make_jwk("PS256", number(n), number(e)))
    assert [fault.pointer for fault in error.value.faults] == [pointer]


def test_the_borders_of_what_is_safe() -> None:
    SCHEME.load(make_jwk("PS256", number(2**2047 + 1), number(65537)))
    SCHEME.load(make_jwk("PS256", number(2**8192 - 1), number(2**64 - 1)))


def test_the_largest_key() -> None:
    # Of `openssl genpkey -pkeyopt rsa_keygen_bits:8192`, which takes longer than a test may; the private half is gone.
    vector = json.loads(LARGEST.read_bytes())
    key, signature = parse_jwk(vector["jwk"]), parse_b64url(vector["signature"])
    assert len(signature) == 1024
    SCHEME.verify(SCHEME.load(key), vector["message"].encode(), signature)
    with pytest.raises(InvalidSignatureError):
        SCHEME.verify(SCHEME.load(key), b"another loan", signature)
    protected = b64url(write_header(TYPE, Header("PS256", key.kid)))
    signatures = [{"protected": protected, "signature": vector["signature"]}]
    assert envelope_from_json({"payload": "e30", "signatures": signatures}).signatures[0].signature == signature


@pytest.mark.parametrize("bits", [2050, 2055])
def test_a_modulus_that_does_not_fill_its_bytes(bits: int) -> None:
    private = private_key(rsa.generate_private_key(65537, bits))
    signature = private.sign(MESSAGE)
    assert len(signature) == 257
    SCHEME.verify(SCHEME.load(private.public), MESSAGE, signature)
    with pytest.raises(InvalidSignatureError):
        SCHEME.verify(SCHEME.load(private.public), MESSAGE, signature[1:] if signature[0] == 0 else b"\0" + signature)


def test_a_private_key_that_is_not_safe_is_refused() -> None:
    for private in (rsa.generate_private_key(3, 2048), rsa.generate_private_key(65537, 1024)):
        with pytest.raises(InvalidKeyError):
            private_key(private)


def test_a_key_of_another_kind_is_refused() -> None:
    other = generate_key("ES256")
    with pytest.raises(InvalidKeyError, match="RSA"):
        SCHEME.load(other.public)
    assert SCHEME.public_key(other.private.public_key()) is None


def test_keys_are_loaded_once() -> None:
    assert SCHEME.load(KEY) is SCHEME.load(make_jwk("PS256", *KEY.values))


def test_a_new_key_has_3072_bits() -> None:
    public = generate_key("PS256").public
    assert [len(value) for value in public.values] == [384, 3]
    assert SCHEMES["PS256"].load(public).key_size == 3072
    assert public.jwk["e"] == b64url(b"\x01\x00\x01") == "AQAB"
