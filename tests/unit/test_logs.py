# SPDX-License-Identifier: Apache-2.0
"""The service's log: JSON lines with their four members, and no value of anything in what is said of an error."""

import json
import subprocess
import sys
from typing import Any

import pytest

CANARY = "canary-5f1d"


def logged(script: str) -> list[dict[str, Any]]:
    """Run a script in a process of its own whose log is set up; return the lines that it wrote."""
    begin = "import logging, structlog, threading\nfrom api.logs import configure_logs\nconfigure_logs('writer')\n"
    ran = subprocess.run([sys.executable, "-c", begin + script], capture_output=True, text=True, timeout=60)
    assert CANARY not in ran.stdout + ran.stderr
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


FAIL = f"def fail(value):\n    raise ValueError(value) from KeyError(value)\nCANARY = '{CANARY}'\n"
CAUGHT = f"{FAIL}try:\n    fail(CANARY)\nexcept ValueError as error:\n    "
SCRIPTS = {
    "structlog, the error": CAUGHT + "structlog.get_logger().error('x', exc_info=error)",
    "structlog, the one at hand": CAUGHT + "structlog.get_logger().exception('x')",
    "logging": CAUGHT + "logging.getLogger('urllib3').exception('x')",
    "nobody catches it": FAIL + "fail(CANARY)",
    "nobody catches it in a thread": FAIL + "t = threading.Thread(target=fail, args=(CANARY,)); t.start(); t.join()",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_error_is_told_by_types_and_places(name: str) -> None:
    [line] = logged(SCRIPTS[name])
    assert line["error"] == ["ValueError", "KeyError"]
    assert line["places"][-1].endswith(" fail")
    assert (line["process"], line["level"] in ("error", "critical")) == ("writer", True)


def test_every_line_has_the_four_members() -> None:
    lines = logged(
        "structlog.get_logger().info('one', size=3)\n"
        "logging.getLogger('chain.anchorer').info('anchor of %d', 3)\n"
        "logging.getLogger('urllib3').info('not worth a line')\n"
        "logging.getLogger('urllib3').warning('worth one')\n"
        f"logging.getLogger('_granian').error('it failed\\nValueError: {CANARY}')\n"
    )
    assert [line["event"] for line in lines] == ["one", "anchor of 3", "worth one", "it failed"]
    assert [line["level"] for line in lines] == ["info", "info", "warning", "error"]
    for line in lines:
        assert line["process"] == "writer"
        assert line["time"].endswith("Z")
    assert lines[0]["size"] == 3
    assert set(lines[1]) == {"time", "level", "event", "process"}


def test_being_told_to_stop_is_no_error() -> None:
    assert logged("raise SystemExit(0)") == []


def test_a_log_on_a_full_disk_ended_the_process_that_wrote_it() -> None:
    script = (
        "import logging, structlog, sys\nfrom api.logs import configure_logs\n"
        "sys.stderr = open('/dev/full', 'w')\nconfigure_logs('writer')\n"
        "for _ in range(200):\n"
        "    structlog.get_logger().error('a' * 100)\n"
        "    logging.getLogger('notary').error('b' * 100)\n"
        "print('alive', flush=True)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("alive\n", "")
