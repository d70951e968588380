# SPDX-License-Identifier: Apache-2.0
"""Receipts as a client has them, the answers to a batch, and verifying both kinds of receipt on one's own machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from loan_notary.errors import ProblemError, problem_error
from notary.canonical import parse_canonical
from notary.documents.digests import FileDigests, digests_of
from notary.encoding import format_time
from notary.log.signed_note import parse_verifier
from notary.receipts.acceptance import AcceptanceRules
from notary.receipts.history_receipt import MAX_HISTORY, history_from_json
from notary.receipts.history_receipt import HistoryReceipt as HistoryContent
from notary.receipts.receipt import Receipt as ReceiptContent
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Report
from verifier import make_verifier
from verifier.cli import verify_file

State = Literal["recorded", "mined", "final"]
"""How far a record has come: in the log; its checkpoint in a block; that block beyond reorganisation."""
STATES: tuple[State, ...] = get_args(State)
_PART = 1 << 20


@dataclass(frozen=True)
class _Sealed:
    """What both kinds have in common. Keep `data`: it is the proof. `content` is the same, read."""

    data: bytes
    content: ReceiptContent | HistoryContent

    @property
    def state(self) -> State:
        """How far the record, or the last one of the loan, had come when this was written."""
        return next(state for state in STATES if state == self.content.state)

    def has_come(self, state: State) -> bool:
        """Tell whether it has come that far, or farther."""
        return STATES.index(self.state) >= STATES.index(state)

    @property
    def environment(self) -> str:
        """`production`, or `test` for a notary to try things out with."""
        return self.content.environment

    @property
    def log_key(self) -> str:
        """The key of the log, as it is named here: compare it with what the notary publishes."""
        return self.content.log_key

    def save(self, path: Path) -> Path:
        """Write the proof to a file, and return the file."""
        path.write_bytes(self.data)
        return path


@dataclass(frozen=True)
class Receipt(_Sealed):
    """A record's receipt.

    >>> receipt = client.submit(agreement())
    >>> receipt.state, receipt.has_come("recorded"), receipt.has_come("final")
    ('recorded', True, False)
    >>> receipt.record["type"], receipt.environment
    ('agreement', 'test')
    """

    content: ReceiptContent

    @cached_property
    def record(self) -> dict[str, Any]:
        """The record."""
        record: dict[str, Any] = orjson.loads(self.content.envelope.payload)
        return record

    @property
    def record_id(self) -> str:
        """The record's id."""
        return str(self.record["id"])

    @property
    def index(self) -> int:
        """The record's place in the log."""
        return self.content.index

    @property
    def received_at(self) -> str:
        """When the notary says it received the record (RFC 3339)."""
        return format_time(self.content.received_at)


@dataclass(frozen=True)
class History(_Sealed):
    """A loan's history receipt: all its records, without a gap, in one document."""

    content: HistoryContent

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The records, in order."""
        return [orjson.loads(item.envelope.payload) for item in self.content.records]


@dataclass(frozen=True)
class LineAnswer:
    """What became of one of many records: its place, or the error that refused it. `number` counts from 1."""

    number: int
    record_id: str
    index: int | None
    sequence: int | None
    new: bool
    error: ProblemError | None


def read_receipt(data: bytes) -> Receipt:
    """Read a record's receipt; nothing in it is verified. Raises `InvalidInputError`."""
    return Receipt(data, parse_receipt(data))


def read_history(data: bytes) -> History:
    """Read a loan's history receipt; nothing in it is verified. Raises `InvalidInputError`."""
    return History(data, history_from_json(parse_canonical(data, limit=MAX_HISTORY)))


def read_line(members: dict[str, Any], number: int) -> LineAnswer:
    """Read a line of the answer to a batch, which is the `number`-th of all."""
    status = int(members["status"])
    error = problem_error(status, members) if status >= 400 else None
    return LineAnswer(
        number, str(members.get("id", "")), members.get("index"), members.get("sequence"), status == 201, error
    )


def verify(
    receipt: Receipt | History | bytes | Path,
    log_key: str | None = None,
    rules: AcceptanceRules | None = None,
    documents: Sequence[Path] = (),
) -> Report:
    """Verify a receipt, a history receipt or, as a file, an evidence package offline; never raises for what it holds.

    `log_key` is the log's key as its operator publishes it; without it the receipt's own is taken, and the report says
    so. `rules` say what is accepted beyond proof (`PRODUCTION`, or `parse_rules` of a file). Each of `documents` must
    be a file that a record names. Raises `InvalidInputError` for a log key that is none, and `OSError`.
    """
    verifier = make_verifier(parse_verifier(log_key) if log_key else None, rules=rules)
    files = [file_digests(path) for path in documents]
    if isinstance(receipt, Path):
        return verify_file(verifier, receipt, files)
    return verifier.verify(receipt if isinstance(receipt, bytes) else receipt.data, files)


def file_digests(path: Path) -> FileDigests:
    """Return what identifies a file. Raises `OSError`."""
    return digests_of(_parts(path))


def _parts(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part
