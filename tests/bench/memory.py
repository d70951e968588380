# SPDX-License-Identifier: Apache-2.0
"""What the processes of a service keep in memory, by the size of their log.

`python -m tests.bench.memory 100000 10000000` measures at these sizes. Each service is asked the same: single POSTs,
and then receipts of entries drawn at random.
"""

import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

from api.databases import open_store
from api.keys.log_keys import load_signer
from api.settings import DataFolder
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, measure_sizes
from tests.bench.filled import fill, filled_id
from tests.bench.load import drive, http_request
from tests.bench.notary import BenchNotary, repayments, running_notary
from tests.bench.spent import processes

TITLE = "A service's memory, as its log grows"
SIZES = 100_000, 1_000_000
POSTS, RECEIPTS = 6_000, 2_000
_PARTS = "api.server", "api.writer", "service"
_SEED = 1


def run(folder: Path, sizes: Sequence[int] = SIZES) -> list[Figure]:
    """Measure at each size."""
    found = [_measure(folder / str(size), size) for size in sizes]
    return [
        *(figure for size, memory in zip(sizes, found, strict=True) for figure in _figures(size, memory)),
        Figure(
            f"ratio of all of them, {sizes[-1]:,} to {sizes[0]:,}",
            sum(found[-1].values()) / sum(found[0].values()), "", "<= 1.2",
        ),
    ]  # fmt: skip


def _figures(size: int, memory: dict[str, float]) -> Iterator[Figure]:
    for part, peak in memory.items():
        yield Figure(f"{size:,} entries: {part}, at its peak", peak, "MiB")


def _measure(folder: Path, size: int) -> dict[str, float]:
    """Return the highest memory of each part in MiB, all processes of a part together."""
    folder.mkdir()
    with running_notary(folder, partial(_fill, size=size)) as notary:
        requests = [http_request("/v1/records", body, api_key=notary.api_key) for body in repayments(0, POSTS)]
        drive(notary.address, requests, 64, 201)
        source = random.Random(_SEED)
        for _ in range(RECEIPTS):
            _read_receipt(notary, source.randrange(size // 2, size))
        found = processes(notary.pid).values()
    return {part: sum(process.peak for process in found if process.part == part) for part in _PARTS}


def _fill(folder: Path, size: int) -> None:
    data = DataFolder(folder)
    store = open_store(data)
    assert isinstance(store, SqliteStore)
    fill(store, load_signer(data), size)
    store.close()


def _read_receipt(notary: BenchNotary, number: int) -> None:
    headers = {"Authorization": f"Bearer {notary.api_key}"}
    with urlopen(Request(f"{notary.url}/v1/records/{filled_id(number)}/receipt", headers=headers)) as answer:
        answer.read()


if __name__ == "__main__":
    measure_sizes("memory", TITLE, run, SIZES)
