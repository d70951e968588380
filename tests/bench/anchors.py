# SPDX-License-Identifier: Apache-2.0
"""How long a record waits for its anchor: from its first receipt to one that says that it is final on the chain.

On the embedded chain, where each transaction is a block at once and final: what is measured is the notary's own part.
One anchor stands for all records before it, so the wait must not grow with the load.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import monotonic

from api.settings import DataFolder
from loan_notary import Client
from tests.bench.figures import Figure
from tests.bench.load import drive_from
from tests.bench.notary import NewRecords, repayments, running_notary

TITLE = "From a record to its final anchor, on the embedded chain"
ALONE = 12
SECONDS = 60.0
"""How long the load goes on under which it is measured again."""
CONNECTIONS = 64
_LOOK = 0.02
_FIRST_OF_LOAD = 10_000
_SEED = 1


def run(folder: Path) -> list[Figure]:
    """Measure alone, and while 64 connections post as fast as they are answered."""
    with running_notary(folder) as notary:
        interval = DataFolder(folder).settings().anchor_interval
        waits = _Waits(notary.client, interval)
        alone = [waits.next() for _ in range(ALONE)]
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(
                drive_from, NewRecords(notary.api_key, SECONDS, _FIRST_OF_LOAD), notary.address, CONNECTIONS, 201
            )
            loaded = []
            while not loading.done():
                loaded.append(waits.next())
            rate = loading.result().rate
    return [
        Figure("an anchor is sent every", interval, "s"),
        *_figures("alone", alone),
        Figure("records a second meanwhile", rate, "/s"),
        *_figures("under load", loaded),
    ]


class _Waits:
    """Submits a record at a moment drawn at random, and waits for its anchor."""

    def __init__(self, client: Client, interval: float) -> None:
        self._client = client
        self._interval = interval
        self._source = random.Random(_SEED)
        self._made = 0

    def next(self) -> float:
        """Return the seconds that one more record has waited."""
        time.sleep(self._source.random() * self._interval)
        receipt = self._client.submit(repayments(self._made, 1)[0])
        self._made += 1
        began = monotonic()
        while not receipt.has_come("final"):
            time.sleep(_LOOK)
            receipt = self._client.receipt(receipt.record_id)
        return monotonic() - began


def _figures(name: str, seconds: list[float]) -> list[Figure]:
    return [
        Figure(f"{name}: median of {len(seconds)}", median(seconds), "s"),
        Figure(f"{name}: longest", max(seconds), "s"),
    ]
