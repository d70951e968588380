# SPDX-License-Identifier: Apache-2.0
"""The API over a real data folder, with Flask's test client in front and a real writer on a Unix socket behind."""

import asyncio
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from flask import Flask
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key
from api.app import create_app
from api.clock import now
from api.databases import open_store
from api.folders.locks import log_lock
from api.folders.setup import set_up
from api.keys.log_keys import log_keys
from api.serving.single_post import SinglePost
from api.settings import DataFolder, Settings
from api.wiring import Services, make_services
from api.writer import MAX_WAITING, Writer
from notary.log.sequencer import Sequencer
from notary.ports.parties import Lender
from notary.schemes import SCHEMES, PrivateKey, generate_key
from tests.support.builders import CREATED, NOW, ORIGIN, add_lender, record
from tests.support.post_first import PostFirst, close, running_loop

PROBLEM = "application/problem+json"
TABLES = (
    "entries", "records", "loans", "party_keys", "roots", "drafts", "organisations", "api_keys", "tiles", "documents",
    "document_attachments",
)  # fmt: skip


@dataclass(frozen=True)
class LenderKit:
    """A registered lender: its API key, its own signing key, and one of its borrowers'."""

    lender: Lender
    api_key: str
    key: PrivateKey
    borrower: PrivateKey


@dataclass(frozen=True)
class Api:
    """A notary without HTTP server and chain: two lenders, everything else as `loan-notary run` puts it together.

    `socket` is where its writer listens.
    """

    folder: DataFolder
    socket: Path
    services: Services
    app: Flask
    bank: LenderKit
    other: LenderKit

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        by: LenderKit | None = None,
        media_type: str | None = "application/json",
        headers: dict[str, str] | None = None,
        **environ: Any,
    ) -> TestResponse:
        """Make one request, by the bank if nobody else is named."""
        sent = {"Authorization": f"Bearer {(by or self.bank).api_key}", **(headers or {})}
        # As clients do for what is made anew each time; records are known by their ids.
        if method == "POST" and not path.startswith("/v1/records"):
            sent.setdefault("Idempotency-Key", str(uuid4()))
        client = self.app.test_client()
        content_type = media_type if body is not None else None
        return client.open(path, method=method, data=body, headers=sent, content_type=content_type, **environ)

    def get(self, path: str, *, by: LenderKit | None = None) -> TestResponse:
        """Ask for something, as the bank if nobody else is named."""
        return self.request("GET", path, by=by)

    def submit(self, value: dict[str, Any] | bytes, *, by: LenderKit | None = None) -> TestResponse:
        """Submit a record or an envelope."""
        body = value if isinstance(value, bytes) else orjson.dumps(value)
        return self.request("POST", "/v1/records", body, by=by)

    def batch(self, body: bytes, *, by: LenderKit | None = None) -> TestResponse:
        """Submit lines."""
        return self.request("POST", "/v1/records:batch", body, by=by, media_type="application/x-ndjson")

    def state(self) -> dict[str, Any]:
        """Return how many rows each table has, and the log's head."""
        with closing(sqlite3.connect(self.folder.database)) as connection:
            counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
            return {**counts, "head": connection.execute("SELECT * FROM head").fetchall()}


def streamed(stream: object) -> dict[str, Any]:
    """Return the environment of a request with a body that ends by itself, as a server makes it of chunks."""
    return {"wsgi.input": stream, "wsgi.input_terminated": True}


def answers(response: TestResponse) -> list[dict[str, Any]]:
    """Return the lines of the answer to a batch."""
    assert response.status_code == 200
    assert response.mimetype == "application/x-ndjson"
    return [orjson.loads(line) for line in response.data.splitlines()]


def agreement(loan: str, kit: LenderKit, **changes: Any) -> dict[str, Any]:
    """Return a new agreement of a loan that names the keys of its two parties."""
    parties = [
        {"role": "lender", "name": "示范银行", "key": kit.key.public.kid},
        {"role": "borrower", "subject_ref": "ab" * 32, "key": kit.borrower.public.kid},
    ]
    return record("agreement", id=str(uuid4()), loan=loan, parties=parties) | changes


def repayment(loan: str, **changes: Any) -> dict[str, Any]:
    """Return a new repayment of a loan."""
    return record("repayment", id=str(uuid4()), loan=loan) | changes


def make_folder(path: Path, **settings: Any) -> DataFolder:
    """Make a data folder, as `loan-notary init` does."""
    folder = DataFolder(path)
    folder.begin(Settings.checked(origin=ORIGIN, **settings))
    set_up(folder)
    return folder


@contextmanager
def served(folder: DataFolder, path: Path, max_waiting: int = MAX_WAITING) -> Iterator[Writer]:
    """Run a folder's writer in a thread, on the socket `path`."""
    writer = Writer(Sequencer(open_store(folder), log_keys(folder), CREATED), path, max_waiting)
    thread = threading.Thread(target=writer.serve)
    thread.start()
    try:
        yield writer
    finally:
        writer.stop()
        thread.join()
        path.unlink()


@contextmanager
def socket_folder() -> Iterator[Path]:
    """Make a folder with a short path: a Unix socket's has at most 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="ln-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def running_api(
    path: Path, max_waiting: int = MAX_WAITING, clock: Callable[[], int] = now, **settings: Any
) -> Iterator[Api]:
    """Make a data folder with two lenders at `path`, and serve it."""
    folder = make_folder(path, **settings)
    with (
        socket_folder() as sockets,
        served(folder, sockets / "writer", max_waiting),
        api_over(folder, sockets / "writer", clock) as api,
    ):
        yield api


@contextmanager
def api_over(folder: DataFolder, writer: Path, clock: Callable[[], int] = now) -> Iterator[Api]:
    """Put the API over a folder whose writer listens, or not, on the socket `writer`."""
    services = make_services(folder, writer, clock)
    bank, other = (new_lender(services, name) for name in ("示范银行", "Second Bank"))
    app, post = create_app(services), SinglePost(services)
    try:
        with running_loop() as loop:
            app.wsgi_app = PostFirst(app.wsgi_app, post, loop)  # type: ignore[method-assign]
            try:
                yield Api(folder, writer, services, app, bank, other)
            finally:
                asyncio.run_coroutine_threadsafe(close(post), loop).result()
    finally:
        services.writer.close()
        services.checker.close()
        services.store.close()


@contextmanager
def rotatable_api(folder: DataFolder) -> Iterator[Api]:
    """Serve a folder as the service does, for commands that rotate its keys: they find the writer, and are none."""
    with socket_folder() as sockets, log_lock(folder), served(folder, sockets / "writer"):
        folder.writer_address.write_text(str(sockets / "writer"))
        with api_over(folder, sockets / "writer") as api:
            yield api


def new_lender(services: Services, name: str) -> LenderKit:
    """Register a lender with an API key, a key of its own and one of a borrower."""
    api_key = new_api_key()
    lender = add_lender(services.store, name, hash_secret(api_key), NOW)
    algs = list(SCHEMES)
    keys = generate_key(algs[0]), generate_key(algs[1])
    for party, key in zip(("lender", "borrower"), keys, strict=True):
        services.keys.register(lender, party, key.public.jwk)
    return LenderKit(lender, api_key, *keys)
