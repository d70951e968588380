# SPDX-License-Identifier: Apache-2.0
"""COSE receipts: what an outside verifier makes of them, and that nothing but their one encoding is read."""

import random
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import cbor2
import pytest

from notary.errors import ConsistencyProofError, ExportError, InclusionProofError, NotaryError, SignedNoteError
from notary.exports.cose import (
    MAX_RECEIPT,
    CoseReceipt,
    key_thumbprint,
    parse_cose_receipt,
    sign_cose_receipt,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from notary.hashing import leaf_hash
from notary.log.entries import genesis_entry
from notary.log.merkle import ConsistencyProof, InclusionProof, prove_consistency, prove_inclusion
from tests.support import cose
from tests.support.builders import CREATED, ORIGIN, log_signer
from tests.support.trees import MemoryTree

SIGNER = log_signer()
KEY = SIGNER.verifier
ENTRIES = [genesis_entry(ORIGIN, CREATED), *(b"\x01" + bytes([number]) * 64 for number in range(1, 40))]
TREE = MemoryTree([leaf_hash(entry) for entry in ENTRIES])


def inclusion(index: int, size: int) -> bytes:
    return sign_cose_receipt(prove_inclusion(index, size, TREE.read), TREE.root(size), SIGNER)


def growth(old: int, new: int) -> bytes:
    return sign_cose_receipt(prove_consistency(old, new, TREE.read), TREE.root(new), SIGNER)


SAMPLE = inclusion(5, 21)
GROWTH = growth(5, 21)


def test_every_receipt_of_small_trees_satisfies_both_verifiers() -> None:
    for size in range(2, len(ENTRIES) + 1):
        for index in range(size):
            data = inclusion(index, size)
            proof = verify_inclusion_receipt(parse_cose_receipt(data), ENTRIES[index], KEY)
            assert (proof.index, proof.size) == (index, size)
            assert cose.is_included(data, ENTRIES[index], KEY.public_key)
            assert not cose.is_included(data, ENTRIES[index - 1], KEY.public_key)


def test_every_growth_of_small_trees_satisfies_both_verifiers() -> None:
    for new in range(2, len(ENTRIES) + 1):
        for old in range(1, new):
            data = growth(old, new)
            assert verify_consistency_receipt(parse_cose_receipt(data), TREE.root(old), KEY) == TREE.root(new)
            assert cose.has_grown(data, TREE.root(old), KEY.public_key) == TREE.root(new)
            assert cose.has_grown(data, sha256(b"other").digest(), KEY.public_key) is None


def test_the_header_says_who_issued_it_and_for_what() -> None:
    for data, subject in ((SAMPLE, "entry/5/21"), (GROWTH, "tree/5/21")):
        header, _, proofs, _ = cose.open_receipt(data)
        thumbprint = sha256(b"\xa3\x01\x01\x20\x06\x21\x58\x20" + KEY.public_key).digest()
        assert header == {1: -8, 4: thumbprint, 15: {1: ORIGIN, 2: subject}, 395: 1}
        assert list(header) == [1, 4, 15, 395]
        assert list(proofs) == [-1 if data == SAMPLE else -2]


def test_a_receipt_comes_back_to_the_byte() -> None:
    for data in (SAMPLE, GROWTH):
        receipt = parse_cose_receipt(data)
        assert receipt.encode() == data
        assert (receipt.issuer, receipt.kid) == (ORIGIN, key_thumbprint(KEY))
        assert cbor2.dumps(cbor2.loads(data), canonical=True) == data


def test_a_tree_of_one_entry_has_no_receipt_and_the_genesis_entry_leaves_no_record_in_it() -> None:
    """RFC 9942 asks for at least one hash; entry 0 is no record's, so that a record's tree has two entries or more."""
    with pytest.raises(InclusionProofError, match="without hashes"):
        inclusion(0, 1)
    with pytest.raises(ConsistencyProofError, match="without hashes"):
        growth(7, 7)
    assert ENTRIES[0][0] == 0
    assert verify_inclusion_receipt(parse_cose_receipt(inclusion(1, 2)), ENTRIES[1], KEY)


def changed(data: bytes, change: Callable[[list[Any], dict[Any, Any], list[Any]], object]) -> bytes:
    """Return a receipt with changes to [signature, size, index, hashes ...], to its header, to its COSE_Sign1 array."""
    _, _, (protected, unprotected, payload, signature) = cose.whole(data)
    header = cose.whole(protected)
    [(label, [encoded])] = unprotected[396].items()
    members = cose.whole(encoded)
    array: list[Any] = [None, None, payload, signature]
    array[1] = {396: {label: [members]}}
    change(members, header, array)
    unprotected = array[1]
    if unprotected.get(396, {}).get(label) == [members]:
        unprotected[396][label] = [cbor2.dumps(members, canonical=True)]
    array[0] = cbor2.dumps(header, canonical=True) if array[0] is None else array[0]
    return cbor2.dumps(cbor2.CBORTag(18, array), canonical=True)


SPOILED: dict[str, Callable[[list[Any], dict[Any, Any], list[Any]], object]] = {
    "no hashes": lambda m, h, a: m.__setitem__(2, []),
    "a hash of 31 bytes": lambda m, h, a: m[2].__setitem__(0, bytes(31)),
    "a text for a hash": lambda m, h, a: m[2].__setitem__(0, "a" * 32),
    "hashes as a map": lambda m, h, a: m.__setitem__(2, {bytes(32): bytes(32)}),
    "true for the index": lambda m, h, a: m.__setitem__(1, True),
    "true for the index, and in the subject": lambda m, h, a: (
        m.__setitem__(1, True),
        h[15].__setitem__(2, "entry/True/21"),
    ),
    "a negative index": lambda m, h, a: m.__setitem__(1, -1),
    "a float for the size": lambda m, h, a: m.__setitem__(0, 21.0),
    "an index of 64 bits": lambda m, h, a: m.__setitem__(1, 1 << 63),
    "a member too many": lambda m, h, a: m.append(1),
    "a member too few": lambda m, h, a: m.pop(),
    "another algorithm": lambda m, h, a: h.__setitem__(1, -7),
    "another structure": lambda m, h, a: h.__setitem__(395, 2),
    "a header more": lambda m, h, a: h.__setitem__(3, "text/plain"),
    "no claims": lambda m, h, a: h.pop(15),
    "a claim more": lambda m, h, a: h[15].__setitem__(6, 1),
    "another subject": lambda m, h, a: h[15].__setitem__(2, "entry/5/20"),
    "a number for the issuer": lambda m, h, a: h[15].__setitem__(1, 5),
    "a short key name": lambda m, h, a: h.__setitem__(4, h[4][:4]),
    "an attached payload": lambda m, h, a: a.__setitem__(2, bytes(32)),
    "a short signature": lambda m, h, a: a.__setitem__(3, a[3][:-1]),
    "an element more": lambda m, h, a: a.append(None),
    "an unprotected header more": lambda m, h, a: a[1].__setitem__(4, b"kid"),
    "no proofs": lambda m, h, a: a.__setitem__(1, {}),
    "an unknown proof": lambda m, h, a: a[1].__setitem__(396, {-3: a[1][396][-1]}),
    "two proofs": lambda m, h, a: a[1][396].__setitem__(-1, [cbor2.dumps(m), cbor2.dumps(m)]),
    "two kinds of proof": lambda m, h, a: a[1][396].__setitem__(-2, [cbor2.dumps(m)]),
    "a header that is no map": lambda m, h, a: a.__setitem__(0, cbor2.dumps([1])),
    "a header that is no CBOR": lambda m, h, a: a.__setitem__(0, b"\xff"),
    "a header of length 0": lambda m, h, a: a.__setitem__(0, b""),
    "a number for the header": lambda m, h, a: a.__setitem__(0, 5),
}


def test_what_changes_nothing_is_read() -> None:
    assert changed(SAMPLE, lambda m, h, a: None) == SAMPLE


@pytest.mark.parametrize("name", SPOILED)
def test_anything_else_is_no_receipt(name: str) -> None:
    data = changed(SAMPLE, SPOILED[name])
    assert data != SAMPLE
    with pytest.raises(ExportError):
        parse_cose_receipt(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2",
        b"{}",
        b"\xd2\x80",
        b"\xf6",
        b"\x05",
        b"\x9f",
        b"\xd2\xf6",
        SAMPLE[1:],
        b"\xd3" + SAMPLE[1:],
        b"\xd8\x12" + SAMPLE[1:],
        SAMPLE + b"\0",
        SAMPLE * 2,
        b"\x81" * MAX_RECEIPT,
        b"\0" * (MAX_RECEIPT + 1),
    ],
    ids=range(15),
)
def test_other_bytes_are_no_receipt(data: bytes) -> None:
    with pytest.raises(ExportError):
        parse_cose_receipt(data)


