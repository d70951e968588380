# SPDX-License-Identifier: Apache-2.0
"""The contract of the `ErasureStore` port, held against every store."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from notary.access import Grant, LoanPass
from notary.errors import ErasedError, HeldError, NotFoundError, UnavailableError
from notary.log.anchors import LogHead
from notary.ports.log import Batch
from notary.ports.records import Hold, Loan
from notary.privacy.erasing import Erasure
from notary.webhooks import Delivery, Webhook
from tests.ports.test_store import draft, entry, head, loan
from tests.support.builders import NOW, add_lender, record_id, stored_record
from tests.support.stores import Opener

BY_LENDER, BY_OPERATOR = Hold("lender", NOW), Hold("operator", NOW + 1)
ERASURE = record_id(77)


@pytest.fixture
def store(database: Opener) -> Iterator[Any]:
    """A store of lender 1 with the loans A (entries 1 and 3) and B (entry 2)."""
    store = database.store()
    add_lender(store, "示范银行", b"key of one", NOW)
    add_lender(store, "Example Bank", b"key of two", NOW)
    store.commit(None, Batch(head(1), [entry(0)]))
    a, b = loan("A", 2), loan("B")
    records = [stored_record(1, 0, a), stored_record(2, 0, b), stored_record(3, 1, a)]
    store.commit(head(1), Batch(head(4), [entry(1), entry(2), entry(3)], records, [a, b]))
    yield store
    store.close()


def grow(store: Any, expected: LogHead, changed: Loan) -> None:
    index = expected.size
    record = stored_record(index, changed.records - 1, changed)
    store.commit(expected, Batch(head(index + 1), [entry(index)], [record], [changed]))


def erased(store: Any, number: str = "A") -> None:
    store.begin_erasure(1, number, ERASURE)
    store.finish_erasure(1, number, NOW + 5)


def test_holds_are_set_and_lifted_each_by_who_set_it(store: Any) -> None:
    assert store.holds(1, "A") == ()
    assert store.set_hold(1, "A", BY_OPERATOR) is True
    assert store.set_hold(1, "A", BY_LENDER) is True
    assert store.set_hold(1, "A", Hold("lender", NOW + 9)) is False
    assert store.holds(1, "A") == (BY_LENDER, BY_OPERATOR)
    assert store.holds(1, "B") == ()
    assert store.lift_hold(1, "A", "lender") is True
    assert store.lift_hold(1, "A", "lender") is False
    assert store.holds(1, "A") == (BY_OPERATOR,)


@pytest.mark.parametrize(("lender", "number"), [(1, "C"), (2, "A"), (9, "A")])
def test_a_loan_that_is_not_there_is_not_found(store: Any, lender: int, number: str) -> None:
    for ask in (
        lambda: store.holds(lender, number),
        lambda: store.set_hold(lender, number, BY_LENDER),
        lambda: store.erasure(lender, number),
        lambda: store.begin_erasure(lender, number, ERASURE),
    ):
        with pytest.raises(NotFoundError):
            ask()


def test_a_loan_that_is_held_is_not_erased(store: Any) -> None:
    store.set_hold(1, "A", BY_OPERATOR)
    with pytest.raises(HeldError) as refused:
        store.begin_erasure(1, "A", ERASURE)
    assert refused.value.holders == ("operator",)
    assert store.erasure(1, "A") is None
    store.lift_hold(1, "A", "operator")
    assert store.begin_erasure(1, "A", ERASURE) == Erasure(ERASURE, 1, (1, 3), None)


def test_an_erasure_that_has_begun_keeps_its_id_and_lets_nothing_in(store: Any) -> None:
    store.begin_erasure(1, "A", ERASURE)
    assert store.begin_erasure(1, "A", record_id(78)).id == ERASURE
    assert store.unfinished_erasures() == [(1, "A")]
    with pytest.raises(ErasedError):
        store.set_hold(1, "A", BY_LENDER)
    with pytest.raises(UnavailableError):
        grow(store, head(4), loan("A", 3))
    assert store.find_loans([(1, "A")])[1, "A"].erasure == ERASURE
    assert [record.index for record in store.loan_records(1, "A")] == [1, 3]
    grow(store, head(4), loan("B", 2))


def test_another_store_that_knew_the_loan_adds_nothing_to_it(store: Any, database: Opener) -> None:
    other = database.store()
    assert other.find_loans([(1, "A")]) == {(1, "A"): loan("A", 2)}
    store.begin_erasure(1, "A", ERASURE)
    with pytest.raises(UnavailableError):
        grow(other, head(4), loan("A", 3))
    assert other.head() == head(4)
    other.close()


def test_nothing_is_left_of_an_erased_loan_but_where_it_stood(store: Any) -> None:
    erased(store)
    assert store.erasure(1, "A") == Erasure(ERASURE, 1, (1, 3), NOW + 5)
    assert store.unfinished_erasures() == []
    assert store.loan_records(1, "A") == []
    assert store.find_records([(1, record_id(1)), (1, record_id(2))]).keys() == {(1, record_id(2))}
    assert [store.erasure_of_record(1, record_id(number)) for number in (1, 2, 3)] == [ERASURE, "", ERASURE]
    gone = store.find_loans([(1, "A")])[1, "A"]
    assert (gone.erasure, gone.records, gone.key, gone.state) == (ERASURE, 2, b"", "")
    assert list(store.loan_numbers(1)) == ["B"]
    with pytest.raises(ErasedError):
        store.holds(1, "A")
    # Again changes nothing.
    store.finish_erasure(1, "A", NOW + 99)
    assert store.erasure(1, "A") == Erasure(ERASURE, 1, (1, 3), NOW + 5)


def test_drafts_grants_and_passes_of_an_erased_loan_name_it_no_more(store: Any) -> None:
    for number, name in ((1, "A"), (2, "B")):
        store.add_draft(draft(number, payload=b'{"loan":"%s"}' % name.encode()))
        store.add_grant(Grant(f"grant_{name}", 2, 1, name, None, None, NOW + number, NOW + 100))
        store.add_pass(LoanPass(f"pass_{name}", 1, name, NOW + number, NOW + 50), name.encode())
    erased(store)
    assert [item.record_id for item in store.drafts(1, "", 9, NOW)] == [record_id(2)]
    assert [item.loan for item in store.grants(lender=1)] == ["", "B"]
    assert [item.loan for item in store.passes(1)] == ["", "B"]


def test_other_loans_stay_as_they_were(store: Any) -> None:
    before = store.loan_records(1, "B"), store.find_loans([(1, "B")])
    erased(store)
    assert (store.loan_records(1, "B"), store.find_loans([(1, "B")])) == before
    grow(store, head(4), loan("B", 2))
    assert list(store.entries_without_record(0, 5)) == [0, 1, 3]


HOOK = Webhook("wh_1", 1, "https://example.com/", ("record.recorded",), "whsec_x", NOW, next_index=1, next_change=1)


def messages(number: str) -> list[Delivery]:
    body = {"type": "record.recorded", "data": {"records": [{"index": 1, "id": "x", "loan": number, "sequence": 0}]}}
    return [Delivery(f"msg_{number}", HOOK.id, "record.recorded", json.dumps(body), NOW, NOW)]


def test_what_was_read_before_an_erasure_is_told_no_more(store: Any, database: Opener) -> None:
    hooks = database.webhooks()
    hooks.add_webhook(HOOK)
    hooks.add_webhook(replace(HOOK, id="wh_2", lender=2))
    before, stranger = hooks.webhooks()
    erased(store)
    after = replace(before, next_index=4)
    assert not hooks.advance_webhook(before, after, messages("A"))
    assert hooks.deliveries(HOOK.id, None, 2**62, 10) == []
    now = hooks.find_webhook(1, HOOK.id)
    assert now == replace(before, erasures=1)
    assert hooks.advance_webhook(now, replace(now, next_index=4), messages("B"))
    # What another lender erases holds up nobody.
    assert hooks.advance_webhook(stranger, replace(stranger, next_index=4), [])
    # An erasure that is done, asked for again, destroys nothing, and counts for nothing.
    erased(store)
    assert hooks.find_webhook(1, HOOK.id).erasures == 1
    hooks.close()


def test_a_message_that_is_added_while_an_erasure_ends_goes_with_it(store: Any, database: Opener) -> None:
    store.begin_erasure(1, "A", ERASURE)
    hooks, other = database.webhooks(), database.store()
    hooks.add_webhook(HOOK)

    def finish() -> None:
        other.finish_erasure(1, "A", NOW + 5)
        other.close()

    ending = threading.Thread(target=finish)

    class Adding(list[Delivery]):
        """Messages in whose midst the erasure comes: their transaction is under way when they are asked for."""

        def __iter__(self) -> Iterator[Delivery]:
            ending.start()
            # It waits for this transaction, so this is how long it gets to do what it must not do yet.
            ending.join(0.3)
            return super().__iter__()

    assert hooks.advance_webhook(HOOK, replace(HOOK, next_index=4), Adding(messages("A")))
    ending.join()
    assert store.erasure(1, "A") == Erasure(ERASURE, 1, (1, 3), NOW + 5)
    assert hooks.deliveries(HOOK.id, None, 2**62, 10) == []
    hooks.close()
