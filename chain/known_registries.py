# SPDX-License-Identifier: Apache-2.0
"""Every registry contract that was ever released, by the Keccak-256 of its deployed code.

A verifier believes storage only under code whose rules are known. Nothing is ever taken out of this list: receipts
anchored in an old registry must verify for ever.
"""

KNOWN_CODE_HASHES = frozenset(
    {
        bytes.fromhex("64be69c3fba0fda9c88ab131c24d833f09d152d8f3c221d7f71ba37194d3a5d2"),  # 0.1
    }
)
