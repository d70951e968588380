# SPDX-License-Identifier: Apache-2.0
"""No lender, auditor or borrower gets at what is another's, by any operation, nor learns whether it is there."""

from pathlib import Path

import pytest

from tests.support.document import OPERATIONS
from tests.support.isolation import isolated


def test_nobody_gets_at_what_is_another_s(tmp_path: Path) -> None:
    run = isolated(1, tmp_path / "data")
    assert run.faults == []
    # Every operation that asks for a key was asked for by everybody.
    assert run.counted["nobody"] >= sum(bool(item.value["security"]) for item in OPERATIONS.values())
    assert len(run.counted) >= 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_nobody_gets_at_what_is_another_s_in_any_order(tmp_path: Path, seed: int) -> None:
    assert isolated(seed, tmp_path / "data").faults == []
