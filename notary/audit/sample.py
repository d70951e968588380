# SPDX-License-Identifier: Apache-2.0
"""A sample of a lender's records: the document that says what was drawn, out of what, by which seed and why so many.

`loan-notary/sample@1` holds all that the draw depends on, so that it can be drawn again and compared.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from hashlib import sha256
from itertools import count
from typing import Any, Literal

from notary.audit.bookings import Booking, bookings, check_types
from notary.audit.sampling import SampleError, attribute_size, monetary_interval, poisson_factor
from notary.audit.selection import MonetaryDraw, draw_positions, draw_start
from notary.log.anchors import Anchor
from notary.log.checkpoint import open_checkpoint
from notary.log.merkle import verify_consistency
from notary.log.reader import Log
from notary.log.signed_note import NoteVerifier
from notary.ports.store import Store
from notary.records.money import EXPONENTS, format_amount, has_scale, minor_units

FORMAT = "loan-notary/sample@1"
TRUST_IN_CHECKPOINTS = "the operator, who signs checkpoints, could have tried several until one drew what suited him"


@dataclass(frozen=True)
class Wanted:
    """What an auditor asks for.

    `lender` is a number; `types` are of those that a ledger books; `tolerable` is a rate (attribute) or a sum of money
    in `currency` (monetary); `expected` how many deviations the sample may hold. `finite` counts on the population's
    size.
    """

    mode: Literal["attribute", "monetary"]
    lender: int
    types: tuple[str, ...]
    confidence: Decimal
    tolerable: Decimal
    expected: int = 0
    currency: str | None = None
    finite: bool = False

    def __post_init__(self) -> None:
        check_types(self.types)
        if self.currency is not None and self.currency not in EXPONENTS:
            raise SampleError(f"{self.currency!r} is no currency")
        if self.mode == "monetary" and self.currency is None:
            raise SampleError("sums of different currencies make no population: name one")

    @property
    def tolerable_minor(self) -> int:
        """The tolerable misstatement in smallest units. Raises `SampleError`."""
        text = f"{self.tolerable:f}"
        if not has_scale(text, EXPONENTS[self.currency or ""]):
            raise SampleError(f"{text} is not written with the decimals of {self.currency}")
        return minor_units(text)


@dataclass(frozen=True)
class Seed:
    """Where the draw's randomness comes from: `facts` say it for the report, `value` is hashed."""

    value: bytes
    facts: dict[str, Any]


def block_seed(anchor: Anchor, number: int, block_hash: bytes, time: int) -> Seed:
    """Return the seed that a block gives a population that `anchor` fixed. Raises `SampleError` unless it is later."""
    if anchor.block_number is None or number <= anchor.block_number:
        raise SampleError(f"block {number} is not later than block {anchor.block_number}, which fixed the population")
    facts = {"kind": "block", "chain_id": anchor.chain_id, "number": number, "time": time}
    return Seed(block_hash, facts | {"hash": "0x" + block_hash.hex(), "trusted": None})


def checkpoint_seed(note: str, verifier: NoteVerifier, size: int, log: Log) -> Seed:
    """Return the seed that a later checkpoint of the log gives a population of `size` entries.

    Raises `SampleError` unless it is later, `InvalidInputError` for one of another key, `ProofError` if it does not
    extend the population.
    """
    later = open_checkpoint(note, verifier)
    if later.size <= size:
        raise SampleError(f"a checkpoint of size {later.size} is not later than the population of {size}")
    verify_consistency(log.prove_consistency(size, later.size), log.root(size), later.root)
    facts = {"kind": "checkpoint", "checkpoint": note, "size": later.size, "trusted": TRUST_IN_CHECKPOINTS}
    return Seed(sha256(note.encode()).digest(), facts)


