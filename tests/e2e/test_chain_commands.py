# SPDX-License-Identifier: Apache-2.0
"""The commands on the registry: deploying it, handing a log over, and rotating the anchor key."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.anchoring import connect, make_anchorer, open_chain
from api.cli import main
from api.databases import open_store
from api.keys.anchor_keys import load_anchor_wallet
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from chain.embedded import EmbeddedNode
from chain.errors import NotOperatorError
from chain.rpc import Rpc
from chain.wallet import Wallet
from notary.log.sequencer import Sequencer


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--json"])


def members(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.output
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


@pytest.fixture
def node(tmp_path: Path) -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start(tmp_path / "public-chain") as running:
        yield running


def notary(path: Path, node: EmbeddedNode) -> DataFolder:
    """Make a notary on a given chain, with money to anchor."""
    folder = DataFolder(path)
    members(call("init", "--data", str(path), "--rpc", node.url, "--depth", "0"))
    node.fund(load_anchor_wallet(folder.keys).address, 10**20)
    return folder


def anchored_size(folder: DataFolder, node: EmbeddedNode) -> int:
    """Let the folder's anchorer take one step and return the registry's size."""
    settings = folder.settings()
    registry = connect(folder, node.url)
    make_anchorer(folder, settings, registry, open_store(folder)).step()
    return registry.head().size


def test_deploying_is_planned_done_and_then_left_alone(tmp_path: Path, node: EmbeddedNode) -> None:
    folder = notary(tmp_path / "data", node)
    records = tmp_path / "deployments"
    data = ("--data", str(folder.path), "--records", str(records))
    plan = members(call("deploy", *data, "--dry-run"))
    assert plan["exists"] is False
    assert Rpc(node.url).code(str(plan["address"])) == b""
    done = members(call("deploy", *data))
    assert done["address"] == plan["address"]
    assert Rpc(node.url).code(str(plan["address"])) != b""
    assert json.loads((records / "31337.json").read_text())["address"] == plan["address"]
    again = members(call("deploy", *data))
    assert (again["exists"], again["cost"]) == (True, 0)


def test_a_log_is_handed_over_and_its_old_operator_refused(tmp_path: Path, node: EmbeddedNode) -> None:
    old, new = notary(tmp_path / "old", node), notary(tmp_path / "new", node)
    open_chain(old, old.settings(), None, reanchor=False)
    new.deployment.write_bytes(old.deployment.read_bytes())
    address = load_anchor_wallet(new.keys).address
    refused = call("take-over", "--data", str(new.path))
    assert refused.exit_code == 1
    assert "was not offered" in refused.stderr
    members(call("hand-over", address, "--data", str(old.path)))
    assert connect(old, node.url).head().operator == load_anchor_wallet(old.keys).address
    members(call("take-over", "--data", str(new.path)))
    assert connect(new, node.url).head().operator == address
    registry = connect(old, node.url)
    with pytest.raises(NotOperatorError):
        registry.simulate(registry.anchor_call(1, b"\1" * 32, bytes(32), ()), load_anchor_wallet(old.keys).address)


def test_a_rotated_anchor_key_anchors_and_the_old_one_does_not(tmp_path: Path, node: EmbeddedNode) -> None:
    folder = notary(tmp_path / "data", node)
    Sequencer(open_store(folder), load_signer(folder), "2026-01-01T00:00:00.000Z")
    open_chain(folder, folder.settings(), None, reanchor=False)
    old = load_anchor_wallet(folder.keys)
    # The new account has no money yet: the command says which one to pay into, and goes on from there.
    short = call("notary-keys", "rotate", "anchor", "--data", str(folder.path))
    assert short.exit_code != 0
    coming = Wallet.load(folder.keys.path / "anchor-2.key").address
    assert coming in short.stderr
    node.fund(coming, 10**20)
    rotated = members(call("notary-keys", "rotate", "anchor", "--data", str(folder.path)))
    assert rotated == {"operator": coming, "was": old.address}
    assert load_anchor_wallet(folder.keys).address == coming
    assert Wallet.load(folder.keys.path / "anchor.key").address == old.address
    assert anchored_size(folder, node) == 3
    registry = connect(folder, node.url)
    with pytest.raises(NotOperatorError):
        registry.simulate(registry.anchor_call(4, b"\1" * 32, bytes(32), ()), old.address)


def test_the_embedded_chain_needs_nothing_paid(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    data = ("--data", str(folder.path))
    members(call("init", *data))
    with EmbeddedNode.start(folder.chain) as embedded:
        open_chain(folder, folder.settings(), embedded, reanchor=False)
    old = load_anchor_wallet(folder.keys).address
    assert members(call("notary-keys", "rotate", "anchor", *data))["was"] == old


@pytest.mark.parametrize("address", ["", "0x12", "not-an-address", "0x" + "zz" * 20])
def test_an_operator_that_is_no_address_is_refused(tmp_path: Path, node: EmbeddedNode, address: str) -> None:
    folder = notary(tmp_path / "data", node)
    refused = call("hand-over", address, "--data", str(folder.path))
    assert refused.exit_code == 2
    assert "address" in refused.stderr
