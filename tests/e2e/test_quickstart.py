# SPDX-License-Identifier: Apache-2.0
"""docs/quickstart.md is true: its sessions and its Python run as they are written, in order, against one service."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.service import free_port

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_every_block_runs_as_written(tmp_path: Path) -> None:
    blocks = _BLOCK.findall((ROOT / "docs" / "quickstart.md").read_text("utf-8"))
    shutil.copytree(ROOT / "docs" / "quickstart", tmp_path / "docs" / "quickstart")
    port = str(free_port())
    shell = [line[2:] for kind, text in blocks if kind == "console" for line in text.splitlines() if line[:2] == "$ "]
    program = "\n".join(text for kind, text in blocks if kind == "python").replace(":8080", f":{port}")
    (tmp_path / "program.py").write_text(program, "utf-8")
    # The first line puts .venv/bin on the PATH of a shell in the clone; the tests run with it there already.
    script = "\n".join(
        [
            "set -em",
            "trap 'kill %1 2> kill.log || true' EXIT",
            *shell[1:],
            f"{sys.executable} program.py",
            "kill %1; wait",
        ]
    )
    script = script.replace("init --data", f"init --port {port} --anchor-interval 0.2 --data").replace(
        ":8080", f":{port}"
    )
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip
    log = (tmp_path / "run.log").read_text("utf-8") if (tmp_path / "run.log").exists() else ""
    assert ran.returncode == 0, ran.stdout + ran.stderr + log[-4000:]
    assert re.search("^VALID$", ran.stdout, re.MULTILINE)
    said = ran.stdout.splitlines()
    at = said.index("valid final test")
    assert re.fullmatch("/[a-z_]* [0-9a-f]{32}", said[at + 1])
    assert re.fullmatch("1 None The record's id was used before: .*", said[at + 2])
    assert re.fullmatch(r"done 0 \[[0-9]+\]", said[at + 3])
    assert said[at + 4] == "/: the header webhook-timestamp is missing"
    assert "'/id'" in (tmp_path / "pointers.txt").read_text("utf-8")
    shown = [line for kind, text in blocks if kind == "console" for line in text.splitlines() if line[:2] != "$ "]
    assert shown == ["VALID"]
    for name in ("agreement.receipt.json", "repayment.receipt.json"):
        command = [sys.executable, "-m", "verifier", "--production", tmp_path / name]
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert checked.returncode == 1
        assert "TEST" in checked.stdout
