# SPDX-License-Identifier: Apache-2.0
"""The process that sends: what is due goes out, what fails waits, and one receiver's trouble is nobody else's."""

import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import pytest

from api.webhooks.producing import Producer
from api.webhooks.sending import Sender
from api.webhooks.worker import Worker
from notary.errors import UnavailableError
from notary.stores.sqlite import SqliteStore, SqliteWebhooks
from notary.webhooks import DELAYS, Delivery, Webhook
from tests.support.builders import NOW, VAULT, NotaryKit, add_lender, history, kit_over, placed, record_id
from tests.support.receiver import receiving
from tests.support.service import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Office:
    """A log, its webhooks, and a worker whose clock the test sets."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteStore.create(path, VAULT)
        self.hooks = SqliteWebhooks(path, VAULT)
        self.kit: NotaryKit = kit_over(self.store)
        self.now = NOW

    def clock(self) -> int:
        return self.now

    def add(self, url: str, identity: str = "wh_1", lender: int = 1) -> None:
        self.hooks.add_webhook(Webhook(identity, lender, url, ("record.recorded",), SECRET, NOW, 1, 1))

    def messages(self, identity: str = "wh_1") -> list[Delivery]:
        return [item for _, item in self.hooks.deliveries(identity, None, 2**62, 100)][::-1]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Run a worker in a thread."""
        sender = Sender([ip_network("127.0.0.0/8")], ssl.create_default_context())
        worker = Worker(Producer(self.store, self.hooks, self.clock), self.hooks, sender, self.clock)
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "notary.db")


def settled(office: Office, attempts: int) -> Callable[[], bool]:
    return lambda: [item.attempts for item in office.messages()] == [attempts]


def test_what_is_recorded_is_told(office: Office) -> None:
    with receiving() as receiver, office.working():
        office.add(receiver.url)
        placed(office.kit.sequencer.append(history("A", 2)))
        until(lambda: [item.state for item in office.messages()] == ["delivered"], "the message is delivered")
    [got] = receiver.got
    assert got.ids == [record_id(0), record_id(1)]
    assert got.is_signed_with(SECRET)


def test_a_message_that_an_erasure_removes_while_it_is_sent_stays_away(office: Office) -> None:
    with receiving() as receiver:
        receiver.statuses = [503]
        receiver.meanwhile = partial(erase, office.store, "A")
        office.add(receiver.url)
        placed(office.kit.sequencer.append(history("A", 2)))
        with office.working():
            until(lambda: bool(receiver.got), "the message is under way")
    assert office.messages() == []


def erase(store: SqliteStore, loan: str) -> None:
    store.begin_erasure(1, loan, record_id(9))
    # The worker reads meanwhile, so the write-ahead log may stay.
    with suppress(UnavailableError):
        store.finish_erasure(1, loan, NOW)


def test_a_message_that_fails_comes_again_under_its_id(office: Office) -> None:
    with receiving() as receiver:
        receiver.statuses = [503, 500, 200]
        office.add(receiver.url)
        placed(office.kit.sequencer.append(history("A", 1)))
        for attempts, delay in ((1, DELAYS[0]), (2, DELAYS[1]), (3, 0)):
            with office.working():
                until(settled(office, attempts), f"attempt {attempts} is made")
            office.now += delay
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == 3
    assert [item.state for item in office.messages()] == ["delivered"]


def test_nothing_is_sent_before_its_time(office: Office) -> None:
    with receiving() as receiver, receiving() as other:
        receiver.statuses = [500]
        office.add(receiver.url)
        office.add(other.url, "wh_2")
        placed(office.kit.sequencer.append(history("A", 1)))
        with office.working():
            until(settled(office, 1), "the first attempt is made")
            office.now += DELAYS[0] - 1
            # Seen by what comes after it: another webhook's message goes out while the first one waits.
            placed(office.kit.sequencer.append(history("B", 1, first=5)))
            until(lambda: len(other.got) == 2, "the other webhook has both")
        assert [item.attempts for item in office.messages()] == [1, 1]
        assert [got.ids for got in receiver.got] == [[record_id(0)], [record_id(5)]]


def test_a_receiver_that_is_gone_is_not_asked_again(office: Office) -> None:
    with receiving() as receiver:
        receiver.statuses = [410]
        office.add(receiver.url)
        placed(office.kit.sequencer.append(history("A", 1)))
        with office.working():
            until(lambda: office.hooks.find_webhook(1, "wh_1").disabled != "", "the webhook is disabled")
            placed(office.kit.sequencer.append(history("B", 1, first=5)))
    assert len(receiver.got) == 1
    assert [item.state for item in office.messages()] == ["failed"]


def test_a_restart_loses_nothing_and_invents_nothing(office: Office) -> None:
    with receiving() as receiver:
        office.add(receiver.url)
        for number in range(8):
            with office.working():
                placed(office.kit.sequencer.append(history(f"L-{number}", 2, first=10 * number)))
        with office.working():
            until(lambda: sum(len(got.ids) for got in receiver.got) >= 16, "everything has been told")
    told = [name for got in receiver.got for name in got.ids]
    assert told == [record_id(10 * loan + number) for loan in range(8) for number in range(2)]