def draw_sample(store: Store, wanted: Wanted, anchor: Anchor, seed: Seed) -> dict[str, Any]:
    """Draw a sample of what `anchor` covers, and return its document. Raises `SampleError`."""
    fixed = {
        "checkpoint": anchor.checkpoint, "size": anchor.size, "chain_id": anchor.chain_id, "registry": anchor.registry,
        "log_id": anchor.log_id, "block_number": anchor.block_number, "block_hash": anchor.block_hash,
        "block_time": anchor.block_time,
    }  # fmt: skip
    drawn = _draw_attribute(store, wanted, anchor.size, seed) if wanted.mode == "attribute" else None
    drawn = drawn or _draw_monetary(store, wanted, anchor.size, seed)
    asked = asdict(wanted) | {"types": list(wanted.types)}
    for name in ("confidence", "tolerable"):
        asked[name] = f"{asked[name]:f}"
    return {"format": FORMAT, "wanted": asked, "fixed_by": fixed, "seed": seed.facts, **drawn}


def _population(store: Store, wanted: Wanted, size: int) -> Iterator[Booking]:
    found = bookings(store, size, wanted.lender, frozenset(wanted.types))
    return (item for item in found if wanted.currency in (None, item.currency))


def _draw_attribute(store: Store, wanted: Wanted, size: int, seed: Seed) -> dict[str, Any]:
    population = sum(1 for _ in _population(store, wanted, size))
    finite = population if wanted.finite else None
    needed = attribute_size(wanted.tolerable, wanted.confidence, wanted.expected, finite)
    if needed > population:
        raise SampleError(f"{needed} items are needed and there are {population}: look at all, or ask for --finite")
    positions = draw_positions(seed.value, population, needed)
    chosen = set(positions)
    kept = ((at, item) for at, item in zip(count(), _population(store, wanted, size), strict=False) if at in chosen)
    law = "hypergeometric" if wanted.finite else "binomial"
    maths = (
        f"{needed} is the smallest n for which P(X <= {wanted.expected}) <= 1 - {wanted.confidence:f}, where X is "
        f"{law} with a share of {wanted.tolerable:f} deviating" + (f" of {population}" if wanted.finite else "")
    )
    return {
        "population": {"items": population},
        "maths": maths,
        "items": [_item(at, item, certain=False) for at, item in kept],
    }


def _draw_monetary(store: Store, wanted: Wanted, size: int, seed: Seed) -> dict[str, Any]:
    assert wanted.currency is not None
    interval = monetary_interval(wanted.tolerable_minor, wanted.confidence, wanted.expected)
    draw = MonetaryDraw(interval, draw_start(seed.value, interval))
    passed: list[Booking] = []

    def amounts() -> Iterator[int]:
        for item in _population(store, wanted, size):
            passed[:] = [item]
            yield item.minor

    items = [_item(hit.position, passed[0], certain=hit.certain) for hit in draw.walk(amounts())]
    if not items:
        raise SampleError("nothing was drawn: the population comes to less than one interval")
    total = draw.certain.amount + draw.sampled.amount
    factor = poisson_factor(wanted.expected, wanted.confidence)
    return {
        "population": {
            "items": draw.certain.items + draw.sampled.items,
            "amount": format_amount(total, wanted.currency),
            "certain": {"items": draw.certain.items, "amount": format_amount(draw.certain.amount, wanted.currency)},
        },
        "interval": format_amount(interval, wanted.currency),
        "start": format_amount(draw.start, wanted.currency),
        "maths": (
            f"the interval is {wanted.tolerable:f} / {factor:f}, the Poisson factor for {wanted.expected} errors at "
            f"{wanted.confidence:f}, rounded down; items of at least an interval are certain, of the others that of "
            f"every interval-th unit from the start on is drawn"
        ),
        "items": items,
    }


def _item(position: int, item: Booking, *, certain: bool) -> dict[str, Any]:
    amount = format_amount(item.minor, item.currency)
    members = asdict(replace(item, minor=0)) | {"amount": amount, "position": position, "certain": certain}
    del members["minor"], members["lender"]
    return members
