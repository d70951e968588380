# SPDX-License-Identifier: Apache-2.0
"""Carries out an audit that was asked for, and returns its report."""

from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import Any

from api.anchoring import use_node
from api.audits.audit import OrderedAudit
from api.audits.auditing import Audit, Chain, Done
from api.audits.parts import Target
from api.audits.sampling import anchor_of_population, seed_of_block
from api.databases import open_store
from api.folders.keys import size_inside
from api.keys.log_keys import load_verifiers
from api.settings import DataFolder
from chain.deployment import Deployment
from notary.audit.sample import draw_sample
from notary.audit.tie_out import TieOut
from notary.audit.tie_out_report import tie_out_report
from notary.log.reader import Log

_MOST_DIFFERENCES = 1000

Begin = Callable[[int], Done]
"""Told how much there is to do; returns whom to tell of what is done."""


def carry_out(audit: OrderedAudit, folder: DataFolder, begin: Begin) -> dict[str, Any]:
    """Return the report. Raises `NotaryError`: what cannot be asked of this log, or cannot be answered now."""
    run = {"log": _audit, "records": _audit, "sample": _sample, "tie-out": _tie_out}[audit.order.kind]
    return run(audit, folder, begin)


def _audit(audit: OrderedAudit, folder: DataFolder, begin: Begin) -> dict[str, Any]:
    target = Target("tiles" if audit.order.kind == "log" else "data", str(folder.path))
    place = Deployment.load(folder.deployment) if folder.deployment.exists() else None
    with use_node(folder) as url:
        chain, key = Chain(url, place), load_verifiers(folder)[0]
        report = Audit(
            target, key, chain, state=audit.parts_done, lender=audit.order.lender, state_cipher=audit.key.cipher
        ).run(begin)
    # Where the notary keeps its files is nobody's business.
    return report.members() | {"source": "this notary", "lender": audit.order.lender}


def _sample(audit: OrderedAudit, folder: DataFolder, begin: Begin) -> dict[str, Any]:
    assert audit.order.wanted is not None
    store, done = open_store(folder), begin(1)
    anchor = anchor_of_population(store)
    with use_node(folder) as url:
        seed = seed_of_block(url, anchor, audit.order.seed_block)
    sample = draw_sample(store, audit.order.wanted, anchor, seed)
    done(1)
    return sample


def _tie_out(audit: OrderedAudit, folder: DataFolder, begin: Begin) -> dict[str, Any]:
    assert audit.order.lender is not None
    store, done = open_store(folder), begin(size_inside(audit.ledger))
    tie = TieOut(store, audit.order.lender, Log(store).head().size, audit.order.types)

    with TextIOWrapper(audit.open_ledger(), encoding="utf-8", newline="") as file:

        def lines() -> Iterator[str]:
            for line in file:
                done(len(line.encode()))
                yield line

        return tie_out_report(tie, lines(), _MOST_DIFFERENCES)
