# SPDX-License-Identifier: Apache-2.0
"""Puts the recursion limit back: web3 and eth_account import py_ecc, which lifts it to 100,000 for the whole process.

Deeply nested input would then overflow the C stack of the json module and kill the process, with no RecursionError.
Whoever imports web3 or eth_account imports this module too.
"""

import sys

import py_ecc  # noqa: F401 - so that no later import lifts the limit again

LIMIT = 1000
"""CPython's own."""

sys.setrecursionlimit(LIMIT)
