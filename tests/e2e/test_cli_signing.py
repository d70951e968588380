# SPDX-License-Identifier: Apache-2.0
"""Signing at the command line with wallets and certificates, from the key to the verified receipt."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data

from notary.canonical import canonical_json
from notary.schemes import private_key
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import document, is_one_line, run
from tests.support.issued import issue
from tests.support.service import Service, new_service

REGISTRY = "eip155:31337:0x" + "ab" * 20


class Bank:
    """A lender at its command line, whose borrowers sign with wallets and certificates."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._service, self.folder = service, folder
        self._key_file = folder / "api.key"
        self._key_file.write_text(service.add_lender())
        self.key = folder / "lender.pem"
        assert run("keygen", self.key).exit_code == 0
        assert self.call("register-key", f"{self.key}.pub", "--party", "lender").exit_code == 0
        self.registry: str = document(run("status", "--data", folder / "data", "--json"))["registry"]

    def call(self, name: str, *arguments: str | Path) -> Result:
        return run(name, *arguments, "--url", self._service.url, "--api-key-file", self._key_file)

    def notarised(self, *signing: str | Path, value: dict[str, Any] | None = None) -> dict[str, Any]:
        """Sign an agreement, submit it, verify its receipt offline, and return the verifier's report."""
        source, envelope = write(self.folder, value or agreement()), self.folder / "envelope.json"
        signed = run("sign", source, "--key", self.key, *signing, "-o", envelope)
        assert signed.exit_code == 0, signed.output
        recorded = self.call("submit", envelope)
        assert recorded.exit_code == 0, recorded.output
        receipt = self.folder / "receipt.json"
        receipt.write_bytes(recorded.stdout_bytes)
        found: dict[str, Any] = document(run("verify", receipt, "--json"))
        assert (found["verdict"], found["facts"]["assurance"]) == ("valid", "co-signed")
        return found


def agreement() -> dict[str, Any]:
    value = record("agreement", id=repayment("")["id"], loan=f"SIGNING-{repayment('')['id'][-8:]}")
    return {**value, "parties": [{k: v for k, v in party.items() if k != "key"} for party in value["parties"]]}


def write(folder: Path, value: dict[str, Any]) -> Path:
    path = folder / "record.json"
    path.write_bytes(canonical_json(value))
    return path


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("signing")
    with new_service(folder / "data") as service:
        service.start()
        yield Bank(service, folder)


def test_a_wallets_key_file(bank: Bank, tmp_path: Path) -> None:
    wallet = tmp_path / "wallet"
    assert run("keygen", "--wallet", wallet).exit_code == 0
    assert wallet.stat().st_mode & 0o777 == 0o600
    assert bank.call("register-key", f"{wallet}.pub", "--party", "borrower").exit_code == 0
    found = bank.notarised("--wallet", wallet, "--registry", bank.registry)
    assert any("which a wallet signed for" in sentence for sentence in found["trusted"])
    before = wallet.read_bytes()
    is_one_line(run("keygen", "--wallet", wallet), 1, "never overwritten")
    assert wallet.read_bytes() == before


def test_a_wallet_elsewhere(bank: Bank, tmp_path: Path) -> None:
    # What MetaMask does with eth_signTypedData_v4, done by eth-account.
    account = Account.create()
    public = {"kty": "urn:loan-notary:kty:ethereum-address", "address": account.address.lower()}
    (tmp_path / "wallet.pub").write_text(json.dumps(public))
    assert bank.call("register-key", tmp_path / "wallet.pub", "--party", "borrower").exit_code == 0
    value = agreement()
    shown = run("typed-data", write(tmp_path, value), "--registry", bank.registry)
    assert shown.exit_code == 0
    made = account.sign_message(encode_typed_data(full_message=json.loads(shown.stdout)))
    given = f"{account.address}:0x{bytes(made.signature).hex()}"
    bank.notarised("--wallet-signature", given, "--registry", bank.registry, value=value)
    # For another record the same signature is wrong, and that is said before anything is sent.
    other = write(tmp_path, agreement())
    refused = run("sign", other, "--wallet-signature", given, "--registry", bank.registry, "-o", tmp_path / "out.json")
    is_one_line(refused, 1, "made this signature, not")
    assert not (tmp_path / "out.json").exists()


def test_a_certificate_goes_along(bank: Bank, tmp_path: Path) -> None:
    root = issue("Root", ca=True, key=Ed25519PrivateKey.generate())
    signer = issue("Wang Fang", issue("Issuer", root, ca=True), key=Ed25519PrivateKey.generate())
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "wang.pem").write_bytes(private_key(signer.key).to_pem())
    (tmp_path / "chain.pem").write_bytes(signer.chain_pem)
    assert bank.call("register-root", tmp_path / "root.pem", "--party", "borrower").exit_code == 0
    found = bank.notarised("--key", tmp_path / "wang.pem", "--certificates", tmp_path / "chain.pem")
    assert "Wang Fang" in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param((), "name at least one --key or --wallet", id="nobody signs"),
        pytest.param(("--wallet", "{wallet}"), "name it with --registry", id="no registry"),
        pytest.param(
            ("--wallet-signature", f"0x{'a' * 40}:0x00"), "name it with --registry", id="a signature without registry"
        ),
        pytest.param(("--wallet", "{wallet}", "--registry", "0xab"), "must be like eip155:", id="no CAIP-10 name"),
        pytest.param(
            ("--wallet", "{wallet}", "--registry", REGISTRY.replace("eip155:", "eip155:0")), "like", id="zero"
        ),
        pytest.param(("--wallet-signature", "0xab:0x00"), "an address and a signature in hex", id="no address"),
        pytest.param(
            ("--wallet-signature", f"0x{'a' * 40}:0x0"), "an address and a signature in hex", id="half a byte"
        ),
    ],
)
def test_what_the_command_cannot_do_is_said(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    wallet = tmp_path / "wallet"
    assert run("keygen", "--wallet", wallet).exit_code == 0
    filled = [argument.format(wallet=wallet) for argument in arguments]
    refused = run("sign", write(tmp_path, agreement()), *filled)
    assert (refused.exit_code, refused.stdout, words in refused.stderr) == (2, "", True), refused.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"no certificate", "holds no certificates in PEM", id="no certificate"),
        pytest.param(issue("Stranger").pem, "of none of the keys given", id="of another key"),
    ],
)
def test_certificates_of_nobody_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    assert run("keygen", tmp_path / "key.pem").exit_code == 0
    (tmp_path / "chain.pem").write_bytes(content)
    signing = ("--key", tmp_path / "key.pem", "--certificates", tmp_path / "chain.pem")
    is_one_line(run("sign", write(tmp_path, agreement()), *signing), 1, words)


