# SPDX-License-Identifier: Apache-2.0
"""Wallet signatures over records, and odd ones of the classes that project Wycheproof (ecdsa_secp256k1_p1363) names."""

from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from chain.wallet import Wallet
from chain.wallet_signatures import WalletSignatures, recover, typed_data, typed_hash, wallet_key, wallet_signer
from notary.canonical import canonical_json
from notary.encoding import b64url
from notary.envelope import TYPE, sign_envelope
from notary.errors import InvalidKeyError, InvalidSignatureError, UnavailableError
from notary.jws_header import WalletDomain
from notary.parties.keys import WALLET_ALG
from notary.schemes import generate_key

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P = 2**256 - 2**32 - 977
WALLET, OTHER = Wallet((7).to_bytes(32)), Wallet((8).to_bytes(32))
DOMAIN = WalletDomain(31337, "0x" + "ab" * 20)
RECORD = {"type": "agreement", "id": "0193ad3c-2c00-7000-8000-000000000001", "loan": "贷-1", "sum": 5}
PAYLOAD = canonical_json(RECORD)
KEY = wallet_key(WALLET.address)
SCHEME = WalletSignatures()


def signed(wallet: Wallet = WALLET, domain: WalletDomain = DOMAIN, payload: bytes = PAYLOAD) -> tuple[bytes, bytes]:
    """Return the signing input and the signature."""
    envelope = sign_envelope(payload, wallet_signer(wallet, domain))
    return envelope.signing_input(envelope.signatures[0]), envelope.signatures[0].signature


MESSAGE, SIGNATURE = signed()
R, S, V = int.from_bytes(SIGNATURE[:32]), int.from_bytes(SIGNATURE[32:64]), SIGNATURE[64]


def raw(r: int, s: int, v: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32) + bytes([v])


def refused(signature: bytes, message: bytes = MESSAGE, match: str | None = None) -> None:
    with pytest.raises(InvalidSignatureError, match=match) as error:
        SCHEME.verify(SCHEME.load(KEY), message, signature)
    assert [fault.check for fault in error.value.faults] == ["C3"]


def test_a_wallet_signs_and_its_address_verifies() -> None:
    SCHEME.verify(SCHEME.load(KEY), MESSAGE, SIGNATURE)
    assert KEY.jwk == {"kty": "urn:loan-notary:kty:ethereum-address", "address": WALLET.address}


def test_what_a_wallet_signs_with_the_typed_data_is_taken() -> None:
    data = typed_data(PAYLOAD, DOMAIN)
    made = Account.sign_message(encode_typed_data(full_message=data), (7).to_bytes(32))
    SCHEME.verify(SCHEME.load(KEY), MESSAGE, bytes(made.signature))
    assert data["message"]["loan"] == "贷-1"


def test_what_was_signed_is_the_record() -> None:
    for change in ({"type": "repayment"}, {"id": "x"}, {"loan": "贷-2"}, {"sum": 6}):
        message, _ = signed(payload=canonical_json(RECORD | change))
        refused(SIGNATURE, message, "not 0x")


@pytest.mark.parametrize(
    "domain",
    [
        pytest.param(WalletDomain(1, DOMAIN.registry), id="another chain"),
        pytest.param(WalletDomain(31337, "0x" + "ac" * 20), id="another registry"),
    ],
)
def test_a_signature_fits_one_domain(domain: WalletDomain) -> None:
    message, signature = signed(domain=domain)
    refused(SIGNATURE, message, "not 0x")
    SCHEME.verify(SCHEME.load(KEY), message, signature)
    registering = WalletSignatures(lambda: DOMAIN)
    registering.verify(registering.load(KEY), MESSAGE, SIGNATURE)
    with pytest.raises(InvalidSignatureError, match=r"the wallet signed for registry .* and this notary has registry"):
        registering.verify(registering.load(KEY), message, signature)


def test_a_notary_that_has_no_registry_yet_cannot_tell() -> None:
    def none() -> WalletDomain:
        raise UnavailableError("no registry")

    scheme = WalletSignatures(none)
    with pytest.raises(UnavailableError):
        scheme.verify(scheme.load(KEY), MESSAGE, SIGNATURE)


