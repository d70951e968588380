# SPDX-License-Identifier: Apache-2.0
"""The contract of the `WebhookStore` port, held against every store of webhooks."""

from dataclasses import replace
from hashlib import sha256

import pytest

from notary.errors import NotFoundError
from notary.log.anchors import AnchorState
from notary.ports.store import Store
from notary.webhooks import DELAYS, AnchorChange, Delivery, RecordPlace, Webhook, WebhookStore
from tests.support.builders import (
    NOW,
    add_lender,
    anchor_of,
    head_of,
    history,
    kit_over,
    log_signer,
    placed,
    record_id,
)
from tests.support.stores import Opener

HOOK = Webhook(
    "wh_1", 1, "https://example.com/", ("record.recorded", "record.final"), "whsec_x", NOW, next_index=3, next_change=2
)


@pytest.fixture
def stores(database: Opener) -> tuple[Store, WebhookStore]:
    records, hooks = database.store(), database.webhooks()
    add_lender(records, "One", sha256(b"1").digest(), NOW)
    add_lender(records, "Two", sha256(b"2").digest(), NOW)
    return records, hooks


@pytest.fixture
def hooks(stores: tuple[Store, WebhookStore]) -> WebhookStore:
    stores[1].add_webhook(HOOK)
    return stores[1]


def message(number: int, webhook: str = "wh_1", next_at: int | None = NOW) -> Delivery:
    return Delivery(f"msg_{number}", webhook, "record.recorded", f'{{"n":{number}}}', NOW + number, next_at)


def test_webhooks_are_kept_whole_and_by_lender(hooks: WebhookStore) -> None:
    other = Webhook(
        "wh_2", 2, "https://b/", ("finding.raised",), "whsec_y", NOW + 1, 0, 1, 9, "whsec_z", NOW + 5, "by its lender"
    )
    hooks.add_webhook(other)
    assert hooks.webhooks() == [HOOK, other]
    assert hooks.webhooks(2) == [other]
    assert hooks.find_webhook(1, "wh_1") == HOOK
    for lender, identity in ((2, "wh_1"), (1, "wh_3")):
        with pytest.raises(NotFoundError):
            hooks.find_webhook(lender, identity)
        with pytest.raises(NotFoundError):
            hooks.remove_webhook(lender, identity)


def test_adding_a_webhook_again_leaves_it_as_it_is(hooks: WebhookStore) -> None:
    assert hooks.advance_webhook(HOOK, replace(HOOK, next_index=7), [])
    hooks.add_webhook(HOOK)
    assert hooks.webhooks() == [replace(HOOK, next_index=7)]


def test_a_change_by_the_lender_leaves_progress_alone(hooks: WebhookStore) -> None:
    assert hooks.advance_webhook(HOOK, replace(HOOK, next_index=7, next_change=4, change_index=2), [])
    changed = replace(
        HOOK, url="https://c/", events=("record.reorged",), secret="whsec_n", old_secret="whsec_x",
        old_secret_until=NOW + 9, disabled="by its lender",
    )  # fmt: skip
    hooks.change_webhook(changed)
    assert hooks.find_webhook(1, "wh_1") == replace(changed, next_index=7, next_change=4, change_index=2)


def test_progress_and_messages_move_together_and_once(hooks: WebhookStore) -> None:
    after = replace(HOOK, next_index=5)
    assert hooks.advance_webhook(HOOK, after, [message(1), message(2)])
    assert not hooks.advance_webhook(HOOK, after, [message(3)])
    assert [item.id for _, item in hooks.deliveries("wh_1", None, 2**62, 10)] == ["msg_2", "msg_1"]
    assert hooks.find_webhook(1, "wh_1") == after


def test_what_is_due(hooks: WebhookStore) -> None:
    hooks.add_webhook(replace(HOOK, id="wh_2"))
    for item in (
        message(1, next_at=NOW + 1), message(2, next_at=NOW), message(3, next_at=NOW - 1), message(4, next_at=None),
        message(5, next_at=NOW - 1), message(6, "wh_2", next_at=NOW - 2),
    ):  # fmt: skip
        hooks.save_delivery(item)
    due = []
    while (found := hooks.due_delivery("wh_1", NOW)) is not None:
        due.append(found.id)
        hooks.settle_delivery(replace(found, next_at=None))
    assert due == ["msg_3", "msg_5", "msg_2"]
    assert hooks.due_delivery("wh_3", NOW) is None


def test_since_when_the_oldest_message_is_due(hooks: WebhookStore) -> None:
    hooks.add_webhook(replace(HOOK, id="wh_off", disabled="by its lender"))
    assert hooks.oldest_due(NOW) is None
    hooks.save_delivery(message(1, "wh_off", next_at=NOW - 9))
    hooks.save_delivery(message(2, next_at=NOW + 1))
    hooks.save_delivery(message(3, next_at=None))
    assert hooks.oldest_due(NOW) is None
    hooks.save_delivery(message(4, next_at=NOW))
    hooks.save_delivery(message(5, next_at=NOW - 3))
    assert hooks.oldest_due(NOW) == NOW - 3


def test_nothing_waits_for_longer_than_its_delay(hooks: WebhookStore) -> None:
    right, far = NOW + DELAYS[1], NOW + DELAYS[-1] + 1
    items = [message(1, next_at=far), message(2, next_at=None)]
    items += [replace(message(3), attempts=2, next_at=right), replace(message(4), attempts=2, next_at=right + 1)]
    items += [replace(message(5), attempts=len(DELAYS), next_at=far)]
    for item in items:
        hooks.save_delivery(item)
    assert hooks.bring_forward(NOW) == 3
    kept = {item.id: item.next_at for _, item in hooks.deliveries("wh_1", None, 2**62, 10)}
    assert kept == {"msg_1": NOW, "msg_2": None, "msg_3": right, "msg_4": right, "msg_5": far - 1}


