# SPDX-License-Identifier: Apache-2.0
"""The body of an answer that is sent while it is made, no faster than the client takes it.

RSGI has a way to stream, but granian 2.8 keeps all that it is given there, however slowly the client reads (its issue
885 was mended for WSGI and ASGI). A file it reads only as fast as it can send it; so the answer's file is a pipe. It
has a name of its own, and not that of a descriptor: who opened that too late would get whatever has its number by then.
"""

import fcntl
import os
import select
import socket
import stat
import struct
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

_OPENING = 10.0
"""Seconds that the server may take to open the pipe."""
_LOOK, _LOOK_AGAIN = 0.001, 0.5


class SlowReaderError(OSError):
    """The client has taken nothing for too long."""


class NoPipeError(OSError):
    """A pipe is not to be had now: the temporary folder takes no more names, or this process may open no more files."""


class Pipe:
    """A pipe that the server opens and reads by its `path`, which only this user can."""

    def __init__(self, patience: Callable[[], float]) -> None:
        """`patience` says for how many seconds the client may take nothing; it is asked now and then.

        Raises `NoPipeError`, and leaves nothing behind then.
        """
        self._patience = patience
        with ExitStack() as made:
            try:
                self._folder = tempfile.mkdtemp(prefix="loan-notary-answer-")
                made.callback(os.rmdir, self._folder)
                self.path = os.path.join(self._folder, "pipe")
                os.mkfifo(self.path)
                made.callback(os.unlink, self.path)
                # An end for writing can be had only where there is one for reading.
                self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
                made.callback(os.close, self._reader)
                self._writer = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                raise NoPipeError(error.errno, error.strerror) from error
            made.pop_all()
        self._opened = False
        self._room = select.poll()
        self._room.register(self._writer, select.POLLOUT)

    def write(self, data: bytes) -> None:
        """Write all of it. Raises `BrokenPipeError` if the client is gone, `SlowReaderError` if it takes nothing."""
        view = memoryview(data)
        while view:
            self._await_room()
            with suppress(BlockingIOError):
                view = view[os.write(self._writer, view) :]
            if not self._opened:
                self._await_opening()

    def close(self) -> None:
        """End the body."""
        if not self._opened:
            self._give_up_reading()
        os.close(self._writer)

    def _await_room(self) -> None:
        began = time.monotonic()
        while not self._room.poll(_LOOK_AGAIN * 1000):
            if time.monotonic() - began > self._patience():
                raise SlowReaderError("the client takes nothing")

    def _await_opening(self) -> None:
        """Give up this end for reading as soon as the server has its own: from then on a lost client is noticed."""
        deadline = time.monotonic() + _OPENING
        while self._unread() and time.monotonic() < deadline:
            time.sleep(_LOOK)
        self._give_up_reading()

    def _give_up_reading(self) -> None:
        os.close(self._reader)
        # One by one: to look through a folder takes a descriptor, and there may be none.
        os.unlink(self.path)
        os.rmdir(self._folder)
        self._opened = True

    def _unread(self) -> int:
        (count,) = struct.unpack("@i", fcntl.ioctl(self._reader, termios.FIONREAD, bytes(4)))
        return int(count)


def cut_off(client: str, server: str) -> None:
    """Break the connection between two addresses ("HOST:PORT", as RSGI has them), which this process holds.

    RSGI cannot say that a body ended too early, and without its length a client would take it for whole.
    """
    for entry in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(entry)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(entry))) as held:
                if (_written(held.getpeername()), _written(held.getsockname())) == (client, server):
                    held.shutdown(socket.SHUT_RDWR)


def _written(address: object) -> str:
    if not isinstance(address, tuple):
        return ""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
