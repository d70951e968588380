# SPDX-License-Identifier: Apache-2.0
"""`monitor`: a log over HTTP and a real chain, watched while things go well and while they do not."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.databases import open_store
from api.keys.log_keys import load_signer
from notary.audit.monitor_state import MonitorStateError, load_memory, save_memory
from notary.audit.monitoring import Alert, Kind, Memory
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.reader import Log
from notary.log.signed_note import NoteSigner
from notary.stores.sqlite import SqliteStore
from tests.support.anchored import Anchored, anchored_log
from tests.support.audited import AuditedLog, export, grow, make_log
from tests.support.builders import VAULT, log_signer
from tests.support.cli import document, is_one_line, run
from tests.support.node import tampered
from tests.support.service import PROGRAM, ROOT, until
from tests.support.serving import Faults, serving_files

AWAY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("watched") / "data") as made:
        yield made


class Watched:
    """A copy of the anchored log, served as files, and a monitor's state."""

    def __init__(self, anchored: Anchored, folder: Path, url: str, faults: Faults) -> None:
        self.anchored, self.folder, self.url, self.faults = anchored, folder, url, faults
        self.state = folder.with_suffix(".state")
        self.signer: NoteSigner = load_signer(anchored.folder)

    def look(self, *arguments: str, rpc: str | None = None, chain: bool = True) -> tuple[int, set[str], Any]:
        """Look once; return the exit code, the kinds of the alerts, and all that was said."""
        where = ("--rpc", rpc or self.anchored.rpc, "--anchored-in", self.anchored.place) if chain else ()
        key = self.signer.verifier.format()
        result = run(
            "monitor", self.url, "--log-key", key, "--state", self.state, "--once", "--json", *where, *arguments
        )
        said = document(result)
        return result.exit_code, {alert["kind"] for alert in said["alerts"]}, said

    def publish(self, size: int, root: bytes, signer: NoteSigner | None = None) -> None:
        """Put up a checkpoint."""
        checkpoint = Checkpoint(self.signer.verifier.name, size, root)
        (self.folder / "checkpoint").write_text(sign_checkpoint(checkpoint, signer or self.signer))


@pytest.fixture
def watched(anchored: Anchored, tmp_path: Path) -> Iterator[Watched]:
    log = AuditedLog(anchored.folder.path, load_signer(anchored.folder).verifier)
    export(log, tmp_path / "copy")
    with serving_files(tmp_path / "copy") as (url, faults):
        yield Watched(anchored, tmp_path / "copy", url, faults)


def test_a_log_that_is_well(watched: Watched) -> None:
    for _ in range(2):
        code, kinds, said = watched.look()
        assert (code, kinds, said["unknown"], said["anchored"]) == (0, set(), [], 300)
    remembered = orjson.loads(watched.state.read_bytes())
    assert remembered["checkpoint"] == (watched.folder / "checkpoint").read_text()
    assert remembered["operator"] == said["operator"]


def test_a_fork_at_the_same_size(watched: Watched) -> None:
    assert watched.look()[0] == 0
    before = watched.state.read_bytes()
    watched.publish(300, b"\1" * 32)
    for _ in range(2):  # it stands for as long as the log shows it
        code, kinds, said = watched.look()
        assert (code, kinds) == (1, {"fork"})
    assert orjson.loads(watched.state.read_bytes())["checkpoint"] == orjson.loads(before)["checkpoint"]
    assert (b"\1" * 32).hex() in said["alerts"][0]["detail"]


def test_a_fork_at_another_size(watched: Watched, tmp_path: Path) -> None:
    """Another history under the same key, tiles and all."""
    assert watched.look(chain=False)[0] == 0
    other = make_log(tmp_path / "other", plain=600)
    shutil.rmtree(watched.folder / "tile")
    export(other, tmp_path / "fork")
    shutil.copytree(tmp_path / "fork" / "tile", watched.folder / "tile")
    head = SqliteStore(other.database, VAULT).head()
    assert head is not None
    watched.publish(head.size, head.root)
    assert watched.look(chain=False)[:2] == (1, {"fork"})


def test_a_smaller_checkpoint_that_does_not_belong(watched: Watched) -> None:
    assert watched.look(chain=False)[0] == 0
    watched.publish(200, b"\1" * 32)
    assert watched.look(chain=False)[:2] == (1, {"fork"})


