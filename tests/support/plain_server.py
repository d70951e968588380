# SPDX-License-Identifier: Apache-2.0
"""The plainest web server that there is: `python -m http.server`, a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """Serve the files of a folder; yield the URL."""
    command = (sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout
            yield server.stdout.readline().split("(")[1].split(")")[0].rstrip("/")
        finally:
            server.terminate()
