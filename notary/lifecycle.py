# SPDX-License-Identifier: Apache-2.0
"""Which record a loan takes in which state, and the state it leaves behind. Rules only, no I/O.

Only an order that makes no sense at all is refused (check C6). A repayment before any disbursement is legal here: it
is odd, so it becomes a finding on an accepted record.
"""

from collections.abc import Mapping

from notary.errors import TransitionError

DRAFT = "draft"
"""The state of a loan that has no record yet."""

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "agreement": {DRAFT: "agreed"},
    "disbursement": {"agreed": "active", "active": "active"},
    "repayment": {"agreed": "agreed", "active": "active"},
    "settlement": {"agreed": "settled", "active": "settled"},
}
"""For each record type: the states that take it, and the state that follows."""


def next_state(state: str, record_type: str) -> str:
    """Return the state of a loan in `state` after a record of `record_type`, one of `RECORD_TYPES`.

    Raises `TransitionError`, which names the states that would take the record.
    """
    following = TRANSITIONS[record_type]
    if state not in following:
        raise TransitionError(record_type, state, tuple(following))
    return following[state]
