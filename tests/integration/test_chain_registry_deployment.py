# SPDX-License-Identifier: Apache-2.0
"""Putting the registry on a chain: planned, at the same address where CREATE2 is to be had, recorded, never twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.artifact import load_artifact
from chain.errors import DeploymentError, WrongChainError
from chain.registry_deployment import FACTORY, RegistryPlan, deploy_registry, plan_registry, record_registry
from chain.rpc import Rpc
from chain.wallet import Wallet
from tests.support.node import Chain, running_chain, running_hardhat


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with running_chain(tmp_path_factory.mktemp("chain")) as running:
        yield running


@pytest.fixture
def hardhat() -> Iterator[Rpc]:
    with running_hardhat() as rpc:
        yield rpc


@pytest.fixture
def wallet(chain: Chain, tmp_path: Path) -> Wallet:
    made = Wallet.create(tmp_path / "deployer.key")
    chain.node.fund(made.address, 10**20)
    return made


def deployed(rpc: Rpc, wallet: Wallet, records: Path) -> RegistryPlan:
    """Plan, deploy and record, as `loan-notary deploy` does."""
    plan = plan_registry(rpc, wallet.address, records)
    deploy_registry(rpc, wallet, plan)
    record_registry(records, plan)
    return plan


def test_a_plan_sends_nothing_and_comes_true(chain: Chain, tmp_path: Path) -> None:
    records = tmp_path / "records"
    before = chain.rpc.transaction_count(chain.wallet.address)
    plan = plan_registry(chain.rpc, chain.wallet.address, records)
    assert chain.rpc.transaction_count(chain.wallet.address) == before
    assert not records.exists()
    # The fixture has deployed the registry, and CREATE2 gives one address only.
    assert plan.exists
    assert plan.method == "create2"
    assert plan.address == chain.registry.deployment.registry


def test_deploying_twice_changes_nothing_the_second_time(chain: Chain, wallet: Wallet, tmp_path: Path) -> None:
    records = tmp_path / "records"
    first = deployed(chain.rpc, wallet, records)
    sent = chain.rpc.transaction_count(wallet.address)
    assert deployed(chain.rpc, wallet, records) == replace(first, exists=True, gas=0, cost=0)
    assert chain.rpc.transaction_count(wallet.address) == sent
    record = json.loads((records / "31337.json").read_text())
    assert record["address"] == first.address
    assert record["code_hash"] == "0x" + load_artifact().code_hash.hex()


def test_without_the_factory_the_address_follows_from_the_nonce(hardhat: Rpc, tmp_path: Path) -> None:
    assert hardhat.code(FACTORY) == b""
    deployer = Wallet.create(tmp_path / "deployer.key")
    hardhat.call("hardhat_setBalance", deployer.address, hex(10**20))
    planned = plan_registry(hardhat, deployer.address, tmp_path)
    assert (planned.method, planned.exists) == ("create", False)
    assert planned.gas > 0
    assert planned.cost > 0
    assert deployed(hardhat, deployer, tmp_path) == planned
    # The nonce is another one now, so only the record can know where the registry is.
    again = plan_registry(hardhat, deployer.address, tmp_path)
    assert (again.address, again.exists) == (planned.address, True)


def test_a_record_of_another_chain_with_this_id_is_refused(chain: Chain, tmp_path: Path) -> None:
    deployed(chain.rpc, chain.wallet, tmp_path)
    path = tmp_path / "31337.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "genesis_hash": "0x" + "00" * 32}))
    with pytest.raises(WrongChainError):
        plan_registry(chain.rpc, chain.wallet.address, tmp_path)


def test_other_code_at_the_recorded_address_is_refused(chain: Chain, tmp_path: Path) -> None:
    deployed(chain.rpc, chain.wallet, tmp_path)
    path = tmp_path / "31337.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "address": FACTORY}))
    with pytest.raises(WrongChainError):
        plan_registry(chain.rpc, chain.wallet.address, tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"genesis_hash": 1'])
def test_a_damaged_record_is_an_error_and_no_new_start(chain: Chain, tmp_path: Path, content: str) -> None:
    (tmp_path / "31337.json").write_text(content)
    with pytest.raises(DeploymentError):
        deployed(chain.rpc, chain.wallet, tmp_path)
