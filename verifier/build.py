# SPDX-License-Identifier: Apache-2.0
"""`python -m verifier.build FOLDER` writes the verifier as a wheel and as one file that Python runs.

::

    loan_notary_verifier-0.1.0-py3-none-any.whl    to install: the command loan-notary-verify, and `import verifier`
    loan-notary-verify.pyz                         to run: python loan-notary-verify.pyz RECEIPT...
"""

import sys
from functools import cache
from pathlib import Path

from verifier.wheel import archive, read_project, sources, write_wheel

PACKAGE = "verifier"
ENTRY = "verifier.__main__"
SINGLE_FILE = "loan-notary-verify.pyz"

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
    packages = " ".join(requirement.partition(">")[0] for requirement in read_project(PACKAGE)["dependencies"])
    members = {**sources(ENTRY), "__main__.py": _MAIN.format(packages=packages).encode()}
    return b"#!/usr/bin/env python3\n" + archive(members)


def write_single_file(folder: Path) -> Path:
    """Write the verifier as a single file."""
    path = folder / SINGLE_FILE
    path.write_bytes(single_file())
    path.chmod(0o755)
    return path


def write_verifier(folder: Path) -> Path:
    """Write the verifier as a wheel."""
    return write_wheel(folder, PACKAGE, sources(ENTRY))


def main() -> None:
    """Write both into the folder that the first argument names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in (write_verifier(folder), write_single_file(folder)):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
