# SPDX-License-Identifier: Apache-2.0
"""A verifier of COSE receipts that shares no code with the notary: it was written from RFC 9052, 9162 and 9942.

It has a CBOR reader of its own for the few types that occur, and answers with one boolean, as RFC 9942 advises.
"""

from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def read(data: bytes, place: int = 0) -> tuple[Any, int]:
    """Read one CBOR item; return it and where the next begins. Maps are dicts, tagged items ("tag", number, item)."""
    major, short = data[place] >> 5, data[place] & 31
    place += 1
    if short < 24:
        argument = short
    else:
        assert 24 <= short <= 27
        width = 1 << short - 24
        argument, place = int.from_bytes(data[place : place + width], "big"), place + width
    if major == 0:
        return argument, place
    if major == 1:
        return -1 - argument, place
    if major in (2, 3):
        found = data[place : place + argument]
        assert len(found) == argument
        return (found if major == 2 else found.decode()), place + argument
    if major == 6:
        item, place = read(data, place)
        return ("tag", argument, item), place
    if major == 7:
        assert argument == 22
        return None, place
    items = []
    for _ in range(argument * (2 if major == 5 else 1)):
        item, place = read(data, place)
        items.append(item)
    return (dict(zip(items[::2], items[1::2], strict=True)) if major == 5 else items), place


def whole(data: bytes) -> Any:
    """Read one CBOR item that is all of `data`."""
    item, end = read(data)
    assert end == len(data)
    return item


def byte_string(data: bytes) -> bytes:
    """Write a CBOR byte string of less than 65,536 bytes."""
    if len(data) < 24:
        return bytes([0x40 | len(data)]) + data
    return (b"\x58" + bytes([len(data)]) if len(data) < 256 else b"\x59" + len(data).to_bytes(2, "big")) + data


def is_signed(protected: bytes, payload: bytes, signature: bytes, key: bytes) -> bool:
    """Check the signature of a COSE_Sign1 with a detached payload (RFC 9052 section 4.4)."""
    signed = b"\x84\x6aSignature1" + byte_string(protected) + b"\x40" + byte_string(payload)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def open_receipt(data: bytes) -> tuple[dict[Any, Any], bytes, dict[Any, Any], bytes]:
    """Return a receipt's protected header, the same in its bytes, its proofs by their label, and its signature."""
    word, tag, (protected, unprotected, payload, signature) = whole(data)
    assert (word, tag, payload) == ("tag", 18, None)
    header = whole(protected)
    assert header[395] == 1
    assert header[1] == -8
    return header, protected, unprotected[396], signature


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def is_included(data: bytes, entry: bytes, key: bytes) -> bool:
    """Tell whether a receipt proves that `entry` is in the log of the Ed25519 `key` (RFC 9942 section 5.2.1)."""
    _, protected, proofs, signature = open_receipt(data)
    [encoded] = proofs[-1]
    size, index, path = whole(encoded)
    if not path or index >= size:
        return False
    fn, sn, r = index, size - 1, sha256(b"\x00" + entry).digest()
    for p in path:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            r = node(p, r)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn // 2, sn // 2
        else:
            r = node(r, p)
        fn, sn = fn // 2, sn // 2
    return sn == 0 and is_signed(protected, r, signature, key)


def new_root(old_root: bytes, old: int, new: int, path: list[bytes]) -> bytes | None:
    """Return the new root that a consistency proof leads to (RFC 9162 section 2.1.4.2); None if it does not hold."""
    if not path or not 0 < old < new:
        return None
    if old & (old - 1) == 0:
        path = [old_root, *path]
    fn, sn = old - 1, new - 1
    while fn % 2 == 1:
        fn, sn = fn // 2, sn // 2
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return None
        if fn % 2 == 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn // 2, sn // 2
        else:
            sr = node(sr, c)
        fn, sn = fn // 2, sn // 2
    return sr if sn == 0 and fr == old_root else None


def has_grown(data: bytes, old_root: bytes, key: bytes) -> bytes | None:
    """Return the root of the tree that a receipt proves to begin with that of `old_root` (RFC 9942 section 5.3.1)."""
    _, protected, proofs, signature = open_receipt(data)
    [encoded] = proofs[-2]
    old, new, path = whole(encoded)
    root = new_root(old_root, old, new, path)
    return root if root and is_signed(protected, root, signature, key) else None
