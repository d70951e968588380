# SPDX-License-Identifier: Apache-2.0
"""Inclusion proofs from a log of a million entries on disk: building one, verifying one."""

import random
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from notary.hashing import leaf_hash
from notary.log.merkle import verify_inclusion
from notary.log.sequencer import Submission
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, spread
from tests.support.builders import VAULT, kit_over, submission

TITLE = "Inclusion proofs from a log of 1,000,000 entries"
ENTRIES = 1_000_000
PROOFS = 5_000
_BATCH = 8_000
_PAYLOAD = b"{}"


def run(folder: Path) -> list[Figure]:
    """Measure."""
    kit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
    began = perf_counter()
    for batch in _batches():
        kit.sequencer.append(batch)
    filling = perf_counter() - began
    # A second store has its own connection, with nothing in its page cache yet.
    store = SqliteStore(folder / "notary.db", VAULT)
    kit.store.close()
    log = type(kit.log)(store)
    head = log.head()
    building, verifying = [], []
    source = random.Random(1)
    for _ in range(PROOFS):
        index = source.randrange(head.size)
        began = perf_counter()
        proof = log.prove_inclusion(index, head.size)
        building.append(perf_counter() - began)
        [entry] = store.entries(index, index + 1)
        began = perf_counter()
        verify_inclusion(proof, leaf_hash(entry), head.root)
        verifying.append(perf_counter() - began)
    return [
        Figure("entries", head.size),
        Figure("filling the log", filling, "s"),
        *spread("building a proof", building, "< 1 ms"),
        *spread("verifying a proof", verifying, "< 1 ms"),
    ]


def _batches() -> Iterator[list[Submission]]:
    """Yield a million entries' submissions, less the genesis entry; of the records only what proofs need is real."""
    for first in range(1, ENTRIES, _BATCH):
        numbers = range(first, min(first + _BATCH, ENTRIES))
        yield [
            submission(number, f"L-{first}", "agreement" if number == first else "repayment", prove=False)
            for number in numbers
        ]
