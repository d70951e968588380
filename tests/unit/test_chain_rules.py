# SPDX-License-Identifier: Apache-2.0
"""The rules of anchoring that need no chain: states, finality, fees."""

import itertools

import pytest

from chain.anchor_rules import AnchorPolicy, Sighting, is_final, next_state
from chain.fees import GWEI, MINIMUM_TIP, bump_fees, suggest_fees
from chain.rpc_values import Fees
from notary.log.anchors import AnchorState

PENDING, SENT, MINED, REORGED = AnchorState.PENDING, AnchorState.SENT, AnchorState.MINED, AnchorState.REORGED
OPEN = (PENDING, SENT, MINED, REORGED)
NOTHING = Sighting(succeeded=False, nonce_used=False, waiting=False, anchored=False)


@pytest.mark.parametrize(
    ("state", "seen", "wanted"),
    [
        (PENDING, {}, PENDING),
        (PENDING, {"waiting": True}, SENT),
        (PENDING, {"succeeded": True, "nonce_used": True}, MINED),
        (PENDING, {"anchored": True}, MINED),
        (PENDING, {"nonce_used": True}, AnchorState.REPLACED),
        (SENT, {}, SENT),
        (SENT, {"waiting": True}, SENT),
        (SENT, {"anchored": True, "nonce_used": True}, MINED),
        (SENT, {"nonce_used": True}, AnchorState.REPLACED),
        (MINED, {"anchored": True}, MINED),
        (MINED, {}, REORGED),
        (MINED, {"waiting": True}, REORGED),
        (MINED, {"nonce_used": True}, REORGED),
        (REORGED, {"waiting": True}, REORGED),
        (REORGED, {"succeeded": True}, MINED),
        (REORGED, {"nonce_used": True}, AnchorState.REPLACED),
    ],
)
def test_next_state(state: AnchorState, seen: dict[str, bool], wanted: AnchorState) -> None:
    assert next_state(state, Sighting(**{**vars(NOTHING), **seen})) is wanted


def test_whatever_the_registry_confirms_is_mined() -> None:
    for state, succeeded, nonce_used, waiting in itertools.product(OPEN, *[(False, True)] * 3):
        assert next_state(state, Sighting(succeeded, nonce_used, waiting, anchored=True)) is MINED


@pytest.mark.parametrize(
    ("depth", "latest", "finalized", "wanted"),
    [
        (0, 100, None, True),
        (3, 102, None, False),
        (3, 103, None, True),
        (3, 102, 102, False),
        (None, 500, None, False),
        (None, 500, 99, False),
        (None, 500, 100, True),
        (0, 99, None, False),
    ],
)
def test_finality_of_block_100(depth: int | None, latest: int, finalized: int | None, wanted: bool) -> None:
    assert is_final(AnchorPolicy(depth=depth), 100, latest, finalized) is wanted


def test_fees_outlast_a_doubled_base_fee() -> None:
    fees = suggest_fees(10 * GWEI, 2 * GWEI)
    assert fees == Fees(22 * GWEI, 2 * GWEI)
    assert suggest_fees(0, 0) == Fees(MINIMUM_TIP, MINIMUM_TIP)


@pytest.mark.parametrize("offered", [Fees(1, 1), Fees(7, 3), Fees(1001, 999), Fees(22 * GWEI, 2 * GWEI)])
def test_a_bump_raises_both_fees_by_an_eighth_at_least(offered: Fees) -> None:
    bumped = bump_fees(offered, Fees(0, 0))
    assert bumped.max_fee * 8 >= offered.max_fee * 9
    assert bumped.max_priority_fee * 8 >= offered.max_priority_fee * 9
    assert bumped.max_fee <= offered.max_fee * 9 // 8 + 1


def test_a_bump_follows_the_market() -> None:
    assert bump_fees(Fees(100, 10), Fees(500, 5)) == Fees(500, 12)
