# SPDX-License-Identifier: Apache-2.0
"""The clock of a running service is set back and forward, and is wrong when it starts."""

from pathlib import Path
from random import Random

from tests.faults.clock import Clock, Tally, live
from tests.faults.starting import new_subject


def test_a_clock_that_is_set_back_and_forward_changes_nothing_but_times(tmp_path: Path) -> None:
    tally = Tally()
    with new_subject(tmp_path / "data") as subject:
        live(subject, Clock(tmp_path / "clock"), ["back an hour", "on a day", "back a day"], Random(1), tally)
        assert tally.acknowledged > 20
        assert tally.told >= 2
