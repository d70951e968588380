# SPDX-License-Identifier: Apache-2.0
"""Scratch files: what was written is read at any place, and nothing of it is on disk."""

import io
import os
import resource
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.errors import CorruptLogError, UnavailableError
from notary.privacy.scratch import SEGMENT, open_scratch
from tests.support.spellings import found_in

CANARY = b"CANARY-" * 4


def on_disk(folder: Path) -> list[Path]:
    """Return what leads to the files in a folder that have no name: the descriptors of this process."""
    links = list(Path("/proc/self/fd").iterdir())
    return [link for link in links if link.is_symlink() and str(link.readlink()).startswith(f"{folder}/")]


def held(folder: Path) -> bytes:
    [path] = on_disk(folder)
    return path.read_bytes()


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * SEGMENT), st.integers(0, 2 * SEGMENT), st.binary(min_size=1, max_size=9)),
        max_size=8,
    )
)
def test_it_holds_what_any_file_would(steps: list[tuple[int, int, bytes]]) -> None:
    plain = io.BytesIO()
    with open_scratch(Path("/tmp")) as file:
        for place, size, data in steps:
            # A place behind the end is the end here: nothing is ever left out.
            place = min(place, len(plain.getvalue()))
            part = (data * (size // len(data) + 1))[:size]
            for target in (plain, file):
                target.seek(place)
                target.write(part)
            assert file.tell() == plain.tell()
            file.seek(place // 2)
            assert file.read(len(part)) == plain.getvalue()[place // 2 :][: len(part)]
        assert file.seek(0, os.SEEK_END) == len(plain.getvalue())
        file.seek(0)
        assert file.read() == plain.getvalue()
        file.seek(0)
        assert list(file) == list(io.BytesIO(plain.getvalue()))


def test_nothing_of_it_is_on_disk_in_the_clear_and_it_has_no_name(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as file:
        for _ in range(3 * SEGMENT // len(CANARY)):
            file.write(CANARY)
        file.seek(0)
        assert file.read(len(CANARY)) == CANARY
        assert len(held(tmp_path)) > 2 * SEGMENT
        assert not list(found_in({Path("scratch"): held(tmp_path)}, [CANARY]))
        assert not list(tmp_path.iterdir())


def test_a_segment_that_is_written_again_has_another_nonce(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as file:
        seen = set()
        for _ in range(3):
            file.seek(0)
            file.write(bytes(SEGMENT + 1))
            file.flush()
            seen.add(held(tmp_path)[:12])
        assert len(seen - {b""}) == 3


def test_no_two_files_have_one_key(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as one, open_scratch(tmp_path) as other:
        for file in (one, other):
            file.write(CANARY + bytes(SEGMENT))
            file.flush()
        paths = on_disk(tmp_path)
        first, second = (path.read_bytes() for path in paths)
        paths[0].write_bytes(second)
        paths[1].write_bytes(first)
        for file in (one, other):
            file.seek(0)
            with pytest.raises(CorruptLogError):
                file.read(1)


def test_segments_cannot_change_places(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as file:
        file.write(b"a" * SEGMENT + b"b" * SEGMENT + b"c")
        file.flush()
        [path] = on_disk(tmp_path)
        data = path.read_bytes()
        half = len(data) // 2
        path.write_bytes(data[half:] + data[:half])
        file.seek(0)
        with pytest.raises(CorruptLogError):
            file.read(1)


def test_an_archive_can_be_written_into_it(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as file:
        for target in (file, plain := io.BytesIO()):
            with zipfile.ZipFile(target, "w") as archive, archive.open(zipfile.ZipInfo("name"), "w") as entry:
                entry.write(os.urandom(0) + CANARY * 10_000)
        file.seek(0)
        assert file.read() == plain.getvalue()


def test_a_disk_that_takes_nothing_more_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        open_scratch(tmp_path / "none")
    file = open_scratch(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SEGMENT, limits[1]))
    try:
        with pytest.raises(UnavailableError, match="File too large"):
            file.write(bytes(10 * SEGMENT))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    file.close()
