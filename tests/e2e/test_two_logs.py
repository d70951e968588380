# SPDX-License-Identifier: Apache-2.0
"""Two notaries on one machine and one chain: one registry, a log each, and nothing of one counts for the other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.keys.anchor_keys import load_anchor_wallet
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from notary.canonical import canonical_json
from tests.support.api import repayment
from tests.support.builders import record
from tests.support.cli import run
from tests.support.service import Service, new_service


@dataclass(frozen=True)
class Log:
    """A log, its key, where the registry has it, and the final receipt of a record in it."""

    service: Service
    key: str
    place: Deployment
    receipt: Path
    rpc: str

    @property
    def anchored_in(self) -> str:
        return f"{self.place.chain_id}/{self.place.registry}/{self.place.log_id}"


def running_log(stack: ExitStack, path: Path, node: EmbeddedNode) -> Log:
    service = stack.enter_context(
        new_service(path, "--rpc", node.url, "--depth", "0", "--origin", f"notary.example/{path.name}")
    )
    folder = DataFolder(service.folder)
    node.fund(load_anchor_wallet(folder.keys).address, 10**20)
    api_key = service.add_lender()
    service.start()
    agreed = record("agreement", id=repayment("")["id"])
    assert service.request("POST", "/v1/records", canonical_json(agreed), api_key).status == 201
    receipt = path.with_suffix(".receipt.json")
    receipt.write_bytes(service.final_receipt(agreed["id"], api_key))
    return Log(service, load_signer(folder).verifier.format(), Deployment.load(folder.deployment), receipt, node.url)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Log, Log]]:
    folder = tmp_path_factory.mktemp("logs")
    with EmbeddedNode.start(folder / "chain") as node, ExitStack() as stack:
        yield running_log(stack, folder / "one", node), running_log(stack, folder / "two", node)


def test_the_registry_is_one_and_has_both_logs(logs: tuple[Log, Log]) -> None:
    one, two = logs
    assert (one.place.chain_id, one.place.registry) == (two.place.chain_id, two.place.registry)
    assert one.place.log_id != two.place.log_id


def test_a_receipt_is_good_by_the_key_of_its_own_log_alone(logs: tuple[Log, Log]) -> None:
    for own, other in (logs, logs[::-1]):
        assert run("verify", own.receipt, "--log-key", own.key).exit_code == 0
        assert run("verify", own.receipt, "--log-key", other.key).exit_code == 1


def test_each_is_audited_from_outside_and_holds_against_its_own_anchors_alone(logs: tuple[Log, Log]) -> None:
    for own, other in (logs, logs[::-1]):
        outside = ("audit", "--log", f"{own.service.url}/log", "--log-key", own.key, "--rpc", own.rpc)
        clean = run(*outside, "--anchored-in", own.anchored_in, "--json")
        assert clean.exit_code == 0, clean.output
        foreign = run(*outside, "--anchored-in", other.anchored_in, "--json")
        assert foreign.exit_code == 1, foreign.output
        assert json.loads(foreign.stdout)["verdict"] == "invalid"