def test_how_many_messages_were_given_up(hooks: WebhookStore) -> None:
    assert hooks.failed_deliveries() == 0
    hooks.save_delivery(message(1))
    hooks.save_delivery(message(2, next_at=None))
    hooks.save_delivery(message(3, next_at=None))
    hooks.save_delivery(replace(message(4), next_at=None, delivered_at=NOW))
    assert hooks.failed_deliveries() == 2


def test_a_message_is_kept_whole_and_changed(hooks: WebhookStore) -> None:
    hooks.save_delivery(message(1))
    tried = replace(message(1), attempts=2, next_at=NOW + 5, status=500, detail="Server Error")
    hooks.settle_delivery(tried)
    assert hooks.find_delivery("wh_1", "msg_1") == tried
    done = replace(tried, next_at=None, delivered_at=NOW + 6, status=200, detail="OK")
    hooks.settle_delivery(done)
    assert hooks.find_delivery("wh_1", "msg_1") == done
    hooks.save_delivery(message(1))
    assert hooks.find_delivery("wh_1", "msg_1") == done
    with pytest.raises(NotFoundError):
        hooks.find_delivery("wh_2", "msg_1")


def test_lists_by_state_and_page(hooks: WebhookStore) -> None:
    for number in range(1, 7):
        hooks.save_delivery(message(number))
    hooks.settle_delivery(replace(message(2), next_at=None, delivered_at=NOW))
    hooks.settle_delivery(replace(message(5), next_at=None))
    first = hooks.deliveries("wh_1", None, 2**62, 4)
    assert [item.id for _, item in first] == ["msg_6", "msg_5", "msg_4", "msg_3"]
    rest = hooks.deliveries("wh_1", None, first[-1][0], 4)
    assert [item.id for _, item in rest] == ["msg_2", "msg_1"]
    for state, ids in {
        "delivered": ["msg_2"],
        "failed": ["msg_5"],
        "waiting": ["msg_6", "msg_4", "msg_3", "msg_1"],
    }.items():
        assert [item.id for _, item in hooks.deliveries("wh_1", state, 2**62, 10)] == ids
    assert hooks.deliveries("wh_2", None, 2**62, 10) == []


def test_a_webhook_goes_with_its_messages(hooks: WebhookStore) -> None:
    hooks.save_delivery(message(1))
    hooks.remove_webhook(1, "wh_1")
    assert hooks.webhooks() == []
    assert hooks.due_delivery("wh_1", NOW) is None
    # What was under way when it went is dropped, not an error.
    hooks.settle_delivery(replace(message(1), attempts=1))
    assert hooks.due_delivery("wh_1", NOW) is None


def test_old_messages_go_when_they_were_delivered(hooks: WebhookStore) -> None:
    hooks.save_delivery(replace(message(1), next_at=None, delivered_at=NOW))
    hooks.save_delivery(replace(message(2), next_at=None, delivered_at=NOW + 1))
    hooks.save_delivery(message(3, next_at=None))
    assert hooks.drop_delivered(NOW + 1) == 1
    assert [item.id for _, item in hooks.deliveries("wh_1", None, 2**62, 10)] == ["msg_3", "msg_2"]


def test_the_places_of_a_lender_s_records(stores: tuple[Store, WebhookStore]) -> None:
    records, hooks = stores
    kit = kit_over(records)
    placed(kit.sequencer.append([*history("A", 3, lender=1), *history("B", 2, first=10, lender=2)]))
    placed(kit.sequencer.append(history("C", 1, first=20, lender=1)))
    assert hooks.lender_places(1, 0, 100) == [
        RecordPlace(1, record_id(0), "A", 0),
        RecordPlace(2, record_id(1), "A", 1),
        RecordPlace(3, record_id(2), "A", 2),
        RecordPlace(6, record_id(20), "C", 0),
    ]
    assert [place.index for place in hooks.lender_places(1, 2, 6)] == [2, 3]


def test_the_changes_of_anchors(stores: tuple[Store, WebhookStore]) -> None:
    records, hooks = stores
    signer = log_signer()

    def save(size: int, state: AnchorState) -> None:
        head = head_of(size, sha256(b"%d" % size).digest(), signer)
        records.save_anchor(anchor_of(head, state=state))

    start = hooks.next_anchor_change()
    assert hooks.anchor_change(start) is None
    steps = [
        (10, AnchorState.PENDING), (10, AnchorState.SENT), (10, AnchorState.MINED), (10, AnchorState.MINED),
        (20, AnchorState.MINED), (20, AnchorState.REORGED), (10, AnchorState.FINAL), (30, AnchorState.FINAL),
        (20, AnchorState.REPLACED), (10, AnchorState.LOST), (30, AnchorState.LOST), (40, AnchorState.FINAL),
    ]  # fmt: skip
    for size, state in steps:
        save(size, state)
    found, number = [], start
    while change := hooks.anchor_change(number):
        found.append(change)
        number = change.number + 1
    assert number == hooks.next_anchor_change()
    assert [(item.size, item.state.value, item.standing, item.final) for item in found] == [
        (10, "mined", 0, 0),
        (20, "mined", 10, 0),
        (20, "reorged", 10, 0),
        (10, "final", 10, 0),
        (30, "final", 10, 10),
        (10, "lost", 30, 30),
        (30, "lost", 0, 0),
        (40, "final", 0, 0),
    ]
    assert isinstance(found[0], AnchorChange)
