# SPDX-License-Identifier: Apache-2.0
"""The embedded chain: an anvil of our own on a loopback port, with its state on disk beside the database.

::

    <folder>/state.json   the chain, written once a second and on SIGTERM (`chain.node_state`)
    <folder>/node.json    {"pid", "url"} of the running node, for other commands on the same folder
    <folder>/node.lock    locked for as long as the node lives
    <folder>/anvil.log    what the node complained about since its last start
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from chain import toolchain
from chain.errors import ChainUnavailableError, EmbeddedNodeError
from chain.node_state import keep_state, secure_state
from chain.rpc import Rpc

CHAIN_ID = 31337
LOCK_WAIT = 15.0
"""Seconds that a start waits for an earlier node of the same folder to end."""

START_WAIT = 20.0
"""Seconds that a node may take to answer; one with a big state reads it first."""

_ATTEMPTS = 3
_LOG_TAIL = 2000

# Old states only cost memory: evidence is collected in the block that has just been mined. Transactions are needed
# until their anchor is final. No CORS header, so no web page may talk to the node; no accounts: their keys are public.
_ARGUMENTS = (
    *("--host", "127.0.0.1", "--chain-id", str(CHAIN_ID), "--accounts", "0", "--state-interval", "1"),
    *("--prune-history", "64", "--transaction-block-keeper", "1024", "--no-cors", "--quiet"),
)


@dataclass(frozen=True)
class RunningNode:
    """A node that runs: where it answers, and its process id."""

    url: str
    pid: int


class EmbeddedNode:
    """An anvil that lives as long as this object's process, at most: `with EmbeddedNode.start(folder) as node:`."""

    def __init__(self, folder: Path, guard: subprocess.Popen[bytes], running: RunningNode) -> None:
        self._folder, self._guard = folder, guard
        self.url, self.pid = running.url, running.pid

    @classmethod
    def start(cls, folder: Path, *arguments: str, lock_wait: float = LOCK_WAIT) -> Self:
        """Start the node of a folder, with the state that it left there; `arguments` go to anvil as they are.

        An earlier node of the folder may take `lock_wait` seconds to end.

        Raises:
            EmbeddedNodeError: when another node holds the folder and does not end, or the node does not come up.
            ToolMissingError: when anvil is not installed.
        """
        program = str(toolchain.anvil())
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder, lock_wait)
        try:
            (folder / "node.json").unlink(missing_ok=True)
            state = secure_state(folder)
            for attempt in range(_ATTEMPTS):
                port = _free_port()
                command = (program, "--port", str(port), "--state", str(state), *_ARGUMENTS, *arguments)
                guard = _start_guard(folder, command, lock)
                try:
                    return cls(folder, guard, _wait_until_ready(folder, guard, f"http://127.0.0.1:{port}"))
                except EmbeddedNodeError as error:
                    _stop(guard)
                    if "in use" not in error.detail or attempt == _ATTEMPTS - 1:
                        raise
            raise AssertionError("unreachable")
        finally:
            os.close(lock)

    @staticmethod
    def find(folder: Path) -> RunningNode | None:
        """Return the running node of a folder, whichever process started it; None when none runs."""
        try:
            running = RunningNode(**json.loads((folder / "node.json").read_bytes()))
            lock = os.open(folder / "node.lock", os.O_RDWR)
        except (OSError, ValueError, TypeError):
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return running
        finally:
            os.close(lock)
        return None

    def fund(self, address: str, wei: int) -> None:
        """Fill an account up to this balance when it has less than half: the embedded chain's money is worth nothing.

        Not more often, because it changes the state without a block, and until the next block no evidence can be had.
        """
        self.fund_at(self.url, address, wei)

    @staticmethod
    def fund_at(url: str, address: str, wei: int) -> None:
        """Do what `fund` does, on an embedded node that another process started."""
        rpc = Rpc(url)
        if rpc.quantity("eth_getBalance", address, "latest") * 2 < wei:
            rpc.call("anvil_setBalance", address, hex(wei))

    def keep_state(self) -> None:
        """Return once all blocks of now are on disk, where no kill takes them back.

        Raises `EmbeddedNodeError` if they do not come there.
        """
        newest, deadline = Rpc(self.url).latest().number, time.monotonic() + START_WAIT
        while not keep_state(self._folder, newest):
            if time.monotonic() > deadline:
                raise EmbeddedNodeError(self.url, f"it does not write its state into {self._folder}")
            time.sleep(0.05)

    def is_alive(self) -> bool:
        """Tell whether the node still runs: it does not end by itself, but can be killed."""
        return self._guard.poll() is None

    def close(self) -> None:
        """End the node; it writes its state down first."""
        (self._folder / "node.json").unlink(missing_ok=True)
        _stop(self._guard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock(folder: Path, wait: float) -> int:
    lock = os.open(folder / "node.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise EmbeddedNodeError(str(folder), "another node of this folder runs and does not end") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_guard(folder: Path, command: tuple[str, ...], lock: int) -> subprocess.Popen[bytes]:
    # Its own session: Ctrl-C in the terminal must reach the service first, which then ends the node in its own time.
    with (folder / "anvil.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own program
            (sys.executable, "-I", str(Path(__file__).with_name("guard.py")), str(lock), *command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=(lock,),
            start_new_session=True,
        )


def _wait_until_ready(folder: Path, guard: subprocess.Popen[bytes], url: str) -> RunningNode:
    pid = _pipe(guard.stdout).readline()
    rpc, deadline = Rpc(url), time.monotonic() + START_WAIT
    while True:
        try:
            rpc.chain_id()
            break
        except ChainUnavailableError as error:
            ended = guard.poll() is not None
            if ended or time.monotonic() > deadline:
                detail = "it ended at once" if ended else str(error.detail)
                log = (folder / "anvil.log").read_text(errors="replace")[-_LOG_TAIL:].strip()
                raise EmbeddedNodeError(url, f"{detail}; its log ends: {log or '(nothing)'}") from None
            time.sleep(0.02)
    running = RunningNode(url=url, pid=int(pid))
    _write_atomically(folder / "node.json", json.dumps({"pid": running.pid, "url": running.url}))
    return running


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def _stop(guard: subprocess.Popen[bytes]) -> None:
    _pipe(guard.stdin).close()
    _pipe(guard.stdout).close()
    guard.wait()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("the guard was started without pipes")
    return stream
