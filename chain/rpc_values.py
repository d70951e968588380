# SPDX-License-Identifier: Apache-2.0
"""What an Ethereum node says, as values; and how JSON-RPC writes numbers and bytes."""

import re
from dataclasses import dataclass
from typing import Any

BlockId = str | dict[str, str]
"""The state that a request is about: a tag, or a block by its hash (EIP-1898)."""

_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_DATA = re.compile("0x([0-9a-fA-F]{2})*")


@dataclass(frozen=True)
class Block:
    """A block as far as anchoring goes; `fields` is the node's whole answer, for rebuilding the header."""

    number: int
    hash: bytes
    time: int
    base_fee: int
    fields: dict[str, Any]

    @property
    def id(self) -> BlockId:
        """The block by its hash: a node that does not have just this block refuses, and answers from no other one."""
        return {"blockHash": "0x" + self.hash.hex()}


@dataclass(frozen=True)
class TransactionReceipt:
    """What became of a mined transaction."""

    transaction_hash: bytes
    succeeded: bool
    block_number: int
    block_hash: bytes
    gas_used: int
    contract: str | None


@dataclass(frozen=True)
class Fees:
    """The two prices of an EIP-1559 transaction, in wei for one unit of gas."""

    max_fee: int
    max_priority_fee: int


@dataclass(frozen=True)
class StorageProof:
    """An answer to eth_getProof (EIP-1186): the nodes of both tries, root first."""

    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]


def parse_quantity(value: object) -> int:
    """Parse a JSON-RPC quantity: 0x and at least one hex digit.

    Raises:
        ValueError: when it is anything else.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise ValueError("not a quantity")
    return int(value, 0)


def parse_data(value: object, length: int | None = None) -> bytes:
    """Parse JSON-RPC data: 0x and two hex digits a byte; of `length` bytes, if it is given.

    Raises:
        ValueError: when it is anything else.
    """
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise ValueError("not data")
    data = bytes.fromhex(value[2:])
    if length is not None and len(data) != length:
        raise ValueError(f"{len(data)} bytes of data, not {length}")
    return data
