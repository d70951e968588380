# SPDX-License-Identifier: Apache-2.0
"""Cutting a stream into lines: the same however much it hands over at a time, and never more than the limit."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.views.bodies import read_lines

LIMIT = 10


class Dripping:
    """A stream that hands over only so much at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._stream, self._step = io.BytesIO(data), step

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, self._step))


@given(st.lists(st.sampled_from([b"", b"a", b"\r", b"0123456789", b"0123456789x", b"z" * 50])), st.integers(1, 30))
def test_lines_do_not_depend_on_how_they_arrive(lines: list[bytes], step: int) -> None:
    for end in (b"", b"\n"):
        data = b"\n".join(lines) + end
        whole = data.split(b"\n")
        if not whole[-1]:
            whole.pop()
        assert list(read_lines(Dripping(data, step), LIMIT)) == [line[: LIMIT + 1] for line in whole]  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [LIMIT, LIMIT + 1, 200_000, 1_000_000])
def test_a_line_too_long_is_cut_where_it_can_be_seen(length: int) -> None:
    lines = list(read_lines(io.BytesIO(b"x" * length + b"\nshort"), LIMIT))
    assert [len(line) for line in lines] == [min(length, LIMIT + 1), 5]
