# SPDX-License-Identifier: Apache-2.0
"""`python -m verifier`: the command `loan-notary-verify`."""

import sys

from verifier.cli import main

if __name__ == "__main__":
    sys.exit(main())
