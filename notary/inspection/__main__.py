# SPDX-License-Identifier: Apache-2.0
"""The checking process: `python -m notary.inspection`."""

import sys

from notary.inspection.process import serve

if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
