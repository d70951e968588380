# SPDX-License-Identifier: Apache-2.0
"""A small client of C2SP tlog-tiles logs that shares no code with the notary: it was written from the specification.

https://c2sp.org/tlog-tiles, https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note, RFC 9162 section 2.1.
"""

from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Fetch = Callable[[str], bytes]
"""Gets what stands at a path below the log's prefix."""


class Head(NamedTuple):
    """What a verified checkpoint says."""

    origin: str
    size: int
    root: bytes


def read_checkpoint(fetch: Fetch, vkey: str) -> Head:
    """Fetch the checkpoint and verify the signature of the verifier key `name+hash+key`."""
    name, key_id, key = vkey.split("+", 2)
    public = b64decode(key)
    assert public[0] == 1
    assert sha256(name.encode() + b"\n" + public).digest()[:4].hex() == key_id
    text, _, signatures = fetch("checkpoint").decode().rpartition("\n\n")
    text += "\n"
    [line] = [line for line in signatures.splitlines() if line.startswith(f"\u2014 {name} ")]
    blob = b64decode(line.rpartition(" ")[2])
    assert blob[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(blob[4:], text.encode())
    origin, size, root = text.splitlines()[:3]
    return Head(origin, int(size), b64decode(root))


def tile_path(level: int | str, number: int, width: int) -> str:
    """Return the path of a tile or bundle; N is in groups of three digits, all but the last with an x."""
    groups = []
    rest = number
    while True:
        rest, group = divmod(rest, 1000)
        groups.insert(0, f"{'x' if groups else ''}{group:03}")
        if not rest:
            break
    partial = f".p/{width}" if width < 256 else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def widths(count: int) -> list[int]:
    """Return the widths of the tiles that `count` hashes of one level fill."""
    full, rest = divmod(count, 256)
    return [256] * full + ([rest] if rest else [])


def read_entries(fetch: Fetch, size: int) -> list[bytes]:
    """Fetch all entries of a log from its bundles: each a uint16 length and the entry."""
    entries = []
    for number, width in enumerate(widths(size)):
        bundle = fetch(tile_path("entries", number, width))
        count = 0
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            entries.append(bundle[2 : 2 + length])
            assert len(entries[-1]) == length
            bundle, count = bundle[2 + length :], count + 1
        assert count == width
    return entries


def read_level(fetch: Fetch, level: int, size: int) -> list[bytes]:
    """Fetch all hashes of a tile level."""
    hashes = []
    for number, width in enumerate(widths(size >> 8 * level)):
        tile = fetch(tile_path(level, number, width))
        assert len(tile) == 32 * width
        hashes += [tile[start : start + 32] for start in range(0, len(tile), 32)]
    return hashes


def read_hashes(proof: bytes) -> list[bytes]:
    """Read the hashes of a proof as a witness is sent them (https://c2sp.org/tlog-witness): one base64 line each."""
    lines = proof.decode("ascii").split("\n")
    assert lines.pop() == ""
    return [b64decode(line, validate=True) for line in lines]


def leaf(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def root(hashes: list[bytes]) -> bytes:
    """Return the Merkle tree hash over leaf hashes, by the recursion of RFC 9162 section 2.1.1."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + root(hashes[:split]) + root(hashes[split:])).digest()


def check_log(fetch: Fetch, vkey: str) -> Head:
    """Read a whole log, recompute its root from the entries, and every tile from the level below it."""
    head = read_checkpoint(fetch, vkey)
    below = [leaf(entry) for entry in read_entries(fetch, head.size)]
    assert root(below) == head.root
    level = 0
    while head.size >> 8 * level:
        hashes = read_level(fetch, level, head.size)
        if level == 0:
            assert hashes == below
        else:
            assert hashes == [root(below[start : start + 256]) for start in range(0, len(hashes) * 256, 256)]
        below, level = hashes, level + 1
    return head
