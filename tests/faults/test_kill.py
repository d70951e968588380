# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a real service under load, at named steps and at any moment: 25 times here, more by `make faults`."""

import time
from pathlib import Path

import pytest

from tests.faults.kills import campaign
from tests.faults.strikes import KINDS
from tests.support.service import new_service

KILLS = 25


def test_nothing_is_lost_doubled_or_invented(tmp_path: Path) -> None:
    tally = campaign(tmp_path, KILLS, seed=1)
    assert tally.kills.total() == KILLS
    assert tally.kills.keys() == KINDS.keys()
    assert tally.acknowledged > KILLS * 10


@pytest.mark.parametrize("after", [0.6, 1.2])
def test_a_supervisor_killed_while_it_starts_leaves_nothing_behind(tmp_path: Path, after: float) -> None:
    with new_service(tmp_path / "data") as service:
        process = service.launch()
        time.sleep(after)
        process.kill()
        process.wait()
        service.wait_for_silence()
        service.start()
        assert service.stop() == 0
