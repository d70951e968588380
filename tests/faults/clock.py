# SPDX-License-Identifier: Apache-2.0
"""Sets the clock of a running service back and forward, a minute to a day at a time, under load.

Only what Python asks for the time is set wrong (`tests/faults/inject`): the node keeps the machine's clock.
"""

import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.checks import Subject, check_all, check_now
from tests.faults.figures import Rows
from tests.faults.load import Load
from tests.faults.starting import new_subject, start
from tests.faults.steps import skewed

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
JUMPS = {
    "back a day": -DAY,
    "back an hour": -HOUR,
    "back a minute": -MINUTE,
    "on a minute": MINUTE,
    "on an hour": HOUR,
    "on a day": DAY,
}
"""How the clock is set, in milliseconds."""
LIFE = 12
"""Jumps that one data folder lives through."""
ENOUGH = 50
"""Records that are acknowledged before a jump, and after it."""
LIMIT = 60.0
"""Seconds that they may take."""


class Clock:
    """A clock that is wrong by as much as a file says."""

    def __init__(self, file: Path) -> None:
        self._file, self._wrong = file, 0
        self.jump(0)

    def variables(self) -> dict[str, str]:
        """Return the variables of a service that goes by this clock."""
        return skewed(self._file)

    def jump(self, milliseconds: int) -> None:
        """Set it on, or back."""
        self._wrong += milliseconds
        coming = self._file.with_suffix(".new")
        coming.write_text(str(self._wrong))
        coming.replace(self._file)


@dataclass
class Tally:
    """What was done."""

    jumps: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    messages: int = 0
    told: int = 0


def live(subject: Subject, clock: Clock, jumps: list[str], random: Random, tally: Tally) -> None:
    """Set the clock so often, under load; check after each time what must hold then, and at the end everything."""
    start(subject, clock.variables())
    for jump in jumps:
        with Load(subject.service, subject.api_key, subject.hook, subject.ledger, random):
            _wait_for_records(subject)
            clock.jump(JUMPS[jump])
            subject.aged |= jump == "on a day"
            _wait_for_records(subject)
        check_now(subject, random)
        tally.jumps[jump] += 1
    check_all(subject, random)
    assert subject.service.stop() == 0
    tally.acknowledged += len(subject.ledger.placed)
    tally.messages += len(subject.receiver.got)
    tally.told += subject.service.log.read_text().count('"the clock was set back: records come')


def _wait_for_records(subject: Subject) -> None:
    wanted, deadline = len(subject.ledger.placed) + ENOUGH, time.monotonic() + LIMIT
    while len(subject.ledger.placed) < wanted:
        assert time.monotonic() < deadline, "the service takes no records"
        time.sleep(0.02)


def run(folder: Path, count: int, seed: int, minutes: float) -> Rows:
    """Set clocks `count` times, or as often as is begun within so many minutes, and return the figures."""
    random, tally, deadline = Random(seed), Tally(), time.monotonic() + 60 * minutes
    plan = [list(JUMPS)[number % len(JUMPS)] for number in range(count)]
    random.shuffle(plan)
    for first in range(0, count, LIFE):
        if time.monotonic() > deadline:
            break
        place = folder / f"clock-{seed}-{first}"
        with new_subject(place) as subject:
            live(subject, Clock(place.with_suffix(".clock")), plan[first : first + LIFE], random, tally)
        shutil.rmtree(place)
    return [
        ("times that the clock was set", f"{tally.jumps.total():,}"),
        *((f"- {jump}", f"{tally.jumps[jump]:,}") for jump in JUMPS),
        ("- back while records came, and said so", f"{tally.told:,}"),
        ("records acknowledged, each found once, where its answer says", f"{tally.acknowledged:,}"),
        ("records lost, doubled, changed or invented", "0"),
        ("webhook messages that arrived", f"{tally.messages:,}"),
        ("messages, anchors or jobs that waited for the clock", "0"),
    ]
