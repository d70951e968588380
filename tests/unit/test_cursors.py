# SPDX-License-Identifier: Apache-2.0
"""The secret of cursors: made once, and never taken for an encrypted key file."""

import re
from pathlib import Path

import pytest

from api.cursors import CursorSeal
from api.keys.files import is_encrypted
from notary.errors import InvalidInputError
from notary.listing import Place

PLACE = Place(6, 5, 4, 3, 2, 1)


def test_a_random_secret_that_begins_like_json_is_not_possible(tmp_path: Path) -> None:
    # Random bytes began so in one folder of 250, which could not be opened from then on.
    CursorSeal.load(tmp_path / "cursors.key")
    data = (tmp_path / "cursors.key").read_bytes()
    assert re.fullmatch(rb"[0-9a-f]{64}\n", data)
    assert not is_encrypted(data)


def test_whoever_loads_the_secret_again_opens_what_was_closed(tmp_path: Path) -> None:
    cursor = CursorSeal.load(tmp_path / "cursors.key").close(PLACE, "a list")
    again = CursorSeal.load(tmp_path / "cursors.key")
    assert again.open(cursor, "a list") == PLACE
    with pytest.raises(InvalidInputError):
        again.open(cursor, "another list")
    with pytest.raises(InvalidInputError):
        CursorSeal.load(tmp_path / "other.key").open(cursor, "a list")
