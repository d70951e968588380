# SPDX-License-Identifier: Apache-2.0
"""`python -m verifier.build FOLDER` writes the verifier as a wheel and as one file that Python runs.

::

    loan_notary_verifier-0.1.0-py3-none-any.whl    to install: the command loan-notary-verify, and `import verifier`
    loan-notary-verify.pyz                         to run: python loan-notary-verify.pyz RECEIPT...

The same sources give the same bytes everywhere: names sorted, one time, nothing compressed (compressors differ).
"""

import io
import sys
import tomllib
import zipfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from notary.encoding import b64url
from verifier.closure import ROOT, closure_of

ENTRY = "verifier.__main__"
SINGLE_FILE = "loan-notary-verify.pyz"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP archive can hold."""
_MODE = 0o644 << 16

_MAIN = '''\
# SPDX-License-Identifier: Apache-2.0
"""Runs the verifier from a single file. It needs Python 3.11 or newer and these packages: {packages}."""

import sys

try:
    from verifier.cli import main
except ModuleNotFoundError as error:
    sys.stderr.write("error: " + str(error.name) + " is missing; install what this file needs:\\n")
    sys.stderr.write("  python -m pip install {packages}\\n")
    sys.exit(2)

sys.exit(main())
'''


@cache
def single_file() -> bytes:
    """Return the verifier as a zipapp (PEP 441) that asks for the packages that it lacks; made once in a process."""
    packages = " ".join(requirement.partition(">")[0] for requirement in _project()["dependencies"])
    members = {**_sources(), "__main__.py": _MAIN.format(packages=packages).encode()}
    return b"#!/usr/bin/env python3\n" + _archive(members)


def write_single_file(folder: Path) -> Path:
    """Write the verifier as a single file."""
    path = folder / SINGLE_FILE
    path.write_bytes(single_file())
    path.chmod(0o755)
    return path


def write_wheel(folder: Path) -> Path:
    """Write the verifier as a wheel (PEP 427)."""
    project = _project()
    name = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{name}.dist-info"
    members = {
        **_sources(),
        f"{info}/METADATA": _metadata(project).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: loan-notary\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": _entry_points(project).encode(),
        f"{info}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
    }
    members[f"{info}/RECORD"] = _record(members, f"{info}/RECORD").encode()
    path = folder / f"{name}-py3-none-any.whl"
    path.write_bytes(_archive(members))
    return path


def _project() -> dict[str, Any]:
    text = Path(__file__).with_name("pyproject.toml").read_text("utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    return project


def _sources() -> dict[str, bytes]:
    return {name: (ROOT / name).read_bytes() for name in closure_of(ENTRY).files}


def _archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = 3, _MODE
            archive.writestr(entry, members[name])
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


def main() -> None:
    """Write both into the folder that the first argument names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in (write_wheel(folder), write_single_file(folder)):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
