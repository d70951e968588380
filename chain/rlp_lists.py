# SPDX-License-Identifier: Apache-2.0
"""Lists in RLP (Ethereum yellow paper, appendix B), canonical or refused; the rlp package behind types."""

import rlp
from rlp.exceptions import DecodingError

from chain.errors import EvidenceError

RlpItem = bytes | list["RlpItem"]


def decode_list(data: bytes, maximum: int) -> list[RlpItem]:
    """Decode a list of at most `maximum` bytes.

    Raises:
        EvidenceError: when it is anything else, or not canonical.
    """
    if len(data) > maximum:
        raise EvidenceError(f"{len(data)} bytes of RLP, at most {maximum} are taken")
    try:
        items = rlp.decode(data)  # type: ignore[attr-defined, no-untyped-call]
    except (DecodingError, RecursionError) as error:
        raise EvidenceError(f"not RLP: {error}") from error
    if not isinstance(items, list) or encode(items) != data:
        raise EvidenceError("not a list in canonical RLP")
    return items


def encode(item: RlpItem) -> bytes:
    """Encode a string or a list."""
    return bytes(rlp.encode(item))  # type: ignore[attr-defined, no-untyped-call]


def encode_integer(value: int) -> bytes:
    """Return the string that stands for a number: big-endian, without leading zero bytes."""
    return value.to_bytes((value.bit_length() + 7) // 8)
