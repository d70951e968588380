# SPDX-License-Identifier: Apache-2.0
"""Writes a distribution of some of our modules as a wheel (PEP 427).

The same sources give the same bytes everywhere: names sorted, one time, nothing compressed (compressors differ).
"""

import io
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from notary.encoding import b64url
from verifier.closure import ROOT, closure_of

_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP archive can hold."""
_MODE = 0o644 << 16


def read_project(package: str) -> dict[str, Any]:
    """Return the table `project` of a package's own pyproject.toml."""
    project: dict[str, Any] = tomllib.loads((ROOT / package / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def sources(*entries: str) -> dict[str, bytes]:
    """Return the modules that these need, themselves included, by their names, and that their types count (PEP 561)."""
    modules = closure_of(*entries).files
    marks = {f"{name.partition('/')[0]}/py.typed" for name in modules}
    return {name: (ROOT / name).read_bytes() for name in (*modules, *marks)}


def write_wheel(folder: Path, package: str, modules: dict[str, bytes]) -> Path:
    """Write modules as the distribution that the package's own pyproject.toml describes."""
    project = read_project(package)
    name = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{name}.dist-info"
    members = {
        **modules,
        f"{info}/METADATA": _metadata(project).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: loan-notary\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": _entry_points(project).encode(),
        f"{info}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
    }
    members[f"{info}/RECORD"] = _record(members, f"{info}/RECORD").encode()
    path = folder / f"{name}-py3-none-any.whl"
    path.write_bytes(archive(members))
    return path


def archive(members: dict[str, bytes]) -> bytes:
    """Return a ZIP archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as written:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = 3, _MODE
            written.writestr(entry, members[name])
    return buffer.getvalue()


def _metadata(project: dict[str, Any]) -> str:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {requirement}" for requirement in project["dependencies"]),
    ]
    for extra, requirements in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += (f'Requires-Dist: {requirement}; extra == "{extra}"' for requirement in requirements)
    return "\n".join(lines) + "\n"


def _entry_points(project: dict[str, Any]) -> str:
    return "[console_scripts]\n" + "".join(f"{name} = {place}\n" for name, place in project["scripts"].items())


def _record(members: dict[str, bytes], itself: str) -> str:
    rows = [f"{name},sha256={b64url(sha256(data).digest())},{len(data)}" for name, data in sorted(members.items())]
    return "\n".join([*rows, f"{itself},,"]) + "\n"
