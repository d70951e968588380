# SPDX-License-Identifier: Apache-2.0
"""`python -m loan_notary.build FOLDER` writes the client as a wheel: `import loan_notary`, and `loan-notary-verify`."""

import sys
from pathlib import Path

from verifier.wheel import sources, write_wheel

PACKAGE = "loan_notary"
ENTRIES = (PACKAGE, "verifier.__main__")


def write_client(folder: Path) -> Path:
    """Write the client as a wheel."""
    return write_wheel(folder, PACKAGE, sources(*ENTRIES))


def main() -> None:
    """Write it into the folder that the first argument names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{write_client(folder)}\n")


if __name__ == "__main__":
    main()
