# SPDX-License-Identifier: Apache-2.0
"""Ids of records: many are read at once as each is by itself, whatever is among them."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notary.stores.record_ids import id_bytes, ids_bytes

ID = "01998d2e-5c00-7a31-8f42-00000000abcd"
WRITTEN = st.uuids().map(str)
SHIFTED = [ID[:at] + ID[at + 1] + ID[at] + ID[at + 2 :] for at in (8, 13, 18, 23)]
# Each is wrong in one way; together some of them have the length, the digits or the dashes that right ones have.
OTHERWISE = st.sampled_from([
    "", "-", ID[:-1], ID + "0", ID.upper(), ID.replace("-", ""), ID.replace("-", " "), ID.replace("-", "g"),
    ID[1:] + ID[0], "-" * 36, "0" * 36, ID[:-2] + "--", ID[:-2] + " 0", ID[:-1] + "٣", f"{{{ID}}}", *SHIFTED,
])  # fmt: skip


@given(st.lists(WRITTEN))
@example([])
def test_ids_that_are_written_as_ids_are_read(ids: list[str]) -> None:
    assert ids_bytes(ids) == [UUID(text).bytes for text in ids]


@given(st.lists(WRITTEN | OTHERWISE | st.text(max_size=40)))
@example([ID[:-1], ID[-1] + ID])
@example([ID[:-1] + "-", ID])
def test_ids_are_read_together_as_one_by_one(ids: list[str]) -> None:
    assert ids_bytes(ids) == [id_bytes(text) for text in ids]


@pytest.mark.parametrize(
    "wrong", [ID[:-1], ID + "0", ID.upper(), ID.replace("-", "g"), ID[:-2] + "--", ID[:-2] + " 0", *SHIFTED]
)
def test_a_wrong_id_takes_no_other_with_it(wrong: str) -> None:
    assert ids_bytes([ID, wrong, ID]) == [UUID(ID).bytes, None, UUID(ID).bytes]
