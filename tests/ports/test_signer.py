# SPDX-License-Identifier: Apache-2.0
"""The contracts of the ports `Signer` (the log's key) and `DigestSigner` (the anchor account's), for all places."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account

from api.keys.anchor_keys import open_wallet
from api.keys.config import KeyConfig, KeyFolder
from api.keys.log_keys import open_log_key
from api.keys.making import free_place, make_anchor_key, make_log_key
from chain.digest_signature import CURVE_ORDER, complete
from chain.errors import DigestSignatureError
from chain.rpc_values import Fees
from chain.wallet import Wallet
from notary.errors import KeyUnavailableError
from notary.log.signed_note import NoteSigner, Signer, open_note
from tests.support.token import PIN, PIN_VARIABLE, token_place

PASSPHRASE = "LOAN_NOTARY_SECRET_PASSPHRASE"
PLACES = ("file", "encrypted file", "variable", "token")


class Kit:
    """A folder, and the name of a place of one kind in it."""

    def __init__(self, folder: KeyFolder, config: KeyConfig, name: str) -> None:
        self.folder, self.config, self.name = folder, config, name


@pytest.fixture(params=PLACES)
def kit(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Kit]:
    monkeypatch.setenv(PASSPHRASE, "a passphrase of the tests")
    monkeypatch.setenv(PIN_VARIABLE, PIN)
    folder, config = KeyFolder(tmp_path), KeyConfig()

    def make(purpose: str) -> Kit:
        if request.param == "token":
            return Kit(folder, config, token_place(f"{purpose}-{request.node.name.partition('[')[0]}"))
        if request.param == "variable":
            made = tmp_path / "elsewhere"
            place = folder.place(f"file:{made}")
            (make_log_key if purpose == "log" else make_anchor_key)(folder, config, place)
            monkeypatch.setenv("LOAN_NOTARY_SECRET_KEY", made.read_text())
            return Kit(folder, config, "env:LOAN_NOTARY_SECRET_KEY")
        encrypted = request.param == "encrypted file"
        return Kit(folder, KeyConfig(passphrase=f"env:{PASSPHRASE}") if encrypted else config, f"file:{purpose}.key")

    return make


def log_key(kit: Kit) -> Signer:
    place = kit.folder.place(kit.name)
    return make_log_key(kit.folder, kit.config, place) if not kit.name.startswith("env:") else opened(kit)


def opened(kit: Kit) -> Signer:
    return open_log_key(kit.folder, kit.config, kit.folder.place(kit.name))


def account(kit: Kit) -> Wallet:
    place = kit.folder.place(kit.name)
    if kit.name.startswith("env:"):
        return open_wallet(kit.folder, kit.config, place)
    return make_anchor_key(kit.folder, kit.config, place)


def test_a_log_key_signs_the_same_each_time_and_is_there_again(kit: Callable[[str], Kit]) -> None:
    made = kit("log")
    key = log_key(made)
    signature = key.sign(b"message")
    key.public_key().verify(signature, b"message")
    assert len(signature) == 64
    assert key.sign(b"message") == signature
    assert key.sign(b"other") != signature
    again = opened(made)
    assert again.public_key() == key.public_key()
    assert again.sign(b"message") == signature


def test_a_log_key_signs_notes(kit: Callable[[str], Kit]) -> None:
    signer = NoteSigner("notary.example/log", log_key(kit("log")))
    assert open_note(signer.sign_note("text\n"), signer.verifier) == "text\n"


def test_an_account_signs_transactions_that_the_chain_takes_for_its_own(kit: Callable[[str], Kit]) -> None:
    made = kit("anchor")
    wallet = account(made)
    for nonce in range(8):
        signed = wallet.sign(chain_id=31337, nonce=nonce, fees=Fees(3, 1), gas=21_000, to="0x" + "ab" * 20, data=b"")
        assert Account.recover_transaction(signed.raw).lower() == wallet.address
    assert open_wallet(made.folder, made.config, made.folder.place(made.name)).address == wallet.address


def test_an_account_signs_hashes_with_the_lower_s(kit: Callable[[str], Kit]) -> None:
    wallet = account(kit("anchor"))
    for number in range(8):
        digest = sha256(bytes((number,))).digest()
        signature = wallet.sign_hash(digest)
        assert int.from_bytes(signature[32:64]) <= CURVE_ORDER // 2
        recovered = Account._recover_hash(digest, signature=signature)
        assert recovered.lower() == wallet.address


def test_no_place_takes_two_keys(kit: Callable[[str], Kit]) -> None:
    made = kit("log")
    log_key(made)
    with pytest.raises(KeyUnavailableError):
        make_log_key(made.folder, made.config, made.folder.place(made.name))


def test_a_place_beside_another_is_free(kit: Callable[[str], Kit]) -> None:
    made = kit("log")
    log_key(made)
    if made.name.startswith("env:"):
        with pytest.raises(KeyUnavailableError, match="--to"):
            free_place(made.folder, made.name)
        return
    second = free_place(made.folder, made.name)
    make_log_key(made.folder, made.config, made.folder.place(second))
    third = free_place(made.folder, second)
    assert third == free_place(made.folder, made.name)
    assert len({made.name, second, third}) == 3


def test_a_token_that_is_not_there_or_takes_no_pin_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, config, place = KeyFolder(tmp_path), KeyConfig(), token_place("nothing")
    monkeypatch.setenv(PIN_VARIABLE, PIN)
    for name, answer in (
        (place, "NoSuchKey"),
        (token_place("x", "none"), "NoSuchToken"),
        (place.replace("softhsm2", "nothing"), "Error"),
    ):
        with pytest.raises(KeyUnavailableError, match=answer):
            open_log_key(folder, config, folder.place(name))
    # Of a token of its own: a process that is logged in is not asked again.
    monkeypatch.setenv(PIN_VARIABLE, "canary-wrong")
    with pytest.raises(KeyUnavailableError, match="PinIncorrect") as refused:
        open_log_key(folder, config, folder.place(token_place("x", "other")))
    assert "canary" not in str(refused.value)


def test_a_local_key_of_the_library_is_a_signer() -> None:
    key = Ed25519PrivateKey.generate()
    signer: Signer = key
    assert NoteSigner("n", signer).verifier.public_key == key.public_key().public_bytes_raw()


def test_another_account_s_signature_is_not_completed() -> None:
    wallet = Wallet(b"\1" * 32)
    digest = sha256(b"x").digest()
    signature = wallet.sign_hash(digest)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    assert complete(r, CURVE_ORDER - s, digest, wallet.address) == complete(r, s, digest, wallet.address)
    with pytest.raises(DigestSignatureError):
        complete(r, s, digest, Wallet(b"\2" * 32).address)
    with pytest.raises(DigestSignatureError):
        complete(r, s, sha256(b"y").digest(), wallet.address)
