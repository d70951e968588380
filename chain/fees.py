# SPDX-License-Identifier: Apache-2.0
"""What to offer for gas (EIP-1559). Pure; amounts in wei for one unit of gas."""

from chain.rpc_values import Fees

GWEI = 10**9
MINIMUM_TIP = GWEI
"""Offered when the node suggests less: nodes drop transactions below their own floor, which is 1 gwei at most."""


def suggest_fees(base_fee: int, suggested_tip: int) -> Fees:
    """Return fees that stay sufficient while the base fee doubles, that is for at least six full blocks in a row."""
    tip = max(suggested_tip, MINIMUM_TIP)
    return Fees(max_fee=2 * base_fee + tip, max_priority_fee=tip)


def bump_fees(offered: Fees, now: Fees) -> Fees:
    """Return fees that replace a transaction offering `offered`, and are not below `now`.

    Nodes take a replacement only when both fees rise, by 10 % (geth) or 12.5 % (others) at least: 12.5 %, rounded up.
    """
    return Fees(
        max_fee=max(_raise(offered.max_fee), now.max_fee),
        max_priority_fee=max(_raise(offered.max_priority_fee), now.max_priority_fee),
    )


def _raise(fee: int) -> int:
    return fee + -(-fee // 8)
