# SPDX-License-Identifier: Apache-2.0
"""The pipe of an answer: who opens it in time gets it, who comes late gets nothing, and nothing is left."""

import os
import resource
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from api.serving.pipe import NoPipeError, Pipe, cut_off

PATIENCE = 30.0


def read(pipe: Pipe, got: list[bytes]) -> threading.Thread:
    def work() -> None:
        got.append(Path(pipe.path).read_bytes())

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_what_is_written_is_read_and_the_name_is_gone_as_soon_as_it_is_open() -> None:
    pipe, got = Pipe(lambda: PATIENCE), list[bytes]()
    data = bytes(range(256)) * 4096
    reader = read(pipe, got)
    pipe.write(data[:100])
    assert not Path(pipe.path).parent.exists()
    with pytest.raises(FileNotFoundError):
        Path(pipe.path).read_bytes()
    pipe.write(data[100:])
    pipe.close()
    reader.join()
    assert got == [data]


def test_a_pipe_that_nobody_opens_leaves_nothing() -> None:
    pipe = Pipe(lambda: PATIENCE)
    folder = Path(pipe.path).parent
    assert (folder.stat().st_mode & 0o777, Path(pipe.path).is_fifo()) == (0o700, True)
    pipe.close()
    assert not folder.exists()


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    for free in (0, 1):
        lowest = os.dup(0)
        os.close(lowest)
        # So many descriptors more, and not the two that a pipe has.
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + free, limits[1]))
        try:
            with pytest.raises(NoPipeError):
                Pipe(lambda: PATIENCE)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert not list(tmp_path.iterdir())
        assert len(os.listdir("/proc/self/fd")) == before
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(NoPipeError):
        Pipe(lambda: PATIENCE)


def test_a_reader_who_takes_nothing_is_given_up() -> None:
    pipe = Pipe(lambda: 0.0)
    with Path(pipe.path).open("rb", buffering=0) as reader:
        first = threading.Thread(target=reader.read, args=(1,))
        first.start()
        pipe.write(b"x")
        first.join()
        with pytest.raises(OSError, match="takes nothing"):
            pipe.write(bytes(1 << 20))
    with pytest.raises(BrokenPipeError):
        pipe.write(b"x")
    pipe.close()


@pytest.mark.parametrize(("host", "written"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_the_connection_between_two_addresses_is_broken_and_no_other(host: str, written: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        port = listener.getsockname()[1]
        clients = [socket.create_connection((host, port), timeout=PATIENCE) for _ in range(2)]
        servers = [listener.accept()[0] for _ in clients]
        before = len(os.listdir("/proc/self/fd"))
        cut_off(f"{written}:{clients[0].getsockname()[1]}", f"{written}:{port}")
        assert len(os.listdir("/proc/self/fd")) == before
        assert clients[0].recv(1) == b""
        servers[1].sendall(b"x")
        assert clients[1].recv(1) == b"x"
        for held in (*clients, *servers):
            held.close()