def test_a_receipt_is_not_read_beyond_its_limit() -> None:
    for data in (SAMPLE + bytes(MAX_RECEIPT), b"\x81" * (MAX_RECEIPT + 1)):
        with pytest.raises(ExportError, match="more than 8192 bytes"):
            parse_cose_receipt(data)


def test_longer_spellings_of_the_same_are_refused() -> None:
    array = SAMPLE.index(b"\x84")
    indefinite = SAMPLE[:array] + b"\x9f" + SAMPLE[array + 1 :] + b"\xff"
    signature = SAMPLE.rindex(b"\x58\x40")
    longer = SAMPLE[:signature] + b"\x59\x00\x40" + SAMPLE[signature + 2 :]
    for data in (indefinite, longer):
        assert cbor2.loads(data) == cbor2.loads(SAMPLE)
        with pytest.raises(ExportError, match="deterministic"):
            parse_cose_receipt(data)


@pytest.mark.parametrize("data", [SAMPLE, GROWTH], ids=["inclusion", "growth"])
def test_no_receipt_with_one_byte_changed_proves_anything(data: bytes) -> None:
    numbers = random.Random(7)
    for place, byte in enumerate(data):
        for other in {byte ^ 1, byte ^ 128, numbers.randrange(256)} - {byte}:
            with pytest.raises(NotaryError):
                prove(data[:place] + bytes([other]) + data[place + 1 :], ENTRIES[5], TREE.root(5))


