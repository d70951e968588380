# SPDX-License-Identifier: Apache-2.0
"""The one process that writes to the log.

It takes whatever requests have come in, places all of them in one commit, answers, and looks again: no timer. While a
commit is on its way to the disk, the next requests gather in the sockets, so commits grow with the load by
themselves. What comes while another host has the turn goes into the commit that was waiting for it. Answers go before
the commit, so that receipts are made meanwhile; that it is on disk is said after it, and nothing counts before.
"""

import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import FrameType

import structlog

from api.clock import now
from api.collector import settle_collector
from api.databases import hold_of, open_store
from api.folders.locks import log_lock
from api.keys.hardening import harden
from api.keys.log_keys import log_keys
from api.logs import configure_logs
from api.metrics.counters import CLOCK_SET_BACK, COMMIT_FAILURES, WRITER_QUEUE, count_commit
from api.parent import exit_with_parent
from api.settings import DataFolder
from api.tracing.spans import Tracing
from api.tracing.start import start_tracing
from api.writer_protocol import (
    LENGTH_SIZE,
    MAX_FRAME,
    frame,
    read_request,
    write_answer,
    write_busy,
    write_committed,
    write_unavailable,
)
from notary.encoding import format_time
from notary.errors import FrameError, LogWentBackError, NotaryError, NotFoundError, UnavailableError
from notary.log.sequencer import Answers, Sequencer
from notary.log.submission import Submission
from notary.ports.store import Store

MAX_WAITING = 16_384
"""Submissions that one commit takes; what comes on top of them is told that the log is busy."""
_SEND_WAIT = 5.0
_SET_BACK = 60_000
"""Milliseconds by which records may come before those that stand before them in the log: requests take their time."""
_SLOW = 1.0
"""Seconds after which a commit is worth a line in the log."""

_log = structlog.get_logger()


@dataclass
class _Client:
    """A connection, what has been read of its next request, and what has not yet gone of its last answer."""

    connection: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    unsent: bytes = b""

    def take_request(self) -> bytes | None:
        """Return the body of the next request once all of it is there."""
        if len(self.buffer) < LENGTH_SIZE:
            return None
        end = LENGTH_SIZE + int.from_bytes(self.buffer[:LENGTH_SIZE])
        if end > MAX_FRAME:
            raise ConnectionError("a request that is too long")
        if len(self.buffer) < end:
            return None
        body = bytes(self.buffer[LENGTH_SIZE:end])
        del self.buffer[:end]
        return body


@dataclass
class _Group:
    """What one commit takes: whose requests, how many submissions each has, all of them, and the traces of requests.

    `left` are those whose requests it had no room for.
    """

    taken: list[tuple[_Client, int]] = field(default_factory=list)
    left: list[_Client] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)


