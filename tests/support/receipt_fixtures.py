# SPDX-License-Identifier: Apache-2.0
"""The receipts in tests/vectors/receipts: `python -m tests.support.receipt_fixtures` writes those of today's version.

A loan of five records in a log of some hundred, anchored on a real node. Keys and nonces are new each time, so the
files differ after every run; a released version's files are never written again.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from chain.anchor_rules import EMBEDDED
from chain.anchorer import Anchorer
from notary.canonical import canonical_json
from notary.ports.records import StoredRecord
from notary.receipts.issuing import ReceiptIssuer
from notary.registration import Registrar
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.support.batches import envelope_in_batch
from tests.support.builders import VAULT, NotaryKit, history, kit_over, placed, record, record_id, signed
from tests.support.node import Chain, running_chain

FOLDER = Path(__file__).parents[1] / "vectors" / "receipts"
RECEIVED = 1_777_600_000_000
BEFORE_BATCH = 2
"""Records of the loan that are signed one by one."""
LOAN = "示范消贷字（2026）第000123号"


def money(amount: str) -> dict[str, str]:
    """Return an amount in yuan."""
    return {"amount": amount, "currency": "CNY"}


def loan_records() -> Iterator[dict[str, Any]]:
    """Yield a small loan's life: agreed, paid out, paid back in part twice, one payment taken back."""
    split = {"principal": money("788.49"), "interest": money("100.00")}
    paid = {"amount": money("888.49"), "split": split}
    yield record("agreement")
    yield record("disbursement", amount=money("10000.00"), drawdown=1)
    yield record("repayment", **paid)
    yield record("repayment", **paid)
    yield record("reversal", reverses=record_id(0x102), **paid)


def submit_loan(kit: NotaryKit) -> list[StoredRecord]:
    """Record the loan, co-signed, then signed by the lender, the last records as one batch; return its records."""
    lender, borrower = kit.register("lender"), kit.register("borrower", "ES256")
    ticks = count(RECEIVED, 86_400_000)
    registrar = Registrar(kit.store, SCHEMES, lambda: next(ticks))
    values = [value | {"id": record_id(0x100 + number), "loan": LOAN} for number, value in enumerate(loan_records())]
    batch = [canonical_json(value) for value in values[BEFORE_BATCH:]]
    for number, value in enumerate(values):
        if number < BEFORE_BATCH:
            envelope = signed(value, lender, *([borrower] if number == 0 else []))
        else:
            envelope = envelope_in_batch(batch, number - BEFORE_BATCH, lender, record_id(0x200)).encode()
        placed(kit.sequencer.append([registrar.submission(kit.lender, envelope, prove=False)]))
        kit.sequencer.append(history(f"other {number}", 20, first=1000 * (number + 1)))
    return kit.store.loan_records(kit.lender.number, LOAN)


def anchor(kit: NotaryKit, chain: Chain) -> None:
    """Anchor the log's newest checkpoint and see the anchor final."""
    anchorer = Anchorer(kit.log, kit.store, chain.registry, chain.wallet, replace(EMBEDDED, interval=0))
    while not kit.store.newest_anchor():
        anchorer.step()


def main() -> None:
    """Write the files."""
    with tempfile.TemporaryDirectory() as name, running_chain(Path(name)) as chain:
        kit = kit_over(SqliteStore.create(Path(name) / "notary.db", VAULT))
        kit.sequencer.append(history("before", 70, first=100_000))
        records = submit_loan(kit)
        anchor(kit, chain)
        issuer = ReceiptIssuer(kit.store, kit.keyring, kit.signer)
        (FOLDER / "receipt@1-final.json").write_bytes(issuer.stored(records[0]))
        (FOLDER / "receipt@1-batch.json").write_bytes(issuer.stored(records[3]))
        key = (kit.lender.number, LOAN)
        history_receipt = issuer.history(kit.lender, kit.store.find_loans([key])[key])
        (FOLDER / "history@1-final.json").write_bytes(history_receipt)
        kit.store.close()


if __name__ == "__main__":
    main()
