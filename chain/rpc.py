# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC to one Ethereum node, over web3.py's HTTP provider, with every fault as an error of `chain.errors`.

Answers are parsed here and strictly, not by web3's formatters: a node that answers with garbage is unavailable, and
no crash.
"""

import ipaddress
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
import requests
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCResponse

import chain.recursion  # noqa: F401
from chain.errors import ChainUnavailableError, NodeRefusedError
from chain.rpc_values import Block, BlockId, Fees, StorageProof, TransactionReceipt, parse_data, parse_quantity

TIMEOUT = 5.0
"""Seconds that a node may take to take a connection, and again to answer."""

# No chain comes near them, and what is beyond fits neither into a transaction nor into a database.
_NONCES = 1 << 63
_NUMBERS = 1 << 48
_FEES = 1 << 96


class _Provider(HTTPProvider):
    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        # web3's own decoder takes text that is not UTF-8 in places, NaN, and any depth of nesting.
        return cast(RPCResponse, orjson.loads(raw_response))


class Rpc:
    """One node. Every method raises ChainUnavailableError when it is down, hangs or answers with garbage, and
    NodeRefusedError when it answers with a JSON-RPC error."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self.url = url
        session = requests.Session()
        # A proxy of the environment must not get what is meant for a node on this machine.
        session.trust_env = not _is_loopback(url)
        self._provider = _Provider(
            url, request_kwargs={"timeout": timeout}, session=session, exception_retry_configuration=None
        )

    def call(self, method: str, *params: object) -> Any:
        """Return the result of one JSON-RPC request, as it came."""
        try:
            response = cast(object, self._provider.make_request(RPCEndpoint(method), list(params)))
        except (requests.RequestException, Web3Exception, ValueError) as error:
            raise ChainUnavailableError(self.url, f"{type(error).__name__} on {method}") from error
        if not isinstance(response, dict):
            raise self._garbage(method, response)
        if (fault := response.get("error")) is not None:
            raise self._refusal(method, fault)
        if "result" not in response:
            raise self._garbage(method, response)
        return response["result"]

    def quantity(self, method: str, *params: object) -> int:
        """Return the result of a request that answers with a number."""
        return self._quantity(method, self.call(method, *params))

    def chain_id(self) -> int:
        """Return the chain id (EIP-155)."""
        return self.quantity("eth_chainId")

    def block(self, block: int | str) -> Block | None:
        """Return a block by its number or by a tag such as "latest"; None when there is no such block."""
        method = "eth_getBlockByNumber"
        found = self.call(method, hex(block) if isinstance(block, int) else block, False)
        if found is None:
            return None
        fields = self._object(method, found)
        return Block(
            number=self._quantity(method, fields.get("number"), _NUMBERS),
            hash=self._data(method, fields.get("hash"), 32),
            time=self._quantity(method, fields.get("timestamp"), _NUMBERS),
            base_fee=self._quantity(method, fields.get("baseFeePerGas", "0x0"), _FEES),
            fields=fields,
        )

    def latest(self) -> Block:
        """Return the newest block."""
        if (block := self.block("latest")) is None:
            raise ChainUnavailableError(self.url, "it has no newest block")
        return block

    def transaction_count(self, address: str, block: BlockId = "latest") -> int:
        """Return the number of mined transactions of an account, which is the nonce of its next one."""
        method = "eth_getTransactionCount"
        return self._quantity(method, self.call(method, address, block), _NONCES)

    def receipt(self, transaction_hash: bytes) -> TransactionReceipt | None:
        """Return what became of a transaction; None when it is in no block of the chain."""
        method = "eth_getTransactionReceipt"
        found = self.call(method, "0x" + transaction_hash.hex())
        if found is None:
            return None
        fields = self._object(method, found)
        contract = fields.get("contractAddress")
        return TransactionReceipt(
            transaction_hash=self._data(method, fields.get("transactionHash"), 32),
            succeeded=self._quantity(method, fields.get("status")) == 1,
            block_number=self._quantity(method, fields.get("blockNumber"), _NUMBERS),
            block_hash=self._data(method, fields.get("blockHash"), 32),
            gas_used=self._quantity(method, fields.get("gasUsed"), _NUMBERS),
            contract=None if contract is None else "0x" + self._data(method, contract, 20).hex(),
        )

    def fees_offered(self, transaction_hash: bytes) -> Fees | None:
        """Return the prices that a transaction offers; None when the node does not know it, mined or waiting."""
        method = "eth_getTransactionByHash"
        found = self.call(method, "0x" + transaction_hash.hex())
        if found is None:
            return None
        fields = self._object(method, found)
        return Fees(
            max_fee=self._quantity(method, fields.get("maxFeePerGas"), _FEES),
            max_priority_fee=self._quantity(method, fields.get("maxPriorityFeePerGas"), _FEES),
        )

    def tip(self) -> int:
        """Return the priority fee that the node suggests."""
        method = "eth_maxPriorityFeePerGas"
        return self._quantity(method, self.call(method), _FEES)

    def code(self, address: str, block: BlockId = "latest") -> bytes:
        """Return the code of an account; empty when it has none."""
        return self._data("eth_getCode", self.call("eth_getCode", address, block))

    def eth_call(self, transaction: dict[str, str], block: BlockId = "latest") -> bytes:
        """Return what a call would return. A revert is a NodeRefusedError with its data."""
        return self._data("eth_call", self.call("eth_call", transaction, block))

    def send(self, transaction: bytes) -> None:
        """Hand a signed transaction to the node."""
        self.call("eth_sendRawTransaction", "0x" + transaction.hex())

    def logs(self, criteria: dict[str, object]) -> list[dict[str, Any]]:
        """Return the event logs that match an eth_getLogs filter."""
        found = self.call("eth_getLogs", criteria)
        if not isinstance(found, list):
            raise self._garbage("eth_getLogs", found)
        return [self._object("eth_getLogs", log) for log in found]

    def proof(self, address: str, slot: bytes, block: int) -> StorageProof:
        """Return the trie proofs of one storage slot in the state after a block."""
        method = "eth_getProof"
        fields = self._object(method, self.call(method, address, ["0x" + slot.hex()], hex(block)))
        slots = fields.get("storageProof")
        if not isinstance(slots, list) or len(slots) != 1:
            raise self._garbage(method, slots)
        return StorageProof(
            account=self._nodes(method, fields.get("accountProof")),
            storage=self._nodes(method, self._object(method, slots[0]).get("proof")),
        )

    def _nodes(self, method: str, value: object) -> tuple[bytes, ...]:
        if not isinstance(value, list):
            raise self._garbage(method, value)
        return tuple(self._data(method, node) for node in value)

    def _object(self, method: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._garbage(method, value)
        return value

    def _quantity(self, method: str, value: object, limit: int | None = None) -> int:
        try:
            number = parse_quantity(value)
        except ValueError as error:
            raise self._garbage(method, value) from error
        if limit is not None and number >= limit:
            raise self._garbage(method, value)
        return number

    def _data(self, method: str, value: object, length: int | None = None) -> bytes:
        try:
            return parse_data(value, length)
        except ValueError as error:
            raise self._garbage(method, value) from error

    def _garbage(self, method: str, value: object) -> ChainUnavailableError:
        return ChainUnavailableError(self.url, f"{method} was answered with {str(value)[:80]!r}")

    def _refusal(self, method: str, fault: object) -> ChainUnavailableError:
        if not isinstance(fault, dict):
            return self._garbage(method, fault)
        code, data = fault.get("code"), fault.get("data")
        try:
            revert_data = parse_data(data)
        except ValueError:
            revert_data = b""
        return NodeRefusedError(
            self.url, method, code if isinstance(code, int) else 0, str(fault.get("message"))[:500], revert_data
        )


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
