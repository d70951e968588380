# SPDX-License-Identifier: Apache-2.0
"""Anchor evidence on a state that is built here with the `trie` package: every fork's header, every changed byte."""

from dataclasses import replace

import pytest
import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

from chain.errors import EvidenceError, UnknownHeaderError
from chain.evidence import BlockHeader, anchor_slot, commitment, verify_evidence
from notary.log.anchors import Anchor, AnchorState, Evidence

REGISTRY, LOG, ROOT, SIZE, TIME, NUMBER = b"\x11" * 20, b"\x22" * 32, b"\x33" * 32, 1000, 1_790_000_000, 25_000_000
CODE_HASH = keccak(b"code")
KNOWN = {CODE_HASH}
FORKS = {"paris": 16, "shanghai": 17, "cancun": 20, "prague": 21, "osaka": 21}


def trie_of(entries: dict[bytes, bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[keccak(key)] = value
    return trie


def proof_of(trie: HexaryTrie, key: bytes) -> tuple[bytes, ...]:
    return tuple(rlp.encode(node) for node in trie.get_proof(keccak(key)))


def header_fields(state_root: bytes, count: int = 21) -> list[bytes]:
    number, time = rlp.sedes.big_endian_int.serialize(NUMBER), rlp.sedes.big_endian_int.serialize(TIME)
    start = [b"\1" * 32, b"\2" * 32, b"\3" * 20, state_root, b"\4" * 32, b"\5" * 32, b"\0" * 256, b""]
    middle = [number, b"\x01\xc9\xc3\x80", b"\xff", time, b"extra", b"\6" * 32, b"\0" * 8, b"\7"]
    later = [b"\x08" * 32, b"", b"\x09", b"\x0a" * 32, b"\x0b" * 32, *[b"\x0c" * 32] * 10]
    return [*start, *middle, *later][:count]


def anchor(count: int = 21, value: bytes | None = None, code_hash: bytes = CODE_HASH) -> Anchor:
    stored = commitment(ROOT, TIME) if value is None else value
    slots = {anchor_slot(LOG, SIZE): rlp.encode(stored)}
    slots |= {number.to_bytes(32): rlp.encode(b"\x55" * 32) for number in range(20)}
    storage = trie_of(slots)
    accounts = {REGISTRY: rlp.encode([b"\1", b"", storage.root_hash, code_hash])}
    accounts |= {number.to_bytes(20): rlp.encode([b"", b"\1", b"\2" * 32, b"\3" * 32]) for number in range(300)}
    state = trie_of(accounts)
    header = rlp.encode(header_fields(state.root_hash, count))
    return Anchor(
        chain_id=1,
        registry="0x" + REGISTRY.hex(),
        log_id="0x" + LOG.hex(),
        size=SIZE,
        root=ROOT,
        checkpoint="",
        state=AnchorState.FINAL,
        block_number=NUMBER,
        block_hash="0x" + keccak(header).hex(),
        block_time=TIME,
        evidence=Evidence(header, proof_of(state, REGISTRY), proof_of(storage, anchor_slot(LOG, SIZE))),
    )


@pytest.fixture(scope="module")
def good() -> Anchor:
    return anchor()


@pytest.mark.parametrize("fork", list(FORKS))
def test_takes_the_header_of_every_fork(fork: str) -> None:
    verify_evidence(anchor(FORKS[fork]), KNOWN)


@pytest.mark.parametrize("count", [18, 19, 22, 23, 31])
def test_cannot_tell_what_a_header_of_an_unknown_fork_says(good: Anchor, count: int) -> None:
    header = rlp.encode(header_fields(b"\x0f" * 32, count))
    assert good.evidence is not None
    unknown = replace(good, evidence=replace(good.evidence, header=header))
    with pytest.raises(UnknownHeaderError) as raised:
        verify_evidence(replace(unknown, block_hash="0x" + keccak(header).hex()), KNOWN)
    assert raised.value.fields == count
    # Under a hash that is not the block's own it is no header of an unknown fork, but a forgery.
    with pytest.raises(EvidenceError, match="the evidence is of block"):
        verify_evidence(unknown, KNOWN)


def test_reads_the_header() -> None:
    fields = header_fields(b"\x0f" * 32)
    header = rlp.encode(fields)
    assert BlockHeader.parse(header) == BlockHeader(keccak(header), NUMBER, TIME, b"\x0f" * 32)


@pytest.mark.parametrize(
    ("index", "field"),
    [
        (3, b""),
        (3, b"\x0f" * 31),
        (3, [b"\x0f" * 32]),
        (8, b"\0\1"),
        (8, b"\1" * 9),
        (8, [b"\1"]),
        (11, b"\0" + b"\1" * 4),
        (11, [[]]),
    ],
)
def test_refuses_a_header_with_a_field_of_another_form(index: int, field: object) -> None:
    fields: list[object] = list(header_fields(b"\x0f" * 32))
    fields[index] = field
    with pytest.raises(EvidenceError):
        BlockHeader.parse(rlp.encode(fields))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x80",
        rlp.encode([]),
        rlp.encode(header_fields(b"\x0f" * 32, 15)),
        rlp.encode(header_fields(b"\x0f" * 32)) + b"\0",
        rlp.encode([*header_fields(b"\x0f" * 32), b"\1" * 4096]),
        b"\xc1" * 4000,
    ],
)
def test_refuses_what_is_no_header(header: bytes) -> None:
    with pytest.raises(EvidenceError):
        BlockHeader.parse(header)


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": None},
        {"block_hash": None},
        {"block_time": None},
        {"block_hash": "0x" + "00" * 32},
        {"block_number": NUMBER + 1},
        {"block_number": None},
        {"block_time": TIME - 1},
        {"registry": "0x" + "12" * 20},
        {"registry": "0x" + (5).to_bytes(20).hex()},
        {"log_id": "0x" + "23" * 32},
        {"size": SIZE + 1},
        {"root": b"\x34" * 32},
    ],
    ids=str,
)
def test_refuses_an_anchor_that_says_something_else(good: Anchor, change: dict[str, object]) -> None:
    with pytest.raises(EvidenceError):
        verify_evidence(replace(good, **change), KNOWN)  # type: ignore[arg-type]