def test_a_wallets_key_is_no_pem_and_the_other_way_round(tmp_path: Path) -> None:
    wallet, key, source = tmp_path / "wallet", tmp_path / "key.pem", write(tmp_path, agreement())
    assert run("keygen", "--wallet", wallet).exit_code == 0
    assert run("keygen", key, "--alg", "ES256K").exit_code == 0
    is_one_line(run("sign", source, "--key", wallet), 1, "PKCS #8 PEM")
    is_one_line(run("sign", source, "--wallet", key, "--registry", REGISTRY), 1, "64 lower-case hex digits")


def test_a_whole_file_under_one_signature(bank: Bank, tmp_path: Path) -> None:
    first = agreement()
    values = [first, *(repayment(first["loan"]) for _ in range(4))]
    source, signed = tmp_path / "records.ndjson", tmp_path / "signed.ndjson"
    # Spaces and empty lines are no part of what is signed.
    source.write_text("\n\n".join(json.dumps(value) for value in values))
    made = run("sign-batch", source, "--key", bank.key, "-o", signed)
    assert (made.exit_code, "5 records under one signature" in made.stdout) == (0, True)
    assert signed.read_bytes().splitlines()[1:] == [canonical_json(value) for value in values]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["records.ndjson", "signed.ndjson"]
    sent = document(bank.call("submit", signed, "--json"))
    assert (sent["state"], sent["placed"], sent["refused"]) == ("done", 5, [])
    receipt = tmp_path / "receipt.json"
    assert bank.call("receipt", values[3]["id"], "-o", receipt).exit_code == 0
    found = document(run("verify", receipt, "--json"))
    assert (found["verdict"], found["facts"]["assurance"]) == ("valid", "lender-signed")


def test_a_signed_file_with_a_line_left_out_is_refused(bank: Bank, tmp_path: Path) -> None:
    first = agreement()
    source, signed = tmp_path / "records.ndjson", tmp_path / "signed.ndjson"
    source.write_bytes(b"".join(canonical_json(value) + b"\n" for value in (first, repayment(first["loan"]))))
    batch_id = "01998d2e-5c00-7a31-8f42-0000000000aa"
    assert run("sign-batch", source, "--key", bank.key, "--id", batch_id, "-o", signed).exit_code == 0
    signed.write_bytes(b"".join(signed.read_bytes().splitlines(keepends=True)[:-1]))
    sent = bank.call("submit", signed)
    assert (sent.exit_code, "line 1: The records are not those that were signed" in sent.stderr) == (1, True)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"a":1.5}'])
def test_what_is_no_file_of_records_is_not_signed(bank: Bank, tmp_path: Path, content: str) -> None:
    source, signed = tmp_path / "records.ndjson", tmp_path / "signed.ndjson"
    source.write_text(content)
    is_one_line(run("sign-batch", source, "--key", bank.key, "-o", signed), 1, "")
    assert [path.name for path in tmp_path.iterdir()] == ["records.ndjson"]


def test_certificates_go_along_with_a_batch(bank: Bank, tmp_path: Path) -> None:
    root = issue("Root of Batches", ca=True)
    leaf = issue("Officer", below=root)
    for name, data in (("root.pem", root.pem), ("chain.pem", leaf.chain_pem), ("key.pem", leaf.signing_key.to_pem())):
        (tmp_path / name).write_bytes(data)
    registered = bank.call("register-root", tmp_path / "root.pem", "--party", "lender", "--organization", "Sample Bank")
    assert registered.exit_code == 0, registered.output
    first = agreement()
    source, signed = tmp_path / "records.ndjson", tmp_path / "signed.ndjson"
    source.write_bytes(canonical_json(first) + b"\n")
    chain = ("--certificates", tmp_path / "chain.pem")
    assert run("sign-batch", source, "--key", tmp_path / "key.pem", *chain, "-o", signed).exit_code == 0
    assert document(bank.call("submit", signed, "--json"))["placed"] == 1
    receipt = tmp_path / "receipt.json"
    assert bank.call("receipt", first["id"], "-o", receipt).exit_code == 0
    found = document(run("verify", receipt, "--json"))
    assert found["facts"]["signers"][0]["subject"]
    is_one_line(run("sign-batch", source, "--key", bank.key, *chain, "-o", signed), 1, "of none of the keys")
