# SPDX-License-Identifier: Apache-2.0
"""The main job from end to end: a sample portfolio goes through the public API, is anchored, and proved offline."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.bulk import BulkSubmission, Outcome
from api.cli.uploads import upload_folder
from api.keys.log_keys import load_signer
from api.operator import add_organisation
from api.samples import sample_histories, story_history, write_samples
from api.settings import DataFolder
from loan_notary import Client
from notary.canonical import parse_json
from notary.envelope import envelope_from_json
from notary.parties.signatures import Party
from notary.receipts.receipt import MAX_RECEIPT
from notary.receipts.report import Report, Verdict
from verifier import make_verifier

LENDER = "示范银行 Sample Bank"
RECORDS = 10_000
_SEED = 1
_FINAL_WAIT = 120.0
_POLICY = {"thresholds": {"backdated_days": 36_500, "burst_days": 36_500}}
"""That of a lender who brings a whole old book: it is not odd that all of its records come late and at once."""
_STORY = "over-limit"
_KEYS: tuple[tuple[Party, str], ...] = (
    ("lender", "lender.jwk"),
    ("borrower", "borrowers.ndjson"),
    ("assignee", "assignee.jwk"),
)
"""Whose keys are in which file."""


@dataclass(frozen=True)
class Proof:
    """What the demo ends with: a receipt on disk, the verifier's report on it, and the one on a tampered copy."""

    receipt: Path
    report: Report
    tampered: Report

    @property
    def holds(self) -> bool:
        """Whether the receipt is accepted and the tampered copy refused."""
        return self.report.verdict is Verdict.VALID and self.tampered.verdict is Verdict.INVALID


class Demo:
    """The demo on one data folder; repeating it finds everything done already and comes to the same end."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._samples = folder.path / "sample"
        self._portfolio = self._samples / "portfolio"
        self.receipt = self._samples / "agreement.receipt.json"

    def prepare(self) -> None:
        """Register the sample lender, and make its portfolio."""
        self._samples.mkdir(exist_ok=True)
        if not self._api_key.exists():
            _, api_key = add_organisation(self._folder, LENDER, "lender")
            with os.fdopen(os.open(self._api_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(api_key + "\n")
        if not (self._portfolio / "records.ndjson").exists():
            write_samples(self._portfolio, sample_histories(RECORDS, _SEED), _SEED)

    def client(self, url: str) -> Client:
        """Return a client that is logged in as the sample lender."""
        return Client(url, self._api_key.read_text("utf-8").strip())

    def upload(self, client: Client) -> int:
        """Deposit the agreements and return how many there are."""
        return upload_folder(client, self._portfolio / "documents")

    def submit(self, client: Client, progress: Callable[[Outcome], None]) -> Outcome:
        """Set the lender's policy, register the parties' keys and submit all records."""
        client.set_policy(_POLICY)
        for party, name in _KEYS:
            for line in (self._portfolio / "keys" / name).read_bytes().splitlines():
                client.register_key(party, parse_json(line, limit=4096))
        return BulkSubmission(client, self._portfolio / "records.ndjson", progress).run()

    def finding(self, client: Client) -> tuple[str, dict[str, Any]]:
        """Return the number of a loan of the portfolio, and what the notary finds odd about it."""
        number = story_history(_STORY, _SEED).loan.number
        [found] = client.loan(number)["findings"]
        return number, found

    def fetch_receipt(self, client: Client) -> None:
        """Wait until the first agreement is anchored for good, and keep its receipt."""
        with (self._portfolio / "records.ndjson").open("rb") as file:
            envelope = envelope_from_json(parse_json(next(file).strip(), limit=MAX_RECEIPT))
        record_id = parse_json(envelope.payload, limit=MAX_RECEIPT)["id"]
        client.wait_for(record_id, "final", _FINAL_WAIT).save(self.receipt)

    def prove(self) -> Proof:
        """Verify the receipt, and a copy with one byte changed, without any network."""
        data = self.receipt.read_bytes()
        verifier = make_verifier(load_signer(self._folder).verifier)
        middle = len(data) // 2
        tampered = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        return Proof(self.receipt, verifier.verify(data), verifier.verify(tampered))

    @property
    def _api_key(self) -> Path:
        return self._samples / "api.key"
