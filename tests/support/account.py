# SPDX-License-Identifier: Apache-2.0
"""An account on an embedded node that may send anything without a key, and tells what it cost."""

import time
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

from chain.embedded import EmbeddedNode
from chain.rpc import Rpc

_SENDER = "0x00000000000000000000000000000000000a11ce"
_RICH = 10**24
_GAS = 14_000_000
CALL_GAS = 20_000_000_000
"""Gas of a call that puts many cases at once; nodes for it are started with `--gas-limit` of as much."""


@dataclass(frozen=True)
class Sent:
    """A mined transaction: gas that it used, and the contract that it created."""

    gas: int
    contract: str | None


class Account:
    """Always the same address, so that two runs on new nodes send the same bytes and cost the same."""

    def __init__(self, node: EmbeddedNode) -> None:
        self._rpc = Rpc(node.url, timeout=600)
        self.address = _SENDER
        node.fund(self.address, _RICH)
        self._rpc.call("anvil_impersonateAccount", self.address)

    def send(self, to: str | None, data: bytes) -> Sent:
        """Send a transaction and wait until it is mined; an AssertionError when it reverts."""
        transaction = {"from": self.address, "data": "0x" + data.hex(), "gas": hex(_GAS)}
        if to is not None:
            transaction["to"] = to
        digest = self._rpc.call("eth_sendTransaction", transaction)
        while (receipt := self._rpc.call("eth_getTransactionReceipt", digest)) is None:
            time.sleep(0.001)
        assert receipt["status"] == "0x1", receipt
        return Sent(gas=int(receipt["gasUsed"], 16), contract=receipt["contractAddress"])

    def deploy(self, code: bytes) -> str:
        """Create a contract and return its address."""
        contract = self.send(None, code).contract
        assert contract is not None
        return contract

    def ask(self, to: str, data: bytes, *answer: str) -> tuple[Any, ...]:
        """Return the decoded answer of a call that changes nothing."""
        call = {"from": self.address, "to": to, "data": "0x" + data.hex(), "gas": hex(CALL_GAS)}
        return decode(answer, self._rpc.eth_call(call))


def call_data(signature: str, *arguments: object) -> bytes:
    """Return calldata from a signature such as `register(string)`; tuples are written out: `f((uint48,bytes32)[])`."""
    types = _split(signature[signature.index("(") + 1 : -1])
    return keccak(signature.encode())[:4] + encode(types, arguments)


def _split(types: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(types):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(types[start:place])
            start = place + 1
    return [*parts, types[start:]] if types else []
