# SPDX-License-Identifier: Apache-2.0
"""What webhooks are told of a real log and its anchors: everything, once, and nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.webhooks.producing import PLACES, Producer
from notary.canonical import canonical_json
from notary.log.anchors import AnchorState
from notary.stores.sqlite import SqliteStore, SqliteWebhooks
from notary.webhooks import Webhook
from tests.support.builders import (
    NOW,
    VAULT,
    NotaryKit,
    add_lender,
    anchor_of,
    history,
    kit_over,
    placed,
    record,
    record_id,
)

FAR = 2**62


class Desk:
    """A log, one webhook of its lender, and what it was told."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteStore.create(path, VAULT)
        self.hooks = SqliteWebhooks(path, VAULT)
        self.kit: NotaryKit = kit_over(self.store)
        self.producer = Producer(self.store, self.hooks, lambda: NOW)

    def add(self, *events: str, identity: str = "wh_1", lender: int = 1) -> None:
        head = self.store.head()
        assert head is not None
        self.hooks.add_webhook(
            Webhook(identity, lender, "https://x/", events, "whsec_", NOW, head.size, self.hooks.next_anchor_change())
        )

    def told(self, identity: str = "wh_1", lender: int = 1) -> list[dict[str, Any]]:
        """Bring a webhook up to date and return its messages so far, oldest first."""
        while self.producer.step(self.hooks.find_webhook(lender, identity)):
            pass
        found = [json.loads(item.body) for _, item in self.hooks.deliveries(identity, None, FAR, 1000)]
        return found[::-1]

    def anchor(self, state: AnchorState, size: int | None = None) -> None:
        head = self.store.head()
        assert head is not None
        self.store.save_anchor(anchor_of(head, state=state, size=size or head.size))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "notary.db")


def about(message: dict[str, Any]) -> tuple[str, list[str]]:
    return message["type"], [item["id"] for item in message["data"]["records"]]


def test_what_was_recorded_since_the_webhook_came(desk: Desk) -> None:
    placed(desk.kit.sequencer.append(history("A", 2)))
    desk.add("record.recorded")
    assert desk.told() == []
    placed(desk.kit.sequencer.append(history("B", 2, first=10)))
    [message] = desk.told()
    assert message["data"] == {
        "records": [
            {"index": 3, "id": record_id(10), "loan": "B", "sequence": 0},
            {"index": 4, "id": record_id(11), "loan": "B", "sequence": 1},
        ]
    }
    assert message["timestamp"] == "2026-01-01T00:00:00.000Z"
    assert len(desk.told()) == 1


def test_a_lender_is_told_of_its_own_records_only(desk: Desk) -> None:
    add_lender(desk.store, "Two", b"2" * 32, NOW)
    desk.add("record.recorded", "record.final")
    desk.add("record.recorded", "record.final", identity="wh_2", lender=2)
    placed(desk.kit.sequencer.append(history("A", 2) + history("B", 1, first=10, lender=2)))
    desk.anchor(AnchorState.FINAL)
    assert [about(item)[1] for item in desk.told()] == [[record_id(0), record_id(1)]] * 2
    assert [about(item)[1] for item in desk.told("wh_2", 2)] == [[record_id(10)]] * 2


def test_a_message_names_so_many_records_and_no_more(desk: Desk) -> None:
    desk.add("record.recorded")
    placed(desk.kit.sequencer.append(history("A", PLACES + 1)))
    assert [len(item["data"]["records"]) for item in desk.told()] == [PLACES, 1]


def test_anchored_final_and_reorganised(desk: Desk) -> None:
    desk.add("record.recorded", "record.anchored", "record.final", "record.reorged")
    placed(desk.kit.sequencer.append(history("A", 2)))
    told = len(desk.told())
    desk.anchor(AnchorState.SENT)
    assert len(desk.told()) == told
    desk.anchor(AnchorState.MINED)
    both = [record_id(0), record_id(1)]
    assert [about(item) for item in desk.told()[told:]] == [("record.anchored", both)]
    desk.anchor(AnchorState.REORGED)
    desk.anchor(AnchorState.MINED)
    desk.anchor(AnchorState.FINAL)
    assert [about(item) for item in desk.told()[told + 1 :]] == [
        ("record.reorged", both), ("record.anchored", both), ("record.final", both),
    ]  # fmt: skip
    assert desk.told()[-1]["data"]["size"] == 3


def test_a_later_anchor_speaks_of_the_new_records(desk: Desk) -> None:
    desk.add("record.anchored", "record.final")
    placed(desk.kit.sequencer.append(history("A", 1)))
    desk.anchor(AnchorState.FINAL)
    placed(desk.kit.sequencer.append(history("B", 1, first=5)))
    desk.anchor(AnchorState.FINAL)
    assert [about(item) for item in desk.told()] == [
        ("record.anchored", [record_id(0)]), ("record.final", [record_id(0)]),
        ("record.anchored", [record_id(5)]), ("record.final", [record_id(5)]),
    ]  # fmt: skip


def test_a_long_anchor_is_followed_step_by_step(desk: Desk) -> None:
    desk.producer = Producer(desk.store, desk.hooks, lambda: NOW, stride=3)
    desk.add("record.recorded", "record.anchored")
    placed(desk.kit.sequencer.append(history("A", 10)))
    desk.anchor(AnchorState.MINED)
    told = desk.told()
    for kind in ("record.recorded", "record.anchored"):
        assert [name for item in told if item["type"] == kind for name in about(item)[1]] == [
            record_id(number) for number in range(10)
        ]


def test_findings_are_raised_with_the_record_that_makes_them(desk: Desk) -> None:
    desk.add("finding.raised")
    first = record("agreement", id=record_id(1), loan="F-1", occurred_at="2026-01-01T00:00:00.000Z")
    desk.kit.submit(canonical_json(first))
    desk.told()
    before = len(desk.told())
    early = record("repayment", id=record_id(2), loan="F-1", occurred_at="2025-01-01T00:00:00.000Z")
    desk.kit.submit(canonical_json(early))
    raised = desk.told()[before:]
    assert [item["data"]["loan"] for item in raised] == ["F-1"]
    codes = [finding["code"] for finding in raised[0]["data"]["findings"]]
    assert "F6" in codes
    assert all(finding["zh"] and finding["en"] for finding in raised[0]["data"]["findings"])
    assert len(desk.told()) == before + 1


def test_two_that_produce_tell_everything_once(desk: Desk) -> None:
    desk.add("record.recorded")
    placed(desk.kit.sequencer.append(history("A", 2)))
    stale = desk.hooks.find_webhook(1, "wh_1")
    desk.producer.step(stale)
    desk.producer.step(stale)
    assert [about(item)[1] for item in desk.told()] == [[record_id(0), record_id(1)]]


def test_a_disabled_webhook_is_told_later(desk: Desk) -> None:
    desk.add("record.recorded")
    webhook = desk.hooks.find_webhook(1, "wh_1")
    desk.hooks.change_webhook(replace(webhook, disabled="by its lender"))
    placed(desk.kit.sequencer.append(history("A", 1)))
    desk.hooks.change_webhook(webhook)
    assert [about(item)[1] for item in desk.told()] == [[record_id(0)]]
