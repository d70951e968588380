# SPDX-License-Identifier: Apache-2.0
"""Each parser over some hundred mutations of its corpus, the same each time; `make fuzz` goes on from there."""

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import __main__ as fuzzing
from tests.fuzz.mutating import MAX_SIZE, mutated
from tests.fuzz.targets import TARGETS, Target

# Of these one execution takes longest.
_FEW = {"pdf": 25, "cms": 25, "history": 60, "receipt": 60}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_has_an_answer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    most = _FEW.get(name, 300)
    assert fuzzing.fuzz(name, TARGETS[name], random.Random(name), 600, most) == (most, [])


def test_every_target_has_a_corpus_that_it_takes_and_no_other_is_there() -> None:
    assert {path.name for path in fuzzing.CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for path in fuzzing.CORPUS.rglob("*") if path.is_file()) < 512 * 1024
    for name in (
        "record",
        "envelope",
        "key-history",
        "checkpoint",
        "tile-path",
        "tlog-proof",
        "cose",
        "rlp",
        "manifest",
    ):
        for path in (fuzzing.CORPUS / name).iterdir():
            TARGETS[name].run(path.read_bytes())


def test_a_parser_that_falls_is_found_with_what_it_fell_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(data: bytes) -> None:
        assert len(data) % 2

    monkeypatch.chdir(tmp_path)
    ran, found = fuzzing.fuzz("record", Target(falls), random.Random(1), 600, 200)
    assert 10 <= ran < 200
    assert len(found) == 10
    assert all(len(path.read_bytes()) % 2 == 0 for path in found)
    assert fuzzing.fuzz("record", Target(falls, (AssertionError,)), random.Random(1), 600, 200) == (200, [])


def test_mutations_differ_and_are_bounded() -> None:
    chance = random.Random(2)
    made = {mutated(b"a" * MAX_SIZE, [b"other"], chance) for _ in range(50)}
    assert len(made) > 20
    assert max(map(len, made)) <= MAX_SIZE
    assert mutated(b"", [b""], chance) is not None
