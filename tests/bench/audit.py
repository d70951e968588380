# SPDX-License-Identifier: Apache-2.0
"""Full audits by one process: tiles and roots beside bare SHA-256, records beside bare signatures; memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Any

import orjson

from api.audits.auditing import Target
from notary.encoding import format_time
from notary.parties.keys import Scheme
from notary.receipts.report import Verdict
from notary.schemes import SCHEMES, PrivateKey
from notary.schemes.sodium import FAST_SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, over_rounds
from tests.support.audited import AuditedLog, append, audited, export, loan_records, make_bare_log, prepare
from tests.support.builders import NOW, VAULT, kit_over, record, signed

TITLE = "Full audit, one process"
SIZES = 100_000, 1_000_000
SIGNED = 4_000
PLAIN = 5_000, 50_000
_LOAN = 40
_ROUNDS = 3


def run(folder: Path) -> list[Figure]:
    """Measure."""
    bare = [make_bare_log(folder / f"bare-{size}", size) for size in SIZES]
    copies = [folder / f"copy-{size}" for size in SIZES]
    for log, copy in zip(bare, copies, strict=True):
        export(log, copy)
    plain = [_log(folder / f"plain-{size}", size, False)[0] for size in PLAIN]
    tiles = [Target("copy", str(copy)) for copy in copies]
    records = [Target("data", str(log.folder)) for log in plain]
    return [
        *_tiles(tiles[-1], bare[-1]),
        *_signatures(folder / "signed"),
        *_memory("tiles", tiles, bare, SIZES),
        *_memory("records", records, plain, PLAIN),
    ]


def _tiles(target: Target, log: AuditedLog) -> Iterator[Figure]:
    size, rates, ratios = SIZES[-1], [], []
    for _ in range(_ROUNDS):
        raw = size / _seconds(lambda: _hash(size))
        rate = size / _seconds(lambda: _audit(target, log))
        rates.append(rate)
        ratios.append(rate / raw)
    yield over_rounds("tiles and roots", rates, "entries/s", ">= 150,000")
    yield over_rounds("ratio to the two bare SHA-256 of each entry", ratios)


def _hash(size: int) -> None:
    """Compute as many hashes of the same lengths as an audit must: a leaf and a node for each entry."""
    entry, pair = bytes(66), bytes(65)
    for _ in range(size):
        sha256(entry).digest()
        sha256(pair).digest()


def _signatures(folder: Path) -> Iterator[Figure]:
    log, key = _log(folder, SIGNED, True)
    store = SqliteStore(log.database, VAULT)
    envelopes = [record.envelope for record, _ in store.records()]
    made = [(item.signing_input(item.signatures[0]), item.signatures[0].signature) for item in envelopes]
    rates, raw = [], {"libsodium": FAST_SCHEMES, "OpenSSL": SCHEMES}
    ratios: dict[str, list[float]] = {library: [] for library in raw}

    def verify(scheme: Scheme[Any]) -> None:
        public = scheme.load(key.public)
        for message, signature in made:
            scheme.verify(public, message, signature)

    for _ in range(_ROUNDS):
        rates.append(SIGNED / _seconds(lambda: _audit(Target("data", str(folder)), log)))
        for library, schemes in raw.items():
            seconds = _seconds(partial(verify, schemes[key.public.alg]))
            ratios[library].append(rates[-1] * seconds / SIGNED)
    yield over_rounds("all, with one Ed25519 signature a record", rates, "records/s")
    yield over_rounds("ratio to these signatures alone, by libsodium as in the audit", ratios["libsodium"])
    yield over_rounds("ratio to these signatures alone, by OpenSSL", ratios["OpenSSL"], aim=">= 0.8")


def _log(folder: Path, records: int, signing: bool) -> tuple[AuditedLog, PrivateKey]:
    """Make a log of loans of 40 records each."""
    prepare(folder)
    store = SqliteStore.create(folder / "notary.db", VAULT)
    kit = kit_over(store)
    key = kit.register("lender")
    values = (value for loan in range(records // _LOAN) for value in _life(loan, key))
    while bodies := [signed(value, key) if signing else orjson.dumps(value) for value in islice(values, 2000)]:
        append(kit, bodies)
    store.close()
    return AuditedLog(folder, kit.signer.verifier), key


def _life(number: int, key: PrivateKey) -> Iterator[dict[str, Any]]:
    """Yield the records of a loan in good order: agreed, paid out and paid back on the day."""
    agreement, *payments = loan_records(f"L-{number}", _LOAN, number * _LOAN, (key,))
    now = {"occurred_at": format_time(NOW), "value_date": format_time(NOW)[:10]}
    yield agreement | {"occurred_at": now["occurred_at"]}
    yield record("disbursement", id=payments[0]["id"], loan=payments[0]["loan"], **now)
    for payment in payments[1:]:
        yield payment | now


def _memory(what: str, targets: list[Target], logs: list[AuditedLog], sizes: tuple[int, int]) -> Iterator[Figure]:
    for target, log, size in zip(targets, logs, sizes, strict=True):
        yield Figure(f"memory, {what} of {size:,}", _peak(target, log) / 1024, "MiB")


def _peak(target: Target, log: AuditedLog) -> int:
    """Return the most memory, in KiB, that a process of its own takes for an audit."""
    program = (
        "import sys; from pathlib import Path; from api.audits.auditing import Target; "
        "from notary.log.signed_note import parse_verifier; from tests.support.audited import audited; "
        "audited(Target(*sys.argv[1:3]), parse_verifier(sys.argv[3])); print(Path('/proc/self/status').read_text())"
    )
    command = (sys.executable, "-c", program, target.kind, target.location, log.verifier.format())
    status = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak)


def _audit(target: Target, log: AuditedLog) -> None:
    report = audited(target, log.verifier)
    if report.verdict is not Verdict.VALID:
        raise RuntimeError(f"the log is not clean: {report.findings.ordered()[:3]}")


def _seconds(work: Callable[[], None]) -> float:
    began = process_time()
    work()
    return process_time() - began
