# SPDX-License-Identifier: Apache-2.0
"""What holds for every scheme: the registry, and private keys on their way to a file and back."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from notary.errors import InvalidKeyError, InvalidSignatureError
from notary.parties.keys import KEY_TYPES, WALLET_ALG
from notary.schemes import SCHEMES, generate_key, load_private_key


def test_the_registry_names_each_scheme_by_its_algorithm() -> None:
    assert [scheme.alg for scheme in SCHEMES.values()] == list(SCHEMES) == ["EdDSA", "ES256", "ES256K", "PS256"]
    assert {*SCHEMES, WALLET_ALG} == KEY_TYPES.keys()


@pytest.mark.parametrize("alg", SCHEMES)
def test_a_new_key_signs_and_its_public_half_verifies(alg: str) -> None:
    private, scheme = generate_key(alg), SCHEMES[alg]
    signature = private.sign(b"loan")
    assert private.public.alg == alg
    scheme.verify(scheme.load(private.public), b"loan", signature)
    with pytest.raises(InvalidSignatureError):
        scheme.verify(scheme.load(generate_key(alg).public), b"loan", signature)


@pytest.mark.parametrize("alg", SCHEMES)
def test_a_private_key_survives_its_file(alg: str) -> None:
    private = generate_key(alg)
    pem = private.to_pem()
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    loaded = load_private_key(pem)
    assert loaded.public == private.public
    assert loaded.to_pem() == pem
    SCHEMES[alg].verify(SCHEMES[alg].load(private.public), b"loan", loaded.sign(b"loan"))


@pytest.mark.parametrize("alg", SCHEMES)
def test_printing_a_private_key_shows_the_public_half_only(alg: str) -> None:
    private = generate_key(alg)
    assert private.public.kid in repr(private)
    assert "rivateKey object" not in repr(private)


def pkcs8(private: ed448.Ed448PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\x00", id="no text"),
        pytest.param(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", id="no key in it"),
        pytest.param(generate_key("EdDSA").to_pem()[:60], id="cut off"),
        pytest.param(pkcs8(ec.generate_private_key(ec.SECP384R1())), id="another curve"),
        pytest.param(pkcs8(ed448.Ed448PrivateKey.generate()), id="another Edwards curve"),
        pytest.param(pkcs8(rsa.generate_private_key(65537, 1024)), id="a short RSA key"),
        pytest.param(
            generate_key("EdDSA").private.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
            ),
            id="encrypted",
        ),
        pytest.param(
            generate_key("ES256").private.public_key().public_numbers().__repr__().encode(), id="a printed public key"
        ),
    ],
)
def test_what_is_no_private_key_of_ours_is_refused(pem: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        load_private_key(pem)
