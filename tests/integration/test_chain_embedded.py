# SPDX-License-Identifier: Apache-2.0
"""The embedded node: state over restarts, one node a folder, none without its parent, faults that say why."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from chain import embedded
from chain.embedded import EmbeddedNode
from chain.errors import EmbeddedNodeError
from chain.rpc import Rpc
from tests.support.node import BALANCE

ACCOUNT = "0x" + "12" * 20
PARENT = """
import signal, sys, time
from pathlib import Path
from chain.embedded import EmbeddedNode
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background has it ignored
node = EmbeddedNode.start(Path(sys.argv[1]))
print(node.pid, node.url, flush=True)
time.sleep(600)
"""


def start_parent(folder: Path) -> tuple[subprocess.Popen[str], int, str]:
    parent = subprocess.Popen((sys.executable, "-c", PARENT, str(folder)), stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, url = parent.stdout.readline().split()
    return parent, int(pid), url


def end(parent: subprocess.Popen[str], sign: signal.Signals) -> None:
    parent.send_signal(sign)
    parent.communicate()


def wait_for_end(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not psutil.pid_exists(pid)


def test_keeps_the_chain_over_a_restart(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        node.fund(ACCOUNT, BALANCE)
        rpc = Rpc(node.url)
        rpc.call("anvil_mine", "0x3")
        genesis = rpc.block(0)
    with EmbeddedNode.start(tmp_path) as node:
        rpc = Rpc(node.url)
        assert rpc.block(0) == genesis
        assert rpc.latest().number == 3
        assert rpc.quantity("eth_getBalance", ACCOUNT, "latest") == BALANCE
        assert rpc.chain_id() == embedded.CHAIN_ID


def test_is_the_same_chain_after_any_number_of_restarts(tmp_path: Path) -> None:
    geneses = set()
    for blocks in range(6):
        with EmbeddedNode.start(tmp_path) as node:
            rpc = Rpc(node.url)
            assert rpc.latest().number == blocks
            rpc.call("anvil_mine", "0x1")
            genesis = rpc.block(0)
            assert genesis is not None
            geneses.add(genesis.hash)
        time.sleep(0.4)  # a block 0 of another second has another hash
    assert len(geneses) == 1


def test_funds_only_who_needs_it(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        rpc = Rpc(node.url)
        for held, after in ((0, 100), (49, 100), (50, 50), (200, 200)):
            rpc.call("anvil_setBalance", ACCOUNT, hex(held))
            node.fund(ACCOUNT, 100)
            assert rpc.quantity("eth_getBalance", ACCOUNT, "latest") == after


def test_is_found_while_it_runs(tmp_path: Path) -> None:
    assert EmbeddedNode.find(tmp_path) is None
    with EmbeddedNode.start(tmp_path) as node:
        found = EmbeddedNode.find(tmp_path)
        assert found is not None
        assert (found.url, found.pid) == (node.url, node.pid)
        assert "anvil" in psutil.Process(found.pid).name()
    assert EmbeddedNode.find(tmp_path) is None


def test_offers_no_known_account_and_no_cross_origin_access(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        assert Rpc(node.url).call("eth_accounts") == []
        curl = subprocess.run(
            (
                *("curl", "-s", "-i", "-X", "OPTIONS", "-H", "Origin: https://evil.example", node.url),
                *("-H", "Access-Control-Request-Method: POST"),
            ),
            capture_output=True,
            text=True,
            check=True,
        )
        assert "access-control-allow-origin" not in curl.stdout.lower()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_does_not_outlive_its_parent_and_keeps_everything(tmp_path: Path, sign: signal.Signals) -> None:
    parent, pid, url = start_parent(tmp_path)
    rpc = Rpc(url)
    rpc.call("anvil_mine", "0x5")
    newest = rpc.latest()
    assert newest.number >= 5
    end(parent, sign)
    assert wait_for_end(pid)
    with EmbeddedNode.start(tmp_path) as node:
        assert Rpc(node.url).latest().hash == newest.hash


@pytest.mark.parametrize("torn", [False, True])
def test_a_node_killed_in_its_first_second_came_back_as_another_chain(tmp_path: Path, torn: bool) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        rpc = Rpc(node.url)
        rpc.call("anvil_mine", "0x2")
        genesis = rpc.block(0)
        node.keep_state()
        os.kill(node.pid, signal.SIGKILL)
        assert wait_for_end(node.pid)
    if torn:
        (tmp_path / "state.json").write_bytes((tmp_path / "state.json").read_bytes()[:100])
    with EmbeddedNode.start(tmp_path) as node:
        assert (Rpc(node.url).block(0), Rpc(node.url).latest().number) == (genesis, 2)


def test_ends_with_its_guard(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        guard = psutil.Process(node.pid).parent()
        assert guard is not None
        assert node.is_alive()
        guard.send_signal(signal.SIGTERM)
        assert wait_for_end(node.pid)


def test_tells_when_it_was_killed(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        os.kill(node.pid, signal.SIGKILL)
        assert wait_for_end(node.pid)
        while node.is_alive():
            time.sleep(0.01)
        assert EmbeddedNode.find(tmp_path) is None
    assert EmbeddedNode.find(tmp_path) is None


def test_a_start_waits_for_the_node_before(tmp_path: Path) -> None:
    parent, pid, _ = start_parent(tmp_path)
    os.kill(pid, signal.SIGSTOP)  # a node that is slow to write its state down
    parent.kill()
    parent.communicate()
    subprocess.Popen(("sh", "-c", f"sleep 1; kill -CONT {pid}")).wait()
    begin = time.monotonic()
    with EmbeddedNode.start(tmp_path):
        assert time.monotonic() - begin < embedded.LOCK_WAIT
    assert not psutil.pid_exists(pid)


def test_two_nodes_never_share_a_folder(tmp_path: Path) -> None:
    with (
        EmbeddedNode.start(tmp_path) as node,
        pytest.raises(EmbeddedNodeError, match="another node of this folder runs"),
    ):
        EmbeddedNode.start(tmp_path, lock_wait=0.3)
    assert not psutil.pid_exists(node.pid)
    with EmbeddedNode.start(tmp_path / "elsewhere"), EmbeddedNode.start(tmp_path):
        pass


def test_a_node_that_lost_its_guard_keeps_its_folder(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        guard = psutil.Process(node.pid).parent()
        assert guard is not None
        guard.kill()
        while node.is_alive():
            time.sleep(0.01)
        with pytest.raises(EmbeddedNodeError, match="another node of this folder runs"):
            EmbeddedNode.start(tmp_path, lock_wait=0.3)
        os.kill(node.pid, signal.SIGKILL)


def test_a_node_that_ends_at_once_tells_why(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedNodeError, match=r"ended at once.*--no-such-option"):
        EmbeddedNode.start(tmp_path, "--no-such-option")


def test_half_a_state_file_falls_back_to_the_copy(tmp_path: Path) -> None:
    for _ in range(2):
        with EmbeddedNode.start(tmp_path) as node:
            Rpc(node.url).call("anvil_mine", "0x1")
    state = tmp_path / "state.json"
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    with EmbeddedNode.start(tmp_path) as node:
        assert Rpc(node.url).latest().number == 1


def test_half_a_state_file_without_a_copy_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"block": ')
    with pytest.raises(EmbeddedNodeError, match=r"state\.json"):
        EmbeddedNode.start(tmp_path)
    assert (tmp_path / "state.json").read_text() == '{"block": '
