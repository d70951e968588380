# SPDX-License-Identifier: Apache-2.0
"""README is true: its first session runs as it is written, and its list of the API is the API."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from tests.support.routes import served_routes

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
_BLOCK = re.compile(r"## Your own first record\n\n```console\n(.*?)```", re.DOTALL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_first_session_runs_as_written(tmp_path: Path) -> None:
    [session] = _BLOCK.findall(README)
    commands = [line[2:] for line in session.splitlines() if line.startswith("$ ")]
    expected = [line for line in session.splitlines() if not line.startswith("$ ")]
    shutil.copytree(ROOT / "docs" / "quickstart", tmp_path / "docs" / "quickstart")
    port = str(free_port())
    # The first line puts .venv/bin on the PATH of a shell in the clone; the tests run with it there already.
    script = "\n".join(["set -em", *commands[1:]])
    script = script.replace("loan-notary init", f"loan-notary init --port {port}").replace(":8080", f":{port}")
    environment = {**os.environ, "LOAN_NOTARY_URL": f"http://127.0.0.1:{port}"}
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    log = (tmp_path / "run.log").read_text("utf-8") if (tmp_path / "run.log").exists() else ""
    assert ran.returncode == 0, ran.stdout + ran.stderr + log
    assert expected == ["VALID", "CLEAN"]
    for word in expected:
        assert re.search(f"^{word}", ran.stdout, re.MULTILINE)


def test_the_table_names_every_endpoint_and_no_other() -> None:
    section = README.split("## The API")[1].split("\nAll but")[0]
    named = set(re.findall(r"/[a-z][^`\s]*", section))
    assert {re.sub(r"\{[^}]*\}", "{}", path) for path in named if "..." not in path} == served_routes()


def test_the_pages_that_are_named_are_served() -> None:
    section = README.split("## The pages")[1].split("\n## ")[0]
    named = set(re.findall(r"`(/[a-z-]*)`", section))
    assert named <= served_routes(pages=True)
    assert {"/", "/check"} <= named
