# SPDX-License-Identifier: Apache-2.0
"""Files that are sealed piece by piece: what comes out, from any place, and what does not open."""

import io
import os
import random
import tracemalloc
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notary.errors import CorruptLogError, DataKeyError
from notary.privacy.data_key import DataKey
from notary.privacy.sealed_file import MAGIC, SEGMENT, SealedPath, SealedWriter, is_sealed, read_header

WRAPPER, CONTEXT = DataKey(bytes(range(32))), b"a test's"
SIZES = (0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT + 17)
TAG = 16


def sealed(path: Path, data: bytes, piece: int = 10_007) -> SealedPath:
    with path.open("wb") as file:
        writer = SealedWriter(file, WRAPPER, CONTEXT)
        for start in range(0, len(data), piece):
            writer.write(data[start : start + piece])
        writer.finish()
    return SealedPath(path, writer.key)


def start_of(path: Path) -> int:
    with path.open("rb") as file:
        read_header(file)
        return file.tell()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [1000, SEGMENT, 10 * SEGMENT])
def test_what_was_sealed_comes_out(tmp_path: Path, size: int, piece: int) -> None:
    data = random.Random(size).randbytes(size)
    found = sealed(tmp_path / "file", data, piece)
    with found.open() as file:
        assert file.read() == data
    assert size < 100 or data[:100] not in found.path.read_bytes()
    segments = max(1, -(-size // SEGMENT))
    assert found.path.stat().st_size == start_of(found.path) + size + segments * TAG
    with found.path.open("rb") as raw:
        assert WRAPPER.unwrap(read_header(raw), CONTEXT) == found.key


def test_it_is_read_from_any_place(tmp_path: Path) -> None:
    chance = random.Random(7)
    data = chance.randbytes(2 * SEGMENT + 999)
    with sealed(tmp_path / "file", data).open() as file:
        for _ in range(200):
            place, length = chance.randrange(len(data) + 10), chance.randrange(SEGMENT + 50)
            file.seek(place)
            assert file.read(length) == data[place : place + length]
        assert file.seek(-5, os.SEEK_END) == len(data) - 5
        assert (file.read(), file.read(1)) == (data[-5:], b"")


def test_segments_are_aes_gcm_numbered_and_the_last_one_says_so(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(SEGMENT + 5)
    found = sealed(tmp_path / "file", data)
    body = found.path.read_bytes()[start_of(found.path) :]
    aead = AESGCM(found.key)
    assert aead.decrypt(bytes(12), body[: SEGMENT + TAG], None) == data[:SEGMENT]
    assert aead.decrypt(bytes(10) + b"\x01\x01", body[SEGMENT + TAG :], None) == data[SEGMENT:]


def damage_cut(body: bytes) -> bytes:
    return body[: SEGMENT + TAG]


def damage_swap(body: bytes) -> bytes:
    step = SEGMENT + TAG
    return body[step : 2 * step] + body[:step] + body[2 * step :]


DAMAGES = {
    "cut at a segment": damage_cut,
    "cut in a segment": lambda body: body[:-1],
    "cut to nothing": lambda body: b"",
    "cut below a tag": lambda body: body[:7],
    "segments exchanged": damage_swap,
    "a segment twice": lambda body: body[: SEGMENT + TAG] + body,
    "a byte in the middle": lambda body: body[: SEGMENT + 99] + bytes([body[SEGMENT + 99] ^ 1]) + body[SEGMENT + 100 :],
    "something behind it": lambda body: body + body[-30:],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_changed_does_not_open(tmp_path: Path, name: str) -> None:
    found = sealed(tmp_path / "file", random.Random(3).randbytes(2 * SEGMENT + 50))
    whole, start = found.path.read_bytes(), start_of(found.path)
    found.path.write_bytes(whole[:start] + DAMAGES[name](whole[start:]))
    with pytest.raises(CorruptLogError), found.open() as file:
        file.read()


@pytest.mark.parametrize("at", [0, len(MAGIC), len(MAGIC) + 1])
def test_another_header_is_none(tmp_path: Path, at: int) -> None:
    found = sealed(tmp_path / "file", b"x")
    data = bytearray(found.path.read_bytes())
    data[at] ^= 0x80
    found.path.write_bytes(data)
    with pytest.raises(CorruptLogError), found.path.open("rb") as file:
        read_header(file)


@pytest.mark.parametrize("kept", [0, len(MAGIC), len(MAGIC) + 1, len(MAGIC) + 2, len(MAGIC) + 20])
def test_half_a_header_is_none(tmp_path: Path, kept: int) -> None:
    found = sealed(tmp_path / "file", b"x")
    found.path.write_bytes(found.path.read_bytes()[:kept])
    with pytest.raises(CorruptLogError), found.path.open("rb") as file:
        read_header(file)


def test_the_wrapped_key_is_for_one_purpose_and_one_data_key(tmp_path: Path) -> None:
    with sealed(tmp_path / "file", b"x").path.open("rb") as file:
        wrapped = read_header(file)
    with pytest.raises(CorruptLogError):
        WRAPPER.unwrap(wrapped, b"another's")
    with pytest.raises(DataKeyError):
        DataKey(bytes(32)).unwrap(wrapped, CONTEXT)


def test_each_file_has_a_key_of_its_own(tmp_path: Path) -> None:
    first, second = (sealed(tmp_path / name, b"the same") for name in "ab")
    assert first.key != second.key
    assert is_sealed(first.path)
    (tmp_path / "c").write_bytes(b"%PDF")
    assert not is_sealed(tmp_path / "c")


def test_half_a_gigabyte_takes_no_more_memory_than_a_page_of_it() -> None:
    class Counted(io.RawIOBase):
        size = 0

        def write(self, data: object, /) -> int:
            self.size += len(data)  # type: ignore[arg-type]
            return len(data)  # type: ignore[arg-type]

    piece, target = bytes(1 << 20), Counted()
    tracemalloc.start()
    try:
        writer = SealedWriter(target, WRAPPER, CONTEXT)  # type: ignore[arg-type]
        for _ in range(500):
            writer.write(piece)
        writer.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert target.size > 500 << 20
    assert peak < 8 << 20
