# SPDX-License-Identifier: Apache-2.0
"""Findings that time alone brings: told once, on their day or later, whatever comes between."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
import pytest

from api.webhooks import sweeping
from api.webhooks.producing import Producer
from api.webhooks.sweeping import DAY, SETTLED
from notary.canonical import canonical_json
from notary.log.sequencer import Sequencer
from notary.registration import Registrar
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore, SqliteWebhooks
from notary.webhooks import Webhook
from tests.support.builders import CREATED, VAULT, add_lender, log_signer, placed
from tests.support.histories import Story, at, begun, plan_rows

FAR = 2**62
DUE_FIRST = plan_rows()[0].due.isoformat()
"""The first instalment is due on 15 February 2026; ten days of grace later, silence is odd."""
SILENT_FROM = "2026-02-26"


class Desk:
    """A lender's loans over time, and one webhook that is told what becomes odd."""

    def __init__(self, path: Path) -> None:
        self.now = at("2026-01-01T12:00:00Z")
        self.store, self.hooks = SqliteStore.create(path, VAULT), SqliteWebhooks(path, VAULT)
        self.lender = add_lender(self.store, "示范银行", b"1" * 32, self.now)
        self.sequencer = Sequencer(self.store, log_signer(), CREATED)
        self.producer = self.new_producer()

    def new_producer(self) -> Producer:
        return Producer(self.store, self.hooks, lambda: self.now)

    def add(self, *events: str, identity: str = "wh_1") -> None:
        self.hooks.add_webhook(Webhook(identity, 1, "https://x/", events, "whsec_", self.now, 0, 1))

    def record(self, story: Story, loan: str) -> None:
        """Record a loan's records as they come, each on its day."""
        for event in story.events:
            self.now = max(self.now, event.received_at)
            members = {**event.record.model_dump(mode="json", exclude_none=True), "loan": loan}
            members["id"] = f"{members['id'][:-12]}{crc32(loan.encode()) % 10**6:06d}{members['id'][-6:]}"
            self.take(members)

    def take(self, members: dict[str, Any]) -> None:
        registrar = Registrar(self.store, SCHEMES, lambda: self.now)
        placed(self.sequencer.append([registrar.submission(self.lender, canonical_json(members), prove=False)]))

    def told(self, day: str, time: str = "12:00:00", identity: str = "wh_1") -> list[str]:
        """Come to a moment, bring the webhook up to date and return the loans that it has been told are silent."""
        self.now = at(f"{day}T{time}Z")
        while self.producer.step(self.hooks.find_webhook(1, identity)):
            pass
        bodies = [json.loads(item.body) for _, item in self.hooks.deliveries(identity, None, FAR, 10_000)]
        return [
            body["data"]["loan"]
            for body in reversed(bodies)
            for finding in body["data"]["findings"]
            if finding["code"] == "F22"
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "notary.db")


def test_silence_is_told_once_on_its_day(desk: Desk) -> None:
    desk.add("finding.raised")
    desk.record(begun(), "A")
    assert desk.told("2026-02-25", "23:59:59") == []
    # Not in the first minutes of the day, in which a record of the last one may still be on its way.
    assert desk.told(SILENT_FROM, "00:09:59") == []
    assert desk.told(SILENT_FROM, "00:10:00") == ["A"]
    for day in (SILENT_FROM, "2026-02-27", "2026-03-15", "2026-04-30"):
        assert desk.told(day) == ["A"]
    [message] = [item for _, item in desk.hooks.deliveries("wh_1", None, FAR, 99) if "F22" in item.body]
    [finding] = orjson.loads(message.body)["data"]["findings"]
    assert finding["en"].startswith(f"Instalment 1 was due on {DUE_FIRST}, 11 days ago")


def test_a_service_that_was_away_tells_it_when_it_is_back(desk: Desk) -> None:
    desk.add("finding.raised")
    desk.record(begun(), "A")
    assert desk.told("2026-02-20") == []
    assert desk.told("2026-03-20") == ["A"]
    assert desk.told("2026-03-21") == ["A"]


