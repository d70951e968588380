# SPDX-License-Identifier: Apache-2.0
"""Which record a loan takes in which state: the whole table, and that every type is in it."""

import itertools

import pytest

from notary.errors import TransitionError
from notary.lifecycle import DRAFT, TRANSITIONS, next_state
from notary.records import RECORD_TYPES

LEGAL = {
    ("draft", "agreement"): "agreed",
    ("agreed", "disbursement"): "active",
    ("active", "disbursement"): "active",
    ("agreed", "repayment"): "agreed",
    ("active", "repayment"): "active",
    ("agreed", "settlement"): "settled",
    ("active", "settlement"): "settled",
}
STATES = ("draft", "agreed", "active", "settled")


@pytest.mark.parametrize(("state", "record_type"), list(itertools.product(STATES, RECORD_TYPES)))
def test_every_state_takes_what_it_should_and_nothing_else(state: str, record_type: str) -> None:
    if (state, record_type) in LEGAL:
        assert next_state(state, record_type) == LEGAL[state, record_type]
        return
    with pytest.raises(TransitionError) as refused:
        next_state(state, record_type)
    assert (refused.value.state, refused.value.record_type) == (state, record_type)
    assert refused.value.wanted == tuple(s for s, t in LEGAL if t == record_type)


def test_every_record_type_has_a_place() -> None:
    assert TRANSITIONS.keys() == RECORD_TYPES.keys()


def test_a_new_loan_is_a_draft() -> None:
    assert DRAFT == "draft"
