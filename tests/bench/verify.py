# SPDX-License-Identifier: Apache-2.0
"""Verifying documents: a co-signed, anchored receipt, and the history receipt of a loan of a thousand records."""

from pathlib import Path
from time import process_time

from notary.canonical import canonical_json
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.report import Verdict
from notary.stores.sqlite import SqliteStore
from tests.bench.figures import Figure, over_rounds
from tests.support.builders import VAULT, kit_over, placed, record, record_id
from tests.support.receipt_fixtures import FOLDER
from verifier import make_verifier

TITLE = "Verifying"
RECORDS = 1000
ROUNDS = 15


def run(folder: Path) -> list[Figure]:
    """Measure processor time, so that other work on the machine counts less."""
    receipt = (FOLDER / "receipt@1-final.json").read_bytes()
    history = _long_history(folder)
    return [
        over_rounds("a receipt with two signatures and chain evidence", _times(receipt, 20, 1e3), "ms", "< 2"),
        over_rounds(f"a history of {RECORDS} unsigned records, each", _times(history, 1, 1e6 / RECORDS), "µs"),
        Figure("bytes of that receipt", len(receipt), "bytes"),
        Figure("bytes of that history, each record", len(history) / RECORDS, "bytes"),
    ]


def _long_history(folder: Path) -> bytes:
    """Return the history receipt of one loan with `RECORDS` records."""
    kit = kit_over(SqliteStore.create(folder / "notary.db", VAULT))
    values = [record("agreement"), *(record("repayment") for _ in range(RECORDS - 1))]
    bodies = [canonical_json(value | {"loan": "L", "id": record_id(number)}) for number, value in enumerate(values)]
    registrar = kit.registrar
    placed(kit.sequencer.append([registrar.submission(kit.lender, body, prove=False) for body in bodies]))
    key = (kit.lender.number, "L")
    history = ReceiptIssuer(kit.store, kit.keyring, kit.signer).history(kit.lender, kit.store.find_loans([key])[key])
    kit.store.close()
    return history


def _times(data: bytes, repeats: int, unit: float) -> list[float]:
    """Return what verifying took, round by round; the first round only warms the caches."""
    verifier, times = make_verifier(), []
    for _ in range(ROUNDS + 1):
        began = process_time()
        for _ in range(repeats):
            assert verifier.verify(data).verdict is Verdict.VALID
        times.append((process_time() - began) / repeats * unit)
    return times[1:]