def test_the_next_silence_is_told_again(desk: Desk) -> None:
    desk.add("finding.raised")
    story = begun()
    desk.record(story, "A")
    assert desk.told("2026-03-01") == ["A"]
    late = Story()
    late.events = list(story.events)
    for row in plan_rows()[:2]:
        late.repay(row, "2026-03-16")
    late.events = late.events[len(story.events) :]
    desk.record(late, "A")
    assert desk.told("2026-04-25") == ["A"]
    assert desk.told("2026-04-26") == ["A", "A"]
    assert desk.told("2026-05-30") == ["A", "A"]


def test_silence_under_a_new_plan_is_told_without_a_day_between(desk: Desk) -> None:
    desk.add("finding.raised")
    story = begun()
    desk.record(story, "A")
    assert desk.told(SILENT_FROM) == ["A"]
    planned = Story()
    planned.events = list(story.events)
    planned.plan("2026-02-27")
    planned.events = planned.events[len(story.events) :]
    desk.record(planned, "A")
    assert desk.told("2026-02-27", "23:00:00") == ["A"]
    assert desk.told("2026-02-28") == ["A", "A"]
    assert desk.told("2026-03-20") == ["A", "A"]


def test_who_has_paid_in_time_is_not_told_of(desk: Desk) -> None:
    desk.add("finding.raised")
    story = begun()
    story.repay(plan_rows()[0])
    desk.record(story, "A")
    assert desk.told("2026-03-25") == []


def test_what_was_silent_before_the_webhook_came_is_not_told(desk: Desk) -> None:
    desk.record(begun(), "A")
    desk.now = at("2026-03-01T12:00:00Z")
    desk.add("finding.raised")
    assert desk.told("2026-03-01") == []
    assert desk.told("2026-03-10") == []


def test_a_loan_that_comes_late_and_is_silent_already_is_told_the_day_after(desk: Desk) -> None:
    desk.add("finding.raised")
    story = begun()
    story.events = [event._replace(received_at=at("2026-03-01T12:00:00Z")) for event in story.events]
    desk.record(story, "A")
    assert desk.told("2026-03-01", "13:00:00") == []
    assert desk.told("2026-03-02") == ["A"]
    assert desk.told("2026-03-03") == ["A"]


def test_who_does_not_want_findings_is_not_told_later_of_old_ones(desk: Desk) -> None:
    desk.add("record.recorded")
    desk.record(begun(), "A")
    desk.now = at("2026-03-01T12:00:00Z")
    while desk.producer.step(desk.hooks.find_webhook(1, "wh_1")):
        pass
    desk.hooks.change_webhook(replace(desk.hooks.find_webhook(1, "wh_1"), events=("finding.raised",)))
    bodies = len(desk.hooks.deliveries("wh_1", None, FAR, 99))
    desk.now = at("2026-03-05T12:00:00Z")
    while desk.producer.step(desk.hooks.find_webhook(1, "wh_1")):
        pass
    assert len(desk.hooks.deliveries("wh_1", None, FAR, 99)) == bodies


def test_many_loans_go_in_steps_and_two_who_sweep_tell_each_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sweeping, __import__("api.webhooks.producing", fromlist=["LOANS"])):
        monkeypatch.setattr(module, "LOANS", 2)
    desk.add("finding.raised")
    for number in range(5):
        desk.record(begun(), f"L-{number}")
        desk.now = at("2026-01-02T12:00:00Z")
    desk.now = at("2026-02-25T12:00:00Z")
    assert desk.told("2026-02-25") == []
    desk.now = at(f"{SILENT_FROM}T12:00:00Z")
    seen = desk.hooks.find_webhook(1, "wh_1")
    # Both begin from what they have read; the slower one's messages are dropped.
    assert desk.producer.step(seen)
    assert desk.new_producer().step(seen)
    assert desk.hooks.find_webhook(1, "wh_1").swept_loan > 0
    assert sorted(desk.told(SILENT_FROM)) == [f"L-{number}" for number in range(5)]
    assert sorted(desk.told("2026-03-01")) == [f"L-{number}" for number in range(5)]


def test_a_day_begins_when_its_records_have_settled() -> None:
    hook = Webhook("wh", 1, "https://x/", (), "whsec_", 10 * DAY + SETTLED, 0, 0)
    assert sweeping.next_day(hook, 11 * DAY + SETTLED - 1) is None
    assert sweeping.next_day(hook, 11 * DAY + SETTLED) == 11
    assert sweeping.next_day(replace(hook, swept_day=11), 12 * DAY) is None
    assert sweeping.next_day(replace(hook, swept_day=11), 20 * DAY) == 12