class Writer:
    """Serves a sequencer on a Unix socket, until `stop` is called."""

    def __init__(
        self,
        sequencer: Sequencer,
        path: Path,
        max_waiting: int = MAX_WAITING,
        tracing: Tracing | None = None,
        newest: int = 0,
    ) -> None:
        """Listen at `path`; `newest` is when the newest record in the log was received."""
        self._newest = newest
        self._sequencer = sequencer
        self._tracing = tracing
        self._max_waiting = max_waiting
        self._listener = socket.socket(socket.AF_UNIX)
        # Under its name only once it listens: whoever finds it there can connect.
        coming = path.with_suffix(".new")
        self._listener.bind(str(coming))
        coming.chmod(0o600)
        self._listener.listen(1024)
        coming.rename(path)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, _Client(self._listener))
        self._stopping = False

    def stop(self, *_: int | FrameType | None) -> None:
        """Let `serve` return once the requests at hand are answered."""
        self._stopping = True

    def serve(self) -> None:
        """Take requests and answer them; close all connections at the end."""
        try:
            while not self._stopping:
                self._turn()
        finally:
            for key in list(self._selector.get_map().values()):
                key.data.connection.close()
            self._selector.close()

    def _turn(self) -> None:
        if requests := self._requests(timeout=0.5):
            self._commit(requests)

    def _requests(self, timeout: float) -> list[tuple[_Client, bytes]]:
        requests = []
        for key, _ in self._selector.select(timeout):
            if key.data.connection is self._listener:
                self._accept()
            elif body := self._read(key.data):
                requests.append((key.data, body))
        return requests

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, _Client(connection))

    def _read(self, client: _Client) -> bytes | None:
        try:
            part = client.connection.recv(1 << 20)
            if not part:
                raise ConnectionResetError
            client.buffer += part
            return client.take_request()
        except OSError:
            self._drop(client)
            return None

    def _commit(self, requests: list[tuple[_Client, bytes]]) -> None:
        group = _Group()
        self._take(requests, group)
        try:
            self._traced(group) if self._tracing else self._place(group)
        except UnavailableError as error:
            _log.error("commit failed", reason=str(error))
            for client, _ in group.taken:
                self._send(client, write_unavailable(str(error)))
            return
        finally:
            # Not as they came: a client that does not read would hold up the turn, and with it all other hosts.
            for client in group.left:
                self._send(client, write_busy())
        for client, _ in group.taken:
            self._send(client, write_committed())

    def _take(self, requests: list[tuple[_Client, bytes]], group: _Group) -> list[Submission]:
        """Take requests into a group as far as it has room, and return what they submit."""
        before = len(group.submissions)
        for client, body in requests:
            try:
                trace, asked = read_request(body)
            except FrameError as error:
                _log.error("a request that cannot be read", reason=str(error))
                self._drop(client)
                continue
            if trace:
                group.traces.append(trace)
            if len(group.submissions) + len(asked) > self._max_waiting:
                group.left.append(client)
            else:
                group.taken.append((client, len(asked)))
                group.submissions += asked
        return group.submissions[before:]

    def _traced(self, group: _Group) -> None:
        """Place a group within a span: that of the first request that is traced, linked with the others'."""
        assert self._tracing is not None
        first, links = (group.traces[0], group.traces[1:]) if group.traces else ("", ())
        with self._tracing.span("commit", parent=first, links=links, records=len(group.submissions)):
            self._place(group)

    def _place(self, group: _Group) -> None:
        def answer(places: Answers) -> None:
            self._answer(group, places)

        submissions = group.submissions
        if not submissions:
            self._sequencer.append(submissions, drafted=answer)
            return
        WRITER_QUEUE.set(len(submissions))
        began = perf_counter()
        try:
            places = self._sequencer.append(
                tuple(submissions), lambda: self._take(self._requests(timeout=0), group), answer
            )
        except UnavailableError:
            COMMIT_FAILURES.inc()
            raise
        finally:
            WRITER_QUEUE.set(0)
        self._watch_the_clock(submissions)
        seconds = perf_counter() - began
        count_commit(submissions, places, seconds)
        if seconds > _SLOW:
            _log.warning("slow commit", seconds=round(seconds, 3), submissions=len(submissions))

    def _answer(self, group: _Group, places: Answers) -> None:
        """Send each client its places, as far as they go at once; the rest goes with the verdict.

        A client that does not read would hold up the turn, and with it all other hosts.
        """
        start = 0
        for client, count in group.taken:
            client.unsent = frame(write_answer(places[start : start + count]))
            start += count
            # One that is gone is found so when its verdict is sent.
            with suppress(OSError):
                client.connection.setblocking(False)
                client.unsent = client.unsent[client.connection.send(client.unsent) :]

    def _watch_the_clock(self, submissions: Sequence[Submission]) -> None:
        """Tell once when records come long before those that stand before them: the clock was set back.

        They are taken all the same. Their order is proved by the log; their times are the notary's word.
        """
        times = [submission.received_at for submission in submissions]
        # The first too: the clock may be set back while what comes late to a commit comes in.
        behind = max(self._newest, times[0]) - min(times)
        if behind > _SET_BACK:
            CLOCK_SET_BACK.inc()
            _log.error("the clock was set back: records come before those before them", seconds=behind // 1000)
        self._newest = min(times) if behind > _SET_BACK else max(times)

    def _send(self, client: _Client, body: bytes) -> None:
        """Send a body, and before it what has not gone of the last one."""
        unsent, client.unsent = client.unsent, b""
        try:
            client.connection.settimeout(_SEND_WAIT)
            client.connection.sendall(unsent + frame(body))
        except OSError:
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        # One that went while its commit waited for the turn is gone already.
        if client.connection.fileno() != -1:
            self._selector.unregister(client.connection)
            client.connection.close()


def _newest_received(store: Store) -> int:
    head = store.head()
    try:
        return store.record_at(head.size - 1).received_at if head else 0
    except NotFoundError:
        # It was erased, or there is none yet.
        return 0


def main() -> None:
    """Run the writer: `python -m api.writer DATA SOCKET PARENT`, PARENT being the id of the process that starts it."""
    folder, path, parent = DataFolder(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
    exit_with_parent(parent)
    configure_logs("writer")
    harden()
    hold = hold_of(folder)
    try:
        with log_lock(folder):
            store = open_store(folder)
            sequencer = Sequencer(store, log_keys(folder), format_time(now()), hold.check)
            writer = Writer(sequencer, path, tracing=start_tracing("writer"), newest=_newest_received(store))
            signal.signal(signal.SIGTERM, writer.stop)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            settle_collector()
            writer.serve()
    except LogWentBackError as error:
        # Whoever starts anew has not seen what is missing, and would sign on top of the rest.
        hold.place("gone back", str(error))
        sys.exit(1)
    except NotaryError as error:
        _log.error("the writer has ended", reason=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
