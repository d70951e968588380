# SPDX-License-Identifier: Apache-2.0
"""What a module needs: all modules of ours that it imports, directly or through others, and the packages of others.

Read from the sources, imports inside functions too, so that nothing is found missing only when it is called for.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("chain", "loan_notary", "notary", "verifier")


@dataclass(frozen=True)
class Closure:
    """Files of ours by their path under the root, and the top-level names of packages of others; both sorted."""

    files: tuple[str, ...]
    packages: tuple[str, ...]


def closure_of(*modules: str) -> Closure:
    """Return what these modules need, themselves included."""
    files, packages, waiting = set[str](), set[str](), list(modules)
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if path is None:
            packages.add(name.partition(".")[0])
            continue
        relative = path.relative_to(ROOT).as_posix()
        if relative not in files:
            files.add(relative)
            waiting += _parents(name)
            waiting += _imports(ast.parse(path.read_bytes()))
    return Closure(tuple(sorted(files)), tuple(sorted(packages - sys.stdlib_module_names)))


def _path(name: str) -> Path | None:
    """Return the file of a module of ours, or None for a module of others."""
    if name.partition(".")[0] not in OURS:
        return None
    place = ROOT.joinpath(*name.split("."))
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not path.is_file():
        raise ModuleNotFoundError(f"there is no module {name}")
    return path


def _parents(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # `from package import module` names a module where there is a file of that name.
            yield from (
                f"{node.module}.{alias.name}" for alias in node.names if _is_module(f"{node.module}.{alias.name}")
            )


def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return name.partition(".")[0] in OURS and (place.with_suffix(".py").is_file() or place.is_dir())
