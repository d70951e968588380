# SPDX-License-Identifier: Apache-2.0
"""Every registry contract that was ever released, by the Keccak-256 of its deployed code.

A verifier believes storage only under code whose rules are known. Nothing is ever taken out of this list: receipts
anchored in an old registry must verify for ever.
"""

KNOWN_CODE_HASHES = frozenset(
    {
        bytes.fromhex("3b75b84ef5f0229586aed95dc7665ff266a27ccd22752e8ea7d49fa6a12056a8"),  # 0.1
    }
)
