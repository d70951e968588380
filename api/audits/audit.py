# SPDX-License-Identifier: Apache-2.0
"""An audit that somebody asked for: what of, and how far it has come."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import orjson

from api.folders.keys import FolderKey
from api.folders.state_files import file_errors
from notary.audit.sample import Wanted

Kind = Literal["log", "records", "sample", "tie-out"]
KINDS: tuple[Kind, ...] = ("log", "records", "sample", "tie-out")
LEDGER, REPORT, PROBLEM = "ledger", "report", "problem"
"""For what an audit's files, and the problem in one of them, are sealed."""


@dataclass(frozen=True)
class Order:
    """What was asked for.

    The log as an outsider sees it, or one lender's records besides; a sample of a lender's records as `wanted`, seeded
    by the block `seed_block`, which is the one next to the anchor's if none is named; or a lender's ledger, of the
    record `types`.
    """

    kind: Kind
    lender: int | None = None
    types: tuple[str, ...] = ()
    wanted: Wanted | None = None
    seed_block: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the order as JSON, in which decimal numbers are texts."""
        return orjson.loads(orjson.dumps(asdict(self), default=str))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        wanted = members["wanted"]
        if wanted is not None:
            decimals = {name: Decimal(wanted[name]) for name in ("confidence", "tolerable")}
            wanted = Wanted(**wanted | decimals | {"types": tuple(wanted["types"])})
        return cls(**members | {"types": tuple(members["types"]), "wanted": wanted})


@dataclass(frozen=True)
class OrderedAudit:
    """An audit as it stands. Times are milliseconds since 1970; `done` of `total` entries or records are audited.

    `ended` is None, or why it ended without a report: a problem document without status and trace id.
    """

    id: str
    organisation: int
    order: Order
    created_at: int
    started_at: int | None
    finished_at: int | None
    cancelled_at: int | None
    done: int
    total: int | None
    ended: dict[str, Any] | None
    folder: Path
    key: FolderKey = field(repr=False)

    @property
    def state(self) -> str:
        """One of "open" (its ledger is still to come), "waiting", "running", "done", "failed", "cancelled"."""
        if self.finished_at is not None:
            return "failed" if self.ended else "done"
        if self.cancelled_at is not None:
            return "cancelled"
        if self.order.kind == "tie-out" and not self.ledger.exists():
            return "open"
        return "waiting" if self.started_at is None else "running"

    @property
    def is_due(self) -> bool:
        """Tell whether there is something to do now."""
        return self.state in ("waiting", "running")

    @property
    def is_over(self) -> bool:
        """Tell whether nothing will come of it any more."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def report(self) -> Path:
        """The file of the report, there once the audit is done."""
        return self.folder / "report"

    @property
    def ledger(self) -> Path:
        """The file of the ledger that a tie-out is of."""
        return self.folder / "ledger"

    @property
    def parts_done(self) -> Path:
        """The file in which a full audit keeps what is done, so that a kill costs little."""
        return self.folder / "parts.jsonl"

    def read_report(self) -> bytes:
        """Return the report as JSON. Raises `UnavailableError`, `CorruptLogError`."""
        with file_errors():
            sealed = self.report.read_bytes()
        return self.key.open(REPORT, sealed)

    def open_ledger(self) -> BinaryIO:
        """Open the ledger as it came. Raises `OSError`, `CorruptLogError`, `DataKeyError`."""
        return self.key.open_file(LEDGER, self.ledger)