@pytest.mark.parametrize("running", [True, False])
def test_a_clock_that_was_set_back_held_up_messages_for_as_long(office: Office, running: bool) -> None:
    def waits_as_it_should() -> bool:
        return office.messages()[0].next_at == office.now + DELAYS[0]

    with receiving() as receiver:
        receiver.statuses = [503, 200]
        office.add(receiver.url)
        placed(office.kit.sequencer.append(history("A", 1)))
        with office.working():
            until(settled(office, 1), "the first attempt is made")
            if running:
                office.now -= 3_600_000
                until(
                    lambda: office.messages()[0].next_at == office.now + DELAYS[0], "it waits no longer than it should"
                )
        if not running:
            office.now -= 3_600_000
            with office.working():
                until(
                    lambda: office.messages()[0].next_at == office.now + DELAYS[0], "it waits no longer than it should"
                )
        office.now += DELAYS[0]
        with office.working():
            until(settled(office, 2), "the second attempt is made")


def test_a_name_that_no_host_can_have_is_a_failed_attempt(office: Office) -> None:
    office.add("https://a..b/hook")
    placed(office.kit.sequencer.append(history("A", 1)))
    with office.working():
        until(settled(office, 1), "the attempt is made")
    assert office.messages()[0].next_at == NOW + DELAYS[0]


def test_however_much_waits_for_a_slow_receiver_others_get_theirs(office: Office) -> None:
    with receiving() as slow, receiving() as other:
        free = threading.Event()
        slow.meanwhile = lambda: free.wait(60)
        office.add(slow.url)
        office.add(other.url, "wh_2")
        for number in range(300):
            message = Delivery(f"msg_{number}", "wh_1", "webhook.test", "{}", NOW, NOW - 1)
            office.hooks.save_delivery(message)
        office.hooks.save_delivery(Delivery("msg_other", "wh_2", "webhook.test", "{}", NOW, NOW))
        with office.working():
            until(lambda: bool(other.got), "the other receiver has its message")
            assert slow.got == []
            free.set()


@pytest.mark.parametrize("at", [0, 40])
def test_what_cannot_be_read_of_one_lender_keeps_nothing_from_another(office: Office, tmp_path: Path, at: int) -> None:
    add_lender(office.store, "Other Bank", b"o" * 32, NOW)
    with receiving() as receiver:
        office.add(receiver.url)
        office.add(receiver.url, "wh_2", lender=2)
        placed(office.kit.sequencer.append(history("A", 1)))
        with closing(sqlite3.connect(tmp_path / "notary.db")) as connection, connection:
            [wrapped] = connection.execute("SELECT wrapped FROM loan_keys").fetchone()
            connection.execute(
                "UPDATE loan_keys SET wrapped = ?", (wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :],)
            )
        placed(office.kit.sequencer.append(history("B", 1, first=5, lender=2)))
        with office.working():
            until(lambda: bool(receiver.got), "the other lender is told")
    assert [got.ids for got in receiver.got] == [[record_id(5)]]


def test_a_message_that_cannot_be_read_keeps_no_other_lender_s(office: Office, tmp_path: Path) -> None:
    with receiving() as receiver:
        for number in (1, 2):
            office.add(receiver.url, f"wh_{number}")
            office.hooks.save_delivery(Delivery(f"msg_{number}", f"wh_{number}", "webhook.test", "{}", NOW, NOW))
        with closing(sqlite3.connect(tmp_path / "notary.db")) as connection, connection:
            connection.execute("UPDATE deliveries SET body = zeroblob(length(body)) WHERE id = 'msg_1'")
        with office.working():
            until(lambda: bool(receiver.got), "the other message is sent")
    assert [got.headers["webhook-id"] for got in receiver.got] == ["msg_2"]


class Lagging(SqliteWebhooks):
    """Webhooks that are read while a message is under way, and told of once its answer has come."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, VAULT)
        self.asked, self.answered, self.changed = (threading.Event() for _ in range(3))

    def webhooks(self, lender: int | None = None) -> list[Webhook]:
        found = super().webhooks(lender)
        if self.asked.is_set() and not self.answered.is_set():
            self.answered.set()
            self.changed.wait(60)
        return found

    def change_webhook(self, webhook: Webhook) -> None:
        super().change_webhook(webhook)
        self.changed.set()


def test_what_was_read_before_an_answer_came_sends_nothing_after_it(office: Office, tmp_path: Path) -> None:
    hooks = office.hooks = Lagging(tmp_path / "notary.db")
    with receiving() as receiver, receiving() as other:

        def meanwhile() -> None:
            hooks.asked.set()
            hooks.answered.wait(60)

        receiver.statuses, receiver.meanwhile = [410], meanwhile
        for number, url in ((1, receiver.url), (2, other.url)):
            office.add(url, f"wh_{number}")
        for number in range(5):
            hooks.save_delivery(Delivery(f"msg_{number}", "wh_1", "webhook.test", "{}", NOW, NOW))
        with office.working():
            until(hooks.changed.is_set, "the webhook is disabled")
            # Seen by what comes after it.
            hooks.save_delivery(Delivery("msg_other", "wh_2", "webhook.test", "{}", NOW, NOW))
            until(lambda: bool(other.got), "the worker has gone round")
    assert len(receiver.got) == 1
