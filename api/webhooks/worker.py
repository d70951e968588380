# SPDX-License-Identifier: Apache-2.0
"""The process that makes and sends the messages of all webhooks: `python -m api.webhooks.worker DATA PARENT`."""

import math
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import structlog

from api.clock import now
from api.databases import open_store, open_webhooks
from api.hosts.choosing import host_of
from api.keys.hardening import harden
from api.logs import configure_logs
from api.metrics.counters import WEBHOOK_ATTEMPTS
from api.parent import exit_with_parent
from api.settings import DataFolder
from api.tracing.start import start_tracing
from api.webhooks.producing import Producer
from api.webhooks.sending import Outcome, Sender
from notary.errors import CorruptLogError, DataKeyError, NotaryError
from notary.webhooks import Delivery, Webhook, WebhookStore, attempted

_IDLE = 0.25
_SENDERS = 16
_SET_BACK = 1000
"""Milliseconds that a clock may lose from one round to the next without having been set back."""
_TIDY_EVERY = 3_600_000
_KEEP_DELIVERED = 30 * 24 * 3_600_000
"""Milliseconds for which a delivered message stays to be looked at; failed ones stay until their webhook goes."""

_log = structlog.get_logger()


class Worker:
    """Goes round: new messages for each webhook, and the message that is due, one at a time for each webhook."""

    def __init__(self, producer: Producer, hooks: WebhookStore, sender: Sender, clock: Callable[[], int]) -> None:
        self._producer = producer
        self._hooks = hooks
        self._sender = sender
        self._clock = clock
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook")
        self._tidied = 0
        self._busy: set[str] = set()
        self._unfit: dict[str, str] = {}
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._ahead = math.inf

    def round(self) -> bool:
        """Make what messages there are to make and begin sending what is due; say whether there was anything."""
        self._follow_the_clock()
        with self._lock:
            # Before anything is read: the message of one that is free by then has its outcome.
            busy = set(self._busy)
        moved = [self._turn(hook, hook.id in busy) for hook in self._hooks.webhooks() if not hook.disabled]
        if self._clock() - self._tidied > _TIDY_EVERY:
            self._tidied = self._clock()
            self._hooks.drop_delivered(self._tidied - _KEEP_DELIVERED)
        return any(moved)

    def run(self, stop: threading.Event) -> None:
        """Go round until told to stop, and wait for what is under way."""
        while not stop.is_set():
            try:
                if not self.round():
                    # A webhook that has its answer may have its next message at once.
                    self._free.wait(_IDLE)
                    self._free.clear()
            except NotaryError as error:
                _log.error("webhooks wait", reason=str(error))
                stop.wait(1.0)
        self._pool.shutdown()

    def _follow_the_clock(self) -> None:
        """Look whether the clock was set back, now or before this process began: what waits would wait as long."""
        ahead = self._clock() - time.monotonic() * 1000
        if ahead < self._ahead - _SET_BACK and (waiting := self._hooks.bring_forward(self._clock())):
            _log.warning("the clock was set back: messages that would have waited for it come sooner", messages=waiting)
        self._ahead = ahead

    def _turn(self, webhook: Webhook, busy: bool) -> bool:
        """Take a webhook a step further; False if there is nothing to do, or if what there is cannot be read."""
        try:
            moved = self._producer.step(webhook)
            begun = not busy and self._begin(webhook)
        except (CorruptLogError, DataKeyError) as error:
            # What is damaged is one lender's: the others' webhooks go on.
            if self._unfit.get(webhook.id) != str(error):
                self._unfit[webhook.id] = str(error)
                _log.error("a webhook waits", webhook=webhook.id, reason=str(error))
            return False
        self._unfit.pop(webhook.id, None)
        return moved or begun

    def _begin(self, webhook: Webhook) -> bool:
        """Begin to send the next message of a webhook that is free; False if none is due."""
        delivery = self._hooks.due_delivery(webhook.id, self._clock())
        if delivery is None:
            return False
        with self._lock:
            self._busy.add(webhook.id)
        self._pool.submit(self._send, webhook, delivery)
        return True

    def _send(self, webhook: Webhook, delivery: Delivery) -> None:
        try:
            self._settle(webhook, delivery, self._sender.send(webhook, delivery, self._clock()))
        except NotaryError as error:
            # It stays due: the receiver may get it twice and knows it by its id, which is what the standard asks for.
            _log.error("a message's outcome was not kept", message=delivery.id, reason=str(error))
        finally:
            with self._lock:
                self._busy.discard(webhook.id)
            self._free.set()

    def _settle(self, webhook: Webhook, delivery: Delivery, outcome: Outcome) -> None:
        settled = attempted(delivery, outcome.status, outcome.detail, self._clock())
        self._hooks.settle_delivery(settled)
        if outcome.status == 410:
            current = self._hooks.find_webhook(webhook.lender, webhook.id)
            self._hooks.change_webhook(replace(current, disabled="its receiver answered 410 Gone"))
        WEBHOOK_ATTEMPTS.labels(settled.state).inc()
        _log.info(
            "webhook attempt", webhook=webhook.id, message=delivery.id, state=settled.state, status=outcome.status,
        )  # fmt: skip


def main() -> None:
    """Run until the service ends."""
    folder, parent = DataFolder(Path(sys.argv[1])), int(sys.argv[2])
    exit_with_parent(parent)
    configure_logs("webhooks")
    harden()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hooks = open_webhooks(folder)
    allowed = [ip_network(text) for text in folder.settings().webhook_networks]
    sender = Sender(allowed, ssl.create_default_context(), tracing=start_tracing("webhooks"))
    store = open_store(folder)

    def run(ended: threading.Event) -> None:
        Worker(Producer(store, hooks, now), hooks, sender, now).run(ended)

    host_of(folder).led("webhooks", run)(stop)


if __name__ == "__main__":
    main()
