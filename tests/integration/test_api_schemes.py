# SPDX-License-Identifier: Apache-2.0
"""Every kind of key through the API, and the receipts of what they signed."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from chain.deployment import Deployment
from chain.wallet import Wallet
from chain.wallet_signatures import wallet_key, wallet_signer
from notary.canonical import canonical_json
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.jws_header import WalletDomain
from notary.schemes import SCHEMES, generate_key
from tests.support.api import Api, agreement, running_api

LOAN = "SCHEMES-1"
HASH = "0x" + "11" * 32
DOMAIN = WalletDomain(31337, "0x" + "ab" * 20)
WALLET = Wallet((9).to_bytes(32))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("schemes") / "data") as api:
        register(api, "borrower", wallet_key(WALLET.address).jwk)
        yield api


def register(api: Api, party: str, jwk: dict[str, str]) -> None:
    assert api.request("POST", "/v1/keys", orjson.dumps({"party": party, "jwk": jwk})).status_code == 201


def deployment(domain: WalletDomain = DOMAIN) -> Deployment:
    address = "0x" + "cd" * 20
    return Deployment(domain.chain_id, HASH, domain.registry, HASH, "notary.example/log", address, HASH)


@pytest.fixture
def deployed(api: Api) -> Iterator[None]:
    deployment().save(api.folder.deployment)
    yield
    api.folder.deployment.unlink()


def signed(api: Api, loan: str, *signers: EnvelopeSigner, key: str | None = None) -> bytes:
    """Return a new agreement, signed by the bank and by these; `key` is the borrower's, as the agreement names it."""
    value = agreement(loan, api.bank)
    value["parties"] = [
        {**party, "key": key} if key and party["role"] == "borrower" else party for party in value["parties"]
    ]
    bank = EnvelopeSigner("EdDSA", api.bank.key.public.kid, api.bank.key.sign)
    return sign_envelope(canonical_json(value), bank, *signers).encode()


def submitted(api: Api, loan: str, *signers: EnvelopeSigner, key: str | None = None) -> TestResponse:
    return api.submit(signed(api, loan, *signers, key=key))


def report(api: Api, receipt: bytes) -> Any:
    answer = api.request("POST", "/v1/verify", receipt)
    assert answer.status_code == 200
    return answer.json


@pytest.mark.parametrize("alg", SCHEMES)
def test_keys_of_every_kind_sign_records(api: Api, alg: str) -> None:
    key = generate_key(alg)
    register(api, "borrower", key.public.jwk)
    made = submitted(api, f"SCHEMES-{alg}", EnvelopeSigner(alg, key.public.kid, key.sign), key=key.public.kid)
    assert made.status_code == 201, made.data
    assert made.json["keys"][1]["jwk"] == key.public.jwk
    assert report(api, made.data)["facts"]["assurance"] == "co-signed"


@pytest.mark.usefixtures("deployed")
def test_a_wallet_signs_records(api: Api) -> None:
    kid = wallet_key(WALLET.address).kid
    made = submitted(api, "SCHEMES-WALLET", wallet_signer(WALLET, DOMAIN), key=kid)
    assert made.status_code == 201, made.data
    found = report(api, made.data)
    assert (found["verdict"], found["facts"]["assurance"]) == ("valid", "co-signed")
    assert (
        f"that registry {DOMAIN.registry} on chain 31337, which a wallet signed for, was the notary's"
        in found["trusted"]
    )
    # The notary may move: what was signed for its old registry is still taken from a receipt, and from nobody else.
    deployment(WalletDomain(1, DOMAIN.registry)).save(api.folder.deployment)
    assert report(api, made.data)["verdict"] == "valid"
    refused = submitted(api, "SCHEMES-LATER", wallet_signer(WALLET, DOMAIN), key=kid)
    assert refused.status_code == 422


def problem(answer: TestResponse) -> tuple[int, str, str, str]:
    [fault] = answer.json["errors"]
    kind = answer.json["type"].removeprefix("urn:loan-notary:problem:")
    return answer.status_code, kind, fault["pointer"], fault["detail"]


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("domain", "detail"),
    [
        (WalletDomain(1, DOMAIN.registry), "on chain 1, and this notary has registry"),
        (WalletDomain(31337, "0x" + "ac" * 20), f"{'ac' * 20} on chain 31337, and this notary has registry"),
    ],
)
def test_a_wallet_that_signed_for_another_registry_is_refused(api: Api, domain: WalletDomain, detail: str) -> None:
    answer = submitted(api, LOAN, wallet_signer(WALLET, domain), key=wallet_key(WALLET.address).kid)
    assert problem(answer)[:3] == (422, "invalid-signature", "/signatures/1")
    assert detail in problem(answer)[3]
    assert api.get(f"/v1/loans/{LOAN}").status_code == 404


@pytest.mark.usefixtures("deployed")
def test_a_contract_wallet_is_refused_with_the_reason(api: Api) -> None:
    signer = wallet_signer(WALLET, DOMAIN)._replace(sign=lambda _: bytes(130))
    answer = submitted(api, LOAN, signer, key=wallet_key(WALLET.address).kid)
    assert problem(answer)[:3] == (422, "invalid-signature", "/signatures/1")
    assert "contract wallets (ERC-1271) need a call to the chain" in problem(answer)[3]


def test_before_there_is_a_registry_the_notary_cannot_tell(api: Api) -> None:
    answer = submitted(api, LOAN, wallet_signer(WALLET, DOMAIN), key=wallet_key(WALLET.address).kid)
    assert answer.status_code == 503
    assert "no registry yet" in answer.json["detail"]
    assert api.get(f"/v1/loans/{LOAN}").status_code == 404


def test_a_line_that_cannot_be_told_does_not_stop_the_batch(api: Api) -> None:
    wallets = signed(api, LOAN, wallet_signer(WALLET, DOMAIN), key=wallet_key(WALLET.address).kid)
    answer = api.batch(wallets + b"\n" + signed(api, "SCHEMES-BATCH") + b"\n")
    lines = [orjson.loads(line) for line in answer.data.splitlines()]
    assert [(line["line"], line["status"]) for line in lines] == [(1, 503), (2, 201)]


def test_a_key_that_no_scheme_takes_is_not_registered(api: Api) -> None:
    jwk = generate_key("PS256").public.jwk | {"e": "Aw"}
    answer = api.request("POST", "/v1/keys", orjson.dumps({"party": "borrower", "jwk": jwk}))
    assert problem(answer)[:3] == (422, "invalid-key", "/jwk/e")
