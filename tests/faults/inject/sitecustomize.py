# SPDX-License-Identifier: Apache-2.0
"""Read by every Python process of a service under test: kills it at a line of its own code, or sets its clock wrong.

The folder of this file stands on the service's PYTHONPATH. `LOAN_NOTARY_FAULT` says at which line a process dies:
the loader of that one module compiles a call in front of the line, and nothing else is touched (no tracing, in any
thread). `LOAN_NOTARY_CLOCK` names a file with the milliseconds by which the clock is wrong.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

FAULT = "LOAN_NOTARY_FAULT"
CLOCK = "LOAN_NOTARY_CLOCK"


def places(lines: list[str], line: str, after: str) -> list[int]:
    """Return where a line is in a source; only right after another one, if `after` names it."""
    before = ["", *lines]
    return [
        number
        for number, text in enumerate(lines)
        if text.strip() == line and (not after or before[number].strip() == after)
    ]


class Killer:
    """Kills this process in front of its line, the `passage`-th time that it gets there while `trigger` exists."""

    def __init__(self, process: str, module: str, line: str, after: str, passage: int, trigger: str) -> None:
        self.process, self.module, self._passage = process, module, passage
        self._line, self._after = line, after
        self._trigger = Path(trigger)
        self._lock = threading.Lock()

    def pass_by(self) -> None:
        """Be told that the line comes next."""
        if self._trigger.exists():
            with self._lock:
                self._passage -= 1
                if self._passage == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    def armed(self, source: str) -> str:
        """Return a module's source with the call in front of the line, which must be there once."""
        lines = source.splitlines()
        [number] = places(lines, self._line, self._after)
        indent = len(lines[number]) - len(self._line)
        lines[number] = f"{' ' * indent}__import__('sitecustomize').KILLER.pass_by(); {self._line}"
        return "\n".join(lines)


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return compile(KILLER.armed(self.get_data(path).decode()), path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != KILLER.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


def _skew(file: Path) -> None:
    right = time.time_ns

    def wrong_ns() -> int:
        return right() + int(file.read_text()) * 1_000_000

    time.time_ns = wrong_ns
    time.time = lambda: wrong_ns() / 1e9


if FAULT in os.environ:
    KILLER = Killer(**json.loads(os.environ[FAULT]))
    if KILLER.process in " ".join(sys.orig_argv):
        sys.meta_path.insert(0, _Finder())
if CLOCK in os.environ:
    _skew(Path(os.environ[CLOCK]))
