# SPDX-License-Identifier: Apache-2.0
"""A chain's state with one registry in it, built with the `trie` package: evidence without a node."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

from chain.evidence import anchor_slot, commitment
from chain.known_registries import KNOWN_CODE_HASHES

REGISTRY, LOG_ID = b"\x11" * 20, b"\x22" * 32
NUMBER, TIME = 25_000_000, 1_772_415_060
FORKS = {"paris": 16, "shanghai": 17, "cancun": 20, "prague": 21}
"""How many fields a block header has since each fork."""
KNOWN_CODE = sorted(KNOWN_CODE_HASHES)[0]


@dataclass(frozen=True)
class Block:
    """A block's header in RLP, and the proofs that its state holds an anchor."""

    header: bytes
    account_proof: tuple[bytes, ...]
    storage_proof: tuple[bytes, ...]


def block_with_anchor(
    size: int, root: bytes, fields: int = FORKS["prague"], code_hash: bytes = KNOWN_CODE, time: int = TIME
) -> Block:
    """Return a block in whose state the registry holds this root at this size, with a header of so many fields."""
    slot = anchor_slot(LOG_ID, size)
    others = {number.to_bytes(32): rlp.encode(b"\x55" * 32) for number in range(20)}
    storage = _trie_of({slot: rlp.encode(commitment(root, time).lstrip(b"\0"))} | others)
    accounts = {REGISTRY: rlp.encode([b"\1", b"", storage.root_hash, code_hash])}
    accounts |= {number.to_bytes(20): rlp.encode([b"", b"\1", b"\2" * 32, b"\3" * 32]) for number in range(20)}
    state = _trie_of(accounts)
    header = rlp.encode(header_fields(state.root_hash, fields, time))
    return Block(header, _proof_of(state, REGISTRY), _proof_of(storage, slot))


def odd_headers(size: int, root: bytes) -> Iterator[tuple[str, Block]]:
    """Yield blocks that hold the anchor, with headers that are not as a chain makes them."""
    good = block_with_anchor(size, root)
    yield "a header of another time", replace(good, header=good.header.replace(_integer(TIME), _integer(TIME + 1)))
    extra, odd_extra = rlp.encode(b"extra"), b"\xb8\x05extra"
    yield "a header with a length too long written", replace(good, header=_replaced(good.header, extra, odd_extra))
    small = _replaced(good.header, b"\x81\xff", b"\x81\x07")
    yield "a header with a byte that has a length", replace(good, header=small)


def _replaced(header: bytes, old: bytes, new: bytes) -> bytes:
    """Put one encoded field in the place of another, and mend the length of the whole, which has two bytes."""
    assert header[0] == 0xF9
    body = header[3:]
    place = body.rindex(old)
    changed = body[:place] + new + body[place + len(old) :]
    return header[:1] + len(changed).to_bytes(2) + changed


def header_fields(state_root: bytes, count: int, time: int = TIME) -> list[bytes]:
    """Return the first fields of a block header, in the order in which forks added them."""
    start = [b"\1" * 32, b"\2" * 32, b"\3" * 20, state_root, b"\4" * 32, b"\5" * 32, b"\0" * 256, b""]
    middle = [_integer(NUMBER), b"\x01\xc9\xc3\x80", b"\xff", _integer(time), b"extra", b"\6" * 32, b"\0" * 8, b"\7"]
    later = [b"\x08" * 32, b"", b"\x09", b"\x0a" * 32, b"\x0b" * 32, b"\x0c" * 32]
    return [*start, *middle, *later][:count]


def _integer(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def _trie_of(entries: dict[bytes, bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[keccak(key)] = value
    return trie


def _proof_of(trie: HexaryTrie, key: bytes) -> tuple[bytes, ...]:
    return tuple(rlp.encode(node) for node in trie.get_proof(keccak(key)))