def test_refuses_code_that_is_not_known(good: Anchor) -> None:
    with pytest.raises(EvidenceError, match="no known registry"):
        verify_evidence(good, {keccak(b"other code")})
    with pytest.raises(EvidenceError, match="no known registry"):
        verify_evidence(anchor(code_hash=keccak(b"rogue code")), KNOWN)


def test_refuses_another_value_in_the_slot() -> None:
    with pytest.raises(EvidenceError, match="another root or time"):
        verify_evidence(anchor(value=commitment(ROOT, TIME + 1)), KNOWN)


def test_a_commitment_with_leading_zeros_is_stored_without_them() -> None:
    root = next(root for root in (n.to_bytes(32) for n in range(10_000)) if commitment(root, TIME)[:1] == b"\0")
    stored = commitment(root, TIME).lstrip(b"\0")
    verify_evidence(replace(anchor(value=stored), root=root), KNOWN)
    with pytest.raises(EvidenceError):
        verify_evidence(replace(anchor(value=commitment(root, TIME)), root=root), KNOWN)


def test_refuses_every_changed_byte(good: Anchor) -> None:
    evidence = good.evidence
    assert evidence is not None
    for name in ("account_proof", "storage_proof"):
        nodes = getattr(evidence, name)
        for position, node in enumerate(nodes):
            for changed in variants(node):
                proof = (*nodes[:position], changed, *nodes[position + 1 :])
                with pytest.raises(EvidenceError):
                    verify_evidence(replace(good, evidence=replace(evidence, **{name: proof})), KNOWN)
    for changed in variants(evidence.header):
        with pytest.raises(EvidenceError):
            verify_evidence(replace(good, evidence=replace(evidence, header=changed)), KNOWN)


def variants(data: bytes) -> list[bytes]:
    """Every byte changed, and a byte less and more."""
    changed = [data[:index] + bytes([data[index] ^ 0x80]) + data[index + 1 :] for index in range(len(data))]
    return [*changed, data[:-1], data + b"\0", b""]