def test_an_older_checkpoint_is_no_fork_and_nothing_to_rely_on_for_long(watched: Watched) -> None:
    assert watched.look()[0] == 0
    store = open_store(watched.anchored.folder)
    watched.publish(200, Log(store).root(200))
    code, kinds, said = watched.look()
    assert (code, kinds) == (2, set())
    assert "older checkpoint" in said["unknown"][0]
    code, kinds, _ = watched.look("--silence", "0")
    assert (code, kinds) == (2, {"unreachable"})


def test_another_key(watched: Watched) -> None:
    head = open_store(watched.anchored.folder).head()
    assert head is not None
    watched.publish(300, head.root, log_signer(watched.signer.verifier.name, "another"))
    assert watched.look()[:2] == (1, {"log key"})


def test_something_else_that_answers_is_no_other_key(watched: Watched) -> None:
    (watched.folder / "checkpoint").write_text("<html>Please log in</html>\n")
    code, kinds, said = watched.look()
    assert (code, kinds) == (2, set())
    assert "not this log" in said["unknown"][0]


def test_a_log_that_does_not_show_how_it_grew_is_unknown(watched: Watched) -> None:
    store = open_store(watched.anchored.folder)
    head = (watched.folder / "checkpoint").read_text()
    watched.publish(200, Log(store).root(200))
    assert watched.look(chain=False)[0] == 0
    (watched.folder / "checkpoint").write_text(head)
    shutil.rmtree(watched.folder / "tile")
    code, kinds, said = watched.look(chain=False)
    assert (code, kinds) == (2, set())
    assert "how it grew" in said["unknown"][0]


def test_a_log_behind_its_anchors(watched: Watched) -> None:
    watched.publish(200, Log(open_store(watched.anchored.folder)).root(200))
    code, kinds, said = watched.look()
    assert (code, kinds) == (1, {"anchor"})
    assert said["alerts"][0]["detail"] == "size 300 is anchored, and the log shows 200 entries"


def test_an_anchor_of_another_log(watched: Watched, tmp_path: Path) -> None:
    other = make_log(tmp_path / "other")
    shutil.rmtree(watched.folder / "tile")
    export(other, tmp_path / "fork")
    shutil.copytree(tmp_path / "fork" / "tile", watched.folder / "tile")
    head = SqliteStore(other.database, VAULT).head()
    assert head is not None
    watched.publish(head.size, head.root)
    assert watched.look()[:2] == (1, {"anchor"})


def test_entries_that_wait_for_an_anchor(watched: Watched, tmp_path: Path) -> None:
    # At size 300 nothing waits, however long ago that was anchored.
    assert watched.look("--anchor-age", "-1")[0] == 0
    log = AuditedLog(watched.anchored.folder.path, watched.signer.verifier).copy(tmp_path / "grown")
    grow(log, 3, watched.signer)
    export(log, watched.folder)
    assert watched.look()[0] == 0
    code, kinds, said = watched.look("--anchor-age", "-1")
    assert (code, kinds) == (1, {"anchor age"})
    assert "at size 300" in said["alerts"][0]["detail"]


def test_another_operator(watched: Watched) -> None:
    _, _, said = watched.look()
    assert watched.look("--operator", said["operator"])[0] == 0
    code, kinds, other = watched.look("--operator", "0x" + "11" * 20)
    assert (code, kinds) == (1, {"operator"})
    assert said["operator"] in other["alerts"][0]["detail"]
    memory = load_memory(watched.state, watched.signer.verifier)
    save_memory(watched.state, replace(memory, operator="0x" + "22" * 20), watched.signer.verifier)
    assert watched.look()[:2] == (1, {"operator"})


def test_an_anchor_that_went_back(watched: Watched) -> None:
    assert watched.look()[0] == 0
    memory = load_memory(watched.state, watched.signer.verifier)
    save_memory(watched.state, replace(memory, anchored=400), watched.signer.verifier)
    assert watched.look()[:2] == (1, {"reorganised"})