def prove(data: bytes, entry: bytes, old_root: bytes) -> None:
    receipt = parse_cose_receipt(data)
    if isinstance(receipt.proof, InclusionProof):
        verify_inclusion_receipt(receipt, entry, KEY)
    else:
        verify_consistency_receipt(receipt, old_root, KEY)


def test_a_receipt_proves_its_own_entry_and_root_only() -> None:
    for entry in (ENTRIES[4], ENTRIES[5] + b"\0", b""):
        with pytest.raises(SignedNoteError):
            prove(SAMPLE, entry, b"")
    with pytest.raises(ConsistencyProofError):
        prove(GROWTH, b"", TREE.root(4))


def test_a_receipt_of_one_kind_is_none_of_the_other() -> None:
    with pytest.raises(InclusionProofError, match="growth"):
        verify_inclusion_receipt(parse_cose_receipt(GROWTH), ENTRIES[5], KEY)
    with pytest.raises(ConsistencyProofError, match="an entry"):
        verify_consistency_receipt(parse_cose_receipt(SAMPLE), TREE.root(5), KEY)


@pytest.mark.parametrize("other", [log_signer(seed="other"), log_signer("other.example/log")], ids=["key", "name"])
def test_a_receipt_of_another_log_is_refused(other: Any) -> None:
    receipt = parse_cose_receipt(SAMPLE)
    with pytest.raises(ExportError, match="another"):
        verify_inclusion_receipt(receipt, ENTRIES[5], other.verifier)
    # Nor under the right key's name and thumbprint, when the other key has signed.
    forged = replace(receipt, signature=other.sign(receipt.signed_bytes(TREE.root(21))))
    with pytest.raises(SignedNoteError) if other.verifier.public_key != KEY.public_key else pytest.raises(ExportError):
        verify_inclusion_receipt(forged, ENTRIES[5], KEY if other.verifier.name == ORIGIN else other.verifier)


def test_what_the_log_key_signs_elsewhere_is_no_receipt_and_the_other_way_round() -> None:
    """Sig_structure begins with a byte that begins no text: checkpoints and seals are text."""
    receipt = CoseReceipt(ORIGIN, key_thumbprint(KEY), ConsistencyProof(5, 21, (bytes(32),)), bytes(64))
    signed = receipt.signed_bytes(bytes(32))
    assert signed[0] == 0x84
    with pytest.raises(UnicodeDecodeError):
        signed.decode()
    assert cose.whole(signed)[0] == "Signature1"
