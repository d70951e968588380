# SPDX-License-Identifier: Apache-2.0
"""A start that was killed half-way is begun again and comes to the same; every step names one line of the code."""

from pathlib import Path

import pytest

from tests.faults.inject.sitecustomize import places
from tests.faults.starts import INIT_STEPS, MIGRATION, kill_init, kill_migration, migrations
from tests.faults.steps import ACTS, STEPS, Step

IN_ACTS = [step for act in ACTS.values() for step in act.values()]


@pytest.mark.parametrize(
    "step", [*STEPS.values(), *INIT_STEPS.values(), MIGRATION, *IN_ACTS], ids=lambda step: step.line
)
def test_a_step_is_one_line(step: Step) -> None:
    assert len(places(step.source().splitlines(), step.line, step.after)) == 1


@pytest.mark.parametrize("step", INIT_STEPS.values(), ids=list(INIT_STEPS))
def test_half_written_settings_or_keys_were_kept_for_ever(tmp_path: Path, step: Step) -> None:
    kill_init(tmp_path / "data", step)


@pytest.mark.parametrize("since", [None, migrations()[-2]])
def test_a_migration_is_done_whole_or_not_at_all(tmp_path: Path, since: str | None) -> None:
    assert kill_migration(tmp_path, since, 2)


@pytest.mark.slow
def test_every_statement_of_every_migration(tmp_path: Path) -> None:
    passage = 1
    while kill_migration(tmp_path, None, passage):
        passage += 1
    assert passage > len(migrations())