@pytest.mark.parametrize("away", ["log", "chain"])
def test_silence_is_no_alert_until_it_lasts(watched: Watched, away: str) -> None:
    if away == "log":
        watched.faults.status["/checkpoint"] = 403
    rpc = AWAY if away == "chain" else None
    code, kinds, said = watched.look(rpc=rpc)
    assert (code, kinds) == (2, set())
    assert said["unknown"][0].startswith(away)
    since = orjson.loads(watched.state.read_bytes())[f"{away}_silent"]
    assert watched.look(rpc=rpc)[0] == 2
    assert orjson.loads(watched.state.read_bytes())[f"{away}_silent"] == since
    code, kinds, _ = watched.look("--silence", "0", rpc=rpc)
    assert (code, kinds) == (2, {"unreachable"})
    watched.faults.status.clear()
    assert watched.look()[:2] == (0, set())
    assert orjson.loads(watched.state.read_bytes())[f"{away}_silent"] is None


def test_a_chain_that_goes_away_in_the_middle_contradicts_nothing(watched: Watched) -> None:
    def deny(method: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        calls.append(method)
        return (500, b"") if method == "eth_call" and calls.count("eth_call") > 2 else forward()

    calls: list[str] = []
    with tampered(watched.anchored.rpc, deny) as url:
        assert watched.look(rpc=url)[:2] == (2, set())


@contextmanager
def receiving(status: list[int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Take posts: answer with these statuses first, with 200 after; yield the URL and what came in."""
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = status.pop(0) if status else 200
            if answer == 200:
                came.append(json.loads(body))
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_alert_is_posted_once_and_again_after_it_had_gone(watched: Watched) -> None:
    good = (watched.folder / "checkpoint").read_text()
    with receiving([503]) as (hook, came):
        watched.look("--webhook", hook)
        assert came == []
        for _ in range(2):
            watched.publish(300, b"\1" * 32)
            watched.look("--webhook", hook)
            watched.look("--webhook", hook)
            (watched.folder / "checkpoint").write_text(good)
            watched.look("--webhook", hook)
    assert [(item["format"], item["kind"], item["log"]) for item in came] == [
        ("loan-notary/alert@1", "fork", watched.url)
    ] * 2


@pytest.mark.parametrize("hook", [AWAY, None])
def test_an_alert_that_could_not_be_posted_is_tried_again(watched: Watched, hook: str | None) -> None:
    watched.look()
    watched.publish(300, b"\1" * 32)
    with receiving([] if hook else [400]) as (url, came):
        assert watched.look("--webhook", hook or url)[0] == 1
        assert came == []
        assert watched.look("--webhook", url)[0] == 1
    assert len(came) == 1


def test_it_watches_until_it_is_told_to_stop(watched: Watched) -> None:
    key = watched.signer.verifier.format()
    command = [*PROGRAM, "monitor", watched.url, "--log-key", key, "--state", str(watched.state), "--interval", "0.1"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=dict(os.environ), text=True)
    until(watched.state.exists, "it has looked")
    watched.publish(300, b"\1" * 32)
    until(lambda: b"fork" in watched.state.read_bytes(), "it has seen the fork")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 1
    lines = [orjson.loads(line) for line in said.splitlines()]
    assert [line["kind"] for line in lines if line["event"] == "alert"] == ["fork"]


def test_the_memory_is_read_as_it_was_written(tmp_path: Path) -> None:
    verifier = log_signer().verifier
    head = sign_checkpoint(Checkpoint(verifier.name, 3, b"\2" * 32), log_signer())
    for signed_by, given in ((None, verifier), (verifier.format(), replace(verifier, public_key=bytes(32)))):
        memory = Memory(head, signed_by, "0x" + "11" * 20, 2, 5, None, (Alert(Kind.FORK, "two"),))
        save_memory(tmp_path / "state", memory, given)
        assert load_memory(tmp_path / "state", given) == memory
    assert load_memory(tmp_path / "none", verifier) == Memory()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    "change", [{"format": "x"}, {"log_key": "x"}, {"more": 1}, {"checkpoint": "x"}, {"signed_by": "x"}, {"told": [{}]}]
)
def test_a_state_file_that_is_not_of_this_log(watched: Watched, change: dict[str, Any]) -> None:
    watched.look()
    document_ = orjson.loads(watched.state.read_bytes())
    watched.state.write_bytes(orjson.dumps(document_ | change))
    with pytest.raises(MonitorStateError):
        load_memory(watched.state, watched.signer.verifier)
    key = watched.signer.verifier.format()
    is_one_line(run("monitor", watched.url, "--log-key", key, "--state", watched.state, "--once"), 1, "state file")
    watched.state.write_bytes(b"rubbish")
    is_one_line(run("monitor", watched.url, "--log-key", key, "--state", watched.state, "--once"), 1, "state file")
