# SPDX-License-Identifier: Apache-2.0
"""Kills a real service under load, again and again, and checks everything after each kill.

One data folder lives through `LIFE` kills. Each start is armed with the next kill, which counts only while a trigger
file exists; so what the last kill left is checked in peace, and then the load begins. What holds in time only (all is
anchored, all is told, the whole log audited) is checked after every `WHOLE`-th kill of a folder, and after its last.
"""

import math
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from notary.log.anchors import AnchorState
from tests.faults.checks import Subject, check_all, check_now
from tests.faults.figures import Rows
from tests.faults.forked import nursery
from tests.faults.load import Load
from tests.faults.starting import new_subject, start
from tests.faults.strikes import KINDS, REWINDS, Strike

LIFE = 20
"""Kills that one data folder lives through."""
WHOLE = 10
"""Kills after which all is checked."""


@dataclass
class Tally:
    """What a campaign has done: kills by kind, and how many of what there were when all was checked."""

    kills: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    folders: int = 0
    sent: int = 0
    acknowledged: int = 0
    found: int = 0
    anchors: int = 0
    messages: int = 0
    repeated: int = 0
    seconds: float = 0.0
    doing: str = ""


class KillFailedError(AssertionError):
    """Raised when something did not hold after a kill; names what repeats it."""


def campaign(
    folder: Path,
    count: int,
    seed: int,
    kinds: Sequence[str] = tuple(KINDS),
    minutes: float = math.inf,
    fork: bool = True,
) -> Tally:
    """Deal `count` kills, each kind in its turn, or as many as are begun within so many minutes.

    Folders are made in `folder` and removed when they held. Processes are forked (`tests.faults.forked`), or started as
    an operator starts them.

    Raises `KillFailedError` for the first thing that does not hold; its data folder stays.
    """
    random, tally, began = Random(seed), Tally(), time.monotonic()
    deadline = began + 60 * minutes
    plan = [kinds[number % len(kinds)] for number in range(count)]
    with nursery() if fork else nullcontext() as forks:
        for first in range(0, count, LIFE):
            if time.monotonic() > deadline:
                break
            lived = plan[first : first + LIFE]
            random.shuffle(lived)
            with new_subject(folder / f"data-{seed}-{first}", forks) as subject:
                try:
                    _live(subject, lived, random, tally, deadline)
                except (AssertionError, OSError, subprocess.SubprocessError) as error:
                    raise KillFailedError(f"seed {seed}, {tally.doing}: {error}; see {subject.folder.path}") from error
                _count(subject, tally)
            shutil.rmtree(folder / f"data-{seed}-{first}")
    tally.seconds = time.monotonic() - began
    return tally


def _live(subject: Subject, kinds: Sequence[str], random: Random, tally: Tally, deadline: float) -> None:
    service, trigger = subject.service, subject.folder.path.with_suffix(".trigger")
    for number, kind in enumerate(kinds):
        if time.monotonic() > deadline:
            break
        strike = KINDS[kind](random)
        start(subject, strike.variables(trigger))
        if number % WHOLE == 0 and number:
            _check_all(subject, random, tally)
        elif number:
            check_now(subject, random)
        subject.rewound |= kind in REWINDS
        tally.doing = f"kill {sum(tally.kills.values()) + 1} ({kind})"
        sys.stderr.write(f"{tally.doing}\n")
        _strike(subject, strike, trigger, random)
        tally.kills[kind] += 1
    start(subject, {})
    _check_all(subject, random, tally)
    assert service.stop() == 0
    service.wait_for_silence()


def _check_all(subject: Subject, random: Random, tally: Tally) -> None:
    check_all(subject, random)
    tally.whole += 1


def _strike(subject: Subject, strike: Strike, trigger: Path, random: Random) -> None:
    service = subject.service
    assert service.process is not None
    trigger.touch()
    try:
        with Load(service, subject.api_key, subject.hook, subject.ledger, random):
            strike.deal(service, random)
            assert service.process.wait() != 0
    finally:
        trigger.unlink()
    service.process = None
    service.wait_for_silence()


def _count(subject: Subject, tally: Tally) -> None:
    ledger, got = subject.ledger, subject.receiver.got
    with subject.store() as store:
        head = store.head()
        assert head is not None
        tally.anchors += len(store.anchors(AnchorState.FINAL))
    tally.folders += 1
    tally.sent += len(ledger.sent)
    tally.acknowledged += len(ledger.placed)
    tally.found += head.size
    tally.messages += len({item.headers["webhook-id"] for item in got})
    tally.repeated += len(got) - len({item.headers["webhook-id"] for item in got})


def run(folder: Path, count: int, seed: int, minutes: float) -> Rows:
    """Run a campaign and return its figures."""
    tally = campaign(folder, count, seed, minutes=minutes)
    return [
        ("kills", f"{tally.kills.total():,}"),
        *((f"- {kind}", f"{tally.kills[kind]:,}") for kind in KINDS if tally.kills[kind]),
        ("data folders they were dealt to", f"{tally.folders:,}"),
        ("full checks, with audit, chain and webhooks", f"{tally.whole:,}"),
        ("records sent", f"{tally.sent:,}"),
        ("records acknowledged, each found once, where its answer says", f"{tally.acknowledged:,}"),
        ("records lost, doubled, changed or invented", "0"),
        ("entries in the logs at the end, all audited", f"{tally.found:,}"),
        ("anchors, each once on its chain", f"{tally.anchors:,}"),
        ("webhook messages that arrived", f"{tally.messages:,}"),
        ("- more than once, with the same id and body", f"{tally.repeated:,}"),
        ("minutes", f"{tally.seconds / 60:.0f}"),
    ]