def test_every_changed_bit_is_refused() -> None:
    for bit in range(8 * 65):
        refused((int.from_bytes(SIGNATURE) ^ 1 << bit).to_bytes(65))


@pytest.mark.parametrize("length", [0, 1, 32, 64, 66, 71, 130, 1024])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    refused((SIGNATURE * 16)[:length], match="ERC-1271")


@pytest.mark.parametrize("v", [0, 1, 26, 29, 30, 31, 37, 255])
def test_only_27_and_28_are_v(v: int) -> None:
    refused(raw(R, S, v), match="v must be 27 or 28")


def test_the_higher_s_is_refused() -> None:
    # The same numbers with n - s and the other v recover the same address: Ethereum takes the lower s only (EIP-2).
    assert S <= N // 2
    assert recover(typed_hash(PAYLOAD, DOMAIN), SIGNATURE).hex() == WALLET.address[2:]
    refused(raw(R, N - S, 55 - V), match="higher")
    refused(raw(R, N // 2 + 1, V), match="higher")
    refused(raw(R, N // 2, V), match="not 0x")


@pytest.mark.parametrize("r", [0, 1, N - 1, N, N + 1, P - 1, P, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, N // 2, N - 1, N, 2**256 - 1])
@pytest.mark.parametrize("v", [27, 28])
def test_numbers_at_the_borders_are_refused(r: int, s: int, v: int) -> None:
    refused(raw(r, s, v))


def test_r_of_a_point_off_the_curve_is_refused() -> None:
    # x = 5 has no point on secp256k1 (130 is no square), so nothing can be recovered.
    refused(raw(5, S, V), match="no wallet can have made")


def test_a_right_s_needs_its_r_and_its_v() -> None:
    refused(raw(S, R if N // 2 >= R else N - R, V))
    refused(raw(R, S, 55 - V), match="not 0x")


def test_another_wallets_signature_is_refused() -> None:
    message, signature = signed(OTHER)
    refused(signature, message, f"{OTHER.address} made this signature, not {WALLET.address}")


def test_a_plain_ethereum_message_is_no_signature_of_a_record() -> None:
    # EIP-191 version E over the signing input: what `personal_sign` of the same wallet gives.
    made = Account.sign_message(encode_defunct(MESSAGE), (7).to_bytes(32))
    refused(bytes(made.signature), match="not 0x")


def test_es256k_of_the_same_key_is_no_wallets_signature() -> None:
    private = generate_key("ES256K")
    refused(private.sign(MESSAGE) + b"\x1b")


def protected(**changes: Any) -> str:
    domain = {"chain_id": 31337, "registry": DOMAIN.registry}
    header = {"alg": WALLET_ALG, "kid": KEY.kid, "typ": TYPE, "domain": domain} | changes
    return b64url(canonical_json({name: value for name, value in header.items() if value is not None}))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff.\xff", id="no text"),
        pytest.param(f"{protected()}".encode(), id="no payload"),
        pytest.param(f"{protected(domain=None)}.{b64url(PAYLOAD)}".encode(), id="no domain"),
        pytest.param(f"{protected(domain=None, alg='ES256K')}.{b64url(PAYLOAD)}".encode(), id="another algorithm"),
        pytest.param(f"{protected()}.{b64url(b'[]')}".encode(), id="a list"),
        pytest.param(f"{protected()}.{b64url(b'no JSON')}".encode(), id="no JSON"),
        pytest.param(f"{protected()}.{b64url(b'{}')}".encode(), id="no record"),
        pytest.param(f"{protected()}.{b64url(canonical_json(RECORD | {'loan': 5}))}".encode(), id="a number for loan"),
    ],
)
def test_what_is_no_signed_record_is_refused(message: bytes) -> None:
    refused(SIGNATURE, message)


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="Ethereum"):
        SCHEME.load(generate_key("ES256K").public)
    assert SCHEME.public_key(generate_key("ES256K").private.public_key()) is None


def test_the_key_file_is_that_of_every_wallet_here(tmp_path: Path) -> None:
    made = Wallet.create(tmp_path / "wallet")
    assert Wallet.load(tmp_path / "wallet").sign_hash(bytes(32)) == made.sign_hash(bytes(32))
    assert recover(bytes(32), made.sign_hash(bytes(32))).hex() == made.address[2:]
