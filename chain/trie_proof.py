# SPDX-License-Identifier: Apache-2.0
"""Proofs that a Merkle-Patricia trie maps a key to a value (Ethereum yellow paper, appendix D). Pure.

Only what state and storage proofs of anchors need: keys are 32-byte hashes, and the value exists. Strict: every node
must be on the path, in order, in canonical RLP, and needed, so that no two proofs show the same thing.
"""

from collections.abc import Sequence

from chain.errors import EvidenceError
from chain.keccak import keccak
from chain.rlp_lists import RlpItem, decode_list

MAXIMUM_NODE = 1024
"""Bytes in a node: the largest, a full branch, has 532."""

_MAXIMUM_DEPTH = 64
_BRANCH = 17
_LEAF = 2


def prove_value(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """Return the value that the trie with this root hash maps `key` to, by the nodes of the path, root first.

    Raises:
        EvidenceError: when the nodes do not lead to a value.
    """
    path, wanted = key.hex(), root
    if len(nodes) > _MAXIMUM_DEPTH:
        raise EvidenceError(f"a trie path of {len(nodes)} nodes")
    for position, node in enumerate(nodes, 1):
        if (found := keccak(node)) != wanted:
            raise EvidenceError(f"a trie node hashes to 0x{found.hex()}, its parent asks for 0x{wanted.hex()}")
        match decode_list(node, MAXIMUM_NODE):
            case [prefix, item]:
                is_leaf, part = _decode_path(prefix)
                if not path.startswith(part) or is_leaf != (path == part):
                    raise EvidenceError("the trie has another key in the place of this one")
                if is_leaf:
                    return _leaf_value(item, len(nodes) - position)
                path, wanted = path[len(part) :], _reference(item)
            case items if len(items) == _BRANCH and path:
                path, wanted = path[1:], _reference(items[int(path[0], 16)])
            case items:
                raise EvidenceError(f"a trie node of {len(items)} items, with {len(path)} nibbles to go")
    raise EvidenceError("the trie nodes end before the leaf")


def _leaf_value(item: RlpItem, nodes_left: int) -> bytes:
    if nodes_left:
        raise EvidenceError(f"{nodes_left} trie nodes follow the leaf")
    return _string(item)


def _decode_path(item: RlpItem) -> tuple[bool, str]:
    """Undo the hex prefix encoding (appendix C): whether it ends in a leaf, and the nibbles."""
    encoded = _string(item).hex()
    flags = int(encoded[:1] or "f", 16)
    if flags > 3 or (not flags & 1 and encoded[1] != "0"):
        raise EvidenceError("not a hex prefix encoding")
    return bool(flags & _LEAF), encoded[1 if flags & 1 else 2 :]


def _reference(item: RlpItem) -> bytes:
    """A child's hash. Nodes below 32 bytes stand inside their parent, but no leaf with an anchor is that small."""
    child = _string(item)
    if len(child) != 32:
        raise EvidenceError("the trie has nothing at this key")
    return child


def _string(item: RlpItem) -> bytes:
    if not isinstance(item, bytes):
        raise EvidenceError("a list where a trie node has a string")
    return item
