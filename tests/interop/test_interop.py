# SPDX-License-Identifier: Apache-2.0
"""Tools that others wrote read the log unmodified and accept its exports: see main.go beside this file.

Needs a Go toolchain, which fetches these tools once; without one there is nothing to run.
"""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import orjson
import pytest
from flask import Flask

from api.keys.log_keys import load_signer
from tests.support.api import agreement, answers, repayment, running_api

GO = shutil.which("go")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(GO is None, reason="there is no Go toolchain")]
FOLDER = Path(__file__).parent
SIZES = [2, 3, 255, 256, 257, 600, 65_537]


@pytest.fixture(scope="module")
def interop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("interop") / "interop"
    subprocess.run([str(GO), "build", "-o", str(program), "."], cwd=FOLDER, check=True)
    return program


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/log"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("size", SIZES)
def test_the_tools_of_others_read_the_log_and_accept_its_exports(interop: Path, tmp_path: Path, size: int) -> None:
    with running_api(tmp_path / "data") as api, listening(api.app) as prefix:
        first = agreement("L-1", api.bank)
        lines = [orjson.dumps(first), *(orjson.dumps(repayment("L-1")) for _ in range(size - 2))]
        for start in range(0, len(lines), 5000):
            assert {item["status"] for item in answers(api.batch(b"\n".join(lines[start : start + 5000])))} == {201}
        files = []
        for form in ("proof.tlog-proof", "receipt.cose"):
            files.append(tmp_path / form)
            files[-1].write_bytes(api.get(f"/v1/records/{first['id']}/{form}").data)
        [entry] = api.services.store.entries(1, 2)
        (tmp_path / "entry").write_bytes(entry)
        vkey = load_signer(api.folder).verifier.format()
        for url in (prefix, f"{prefix}/"):
            command = [interop, url, vkey, tmp_path / "entry", *files]
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            assert (done.returncode, done.stdout, done.stderr) == (0, f"{size}\n", "")
        files[0].write_bytes(files[0].read_bytes().replace(b"index 1", b"index 0"))
        assert subprocess.run(list(map(str, command)), capture_output=True).returncode == 1
