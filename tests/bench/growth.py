# SPDX-License-Identifier: Apache-2.0
"""What a log costs as it grows: appending, proofs, and the memory of an audit, at several sizes.

`python -m tests.bench.growth 10000 100000 10000000` measures at these sizes; each entry takes half a kilobyte on disk
while it runs.
"""

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import process_time

from api.audits.parts import Target
from notary.hashing import leaf_hash
from notary.log.merkle import verify_inclusion
from notary.log.reader import Log
from notary.log.sequencer import Sequencer
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, measure_sizes
from tests.bench.filled import fill
from tests.support.audited import audited, prepare
from tests.support.builders import (
    CREATED,
    VAULT,
    kit_over,
    log_signer,
    placed,
    submission,
)

TITLE = "As the log grows"
SIZES = 10_000, 1_000_000
PROOFS = 5_000
_BATCH, _BATCHES = 512, 20
_SEED = 1


@dataclass(frozen=True)
class Measured:
    """What was measured at one size; seconds of processor time, so that other work counts less, and bytes."""

    size: int
    append: float
    proofs: Sequence[float]
    checks: Sequence[float]
    memory: int

    @property
    def proof(self) -> float:
        """The median of the proofs."""
        return median(self.proofs)


def run(folder: Path, sizes: Sequence[int] = SIZES) -> list[Figure]:
    """Measure at each size."""
    found: list[Measured] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            found.append(_measure(Path(name), size))
    return [*(figure for item in found for figure in _figures(item)), *_ratios(found[0], found[-1])]


def _figures(item: Measured) -> Iterator[Figure]:
    late = quantiles(item.proofs, n=100)[98]
    yield Figure(f"{item.size:,}: appending, each record", item.append * 1e6, "µs")
    yield Figure(f"{item.size:,}: building a proof, median", item.proof * 1e6, "µs", "< 200")
    yield Figure(f"{item.size:,}: building a proof, 99th percentile", late * 1e6, "µs", "< 2,000")
    yield Figure(f"{item.size:,}: verifying a proof, median", median(item.checks) * 1e6, "µs", "< 1,000")
    yield Figure(f"{item.size:,}: memory of an audit of tiles and roots", item.memory / 2**20, "MiB")


def _ratios(small: Measured, large: Measured) -> Iterator[Figure]:
    between = f"{large.size:,} to {small.size:,}"
    yield Figure(f"appending, ratio of {between}", large.append / small.append, "", "<= 1.5")
    yield Figure(f"proof, ratio of {between}", large.proof / small.proof, "", "<= 1.5")
    yield Figure(f"memory, ratio of {between}", large.memory / small.memory, "", "<= 1.2")


def _measure(folder: Path, size: int) -> Measured:
    make_log(folder, size)
    memory = _audit_memory(folder)
    # A second store has its own connection, with nothing in its page cache yet.
    store = SqliteStore(folder / "notary.db", VAULT)
    proofs, checks = _proof_times(store)
    append = _append_time(store, size)
    store.close()
    return Measured(size, append, proofs, checks, memory)


def _proof_times(store: SqliteStore) -> tuple[list[float], list[float]]:
    """Return what building and what verifying the proofs of entries drawn at random took."""
    log, source, building, verifying = Log(store), random.Random(_SEED), [], []
    head = log.head()
    for _ in range(PROOFS):
        index = source.randrange(head.size)
        began = process_time()
        proof = log.prove_inclusion(index, head.size)
        building.append(process_time() - began)
        [entry] = store.entries(index, index + 1)
        leaf = leaf_hash(entry)
        began = process_time()
        verify_inclusion(proof, leaf, head.root)
        verifying.append(process_time() - began)
    return building, verifying


def _append_time(store: SqliteStore, size: int) -> float:
    sequencer, times = Sequencer(store, log_signer(), CREATED), []
    for first in range(size, size + _BATCH * _BATCHES, _BATCH):
        numbers = range(first, first + _BATCH)
        batch = [
            submission(number, f"N-{first}", "agreement" if number == first else "repayment", prove=False)
            for number in numbers
        ]
        began = process_time()
        placed(sequencer.append(batch))
        times.append((process_time() - began) / _BATCH)
    return median(times)


def make_log(folder: Path, size: int) -> None:
    """Make a log of `size` entries with their records."""
    prepare(folder)
    store = SqliteStore.create(folder / "notary.db", VAULT)
    fill(store, kit_over(store).signer, size)
    store.close()


def _audit_memory(folder: Path) -> int:
    """Return the most memory, in bytes, that a process of its own takes to audit tiles and roots."""
    ran = subprocess.run(
        (sys.executable, "-m", "tests.bench.growth", "audit", folder), check=True, stdout=subprocess.PIPE, text=True
    )
    return int(ran.stdout)


def _audit(folder: str) -> int:
    report = audited(Target("tiles", folder), log_signer().verifier)
    if report.findings.count:
        raise RuntimeError(f"the log is not clean: {report.findings.ordered()[:3]}")
    status = Path("/proc/self/status").read_text("utf-8")
    [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak) * 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["audit"]:
        sys.stdout.write(str(_audit(sys.argv[2])))
    else:
        measure_sizes("growth", TITLE, run, SIZES)
