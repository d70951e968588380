# SPDX-License-Identifier: Apache-2.0
"""The registry contract of one deployment: who is behind the URL, what is anchored, and the calls that change it."""

from dataclasses import dataclass
from typing import Any, Self

from chain.abi import MAXIMUM_SIZE, AnchoredEvent, anchored_topic, decode_anchored, decode_answer, encode_call
from chain.deployment import Deployment
from chain.errors import ChainUnavailableError, SizeTooLargeError, WrongChainError
from chain.keccak import keccak
from chain.rpc import Rpc
from chain.rpc_values import BlockId, parse_data, parse_quantity
from chain.sender import call_registry, transact
from chain.wallet import Wallet

# Measured: 60,000 to 75,000 for everything but the proof, and below 2,300 a proof hash with its calldata (docs/gas.md).
_GAS_BASE = 150_000
_GAS_HASH = 4_000


@dataclass(frozen=True)
class Head:
    """Operator and newest anchor of the log; `size` and `time` are 0 before the first anchor."""

    operator: str
    size: int
    time: int


@dataclass(frozen=True)
class AnchorCall:
    """A call of `anchor`: its calldata and a gas limit that is always enough (what is not used costs nothing)."""

    data: bytes
    gas: int


class Registry:
    """A deployment on a node, in the state after `block`.

    Every method raises ChainUnavailableError when the node cannot be used.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment, block: BlockId = "latest") -> None:
        self.rpc, self.deployment, self.block = rpc, deployment, block
        self._log_id = bytes.fromhex(deployment.log_id[2:])

    @classmethod
    def connect(cls, rpc: Rpc, deployment: Deployment) -> Self:
        """Return the registry after making sure that the node has it.

        Raises:
            WrongChainError: when the node's chain is another one.
        """
        registry = cls(rpc, deployment)
        registry.check_chain()
        return registry

    def at(self, block: BlockId) -> "Registry":
        """Return the registry as it is in another state."""
        return Registry(self.rpc, self.deployment, block)

    def check_chain(self) -> None:
        """Compare chain id, genesis block, the registry's code and the log with the deployment.

        Raises:
            WrongChainError: when any of them is another one.
        """
        wanted = self.deployment
        if (chain_id := self.rpc.chain_id()) != wanted.chain_id:
            raise WrongChainError("chain id", chain_id, wanted.chain_id)
        if (genesis := genesis_hash(self.rpc)) != wanted.genesis_hash:
            raise WrongChainError("genesis hash", genesis, wanted.genesis_hash)
        code_hash = "0x" + keccak(self.rpc.code(wanted.registry, self.block)).hex()
        if code_hash != wanted.code_hash:
            raise WrongChainError("registry code", code_hash, wanted.code_hash)
        if int(self.head().operator, 0) == 0:
            raise WrongChainError("log", "not registered", wanted.log_id)

    def head(self) -> Head:
        """Return the operator and the newest anchor."""
        operator, size, time = self._ask("head", self._log_id)
        return Head(operator, size, time)

    def is_anchored(self, size: int, root: bytes, time: int) -> bool:
        """Tell whether exactly this was anchored."""
        return bool(self._ask("isAnchored", self._log_id, size, root, time)[0])

    def anchor_call(self, size: int, root: bytes, previous_root: bytes, proof: tuple[bytes, ...]) -> AnchorCall:
        """Build the call that anchors a root; a log's first anchor takes 32 zero bytes and an empty proof.

        Raises:
            SizeTooLargeError: when the size is beyond what the registry can keep.
        """
        if size > MAXIMUM_SIZE:
            raise SizeTooLargeError(size)
        data = encode_call("anchor", self._log_id, size, root, previous_root, list(proof))
        return AnchorCall(data, _GAS_BASE + _GAS_HASH * len(proof))

    def simulate(self, call: AnchorCall, sender: str) -> None:
        """Try a call out in the newest block.

        Raises:
            RegistryRefusedError: when the registry would refuse it.
        """
        call_registry(self.rpc, {"from": sender, "to": self.deployment.registry, "data": "0x" + call.data.hex()})

    def propose_operator(self, wallet: Wallet, operator: str) -> None:
        """Offer the log to another operator, as the present one; the zero address takes the offer back.

        Raises:
            RegistryRefusedError: when the wallet is not the operator's.
        """
        transact(self.rpc, wallet, self.deployment.registry, encode_call("proposeOperator", self._log_id, operator))

    def accept_operator(self, wallet: Wallet) -> None:
        """Take over the log, as the operator it was offered to.

        Raises:
            RegistryRefusedError: when it was not offered to the wallet's account.
        """
        transact(self.rpc, wallet, self.deployment.registry, encode_call("acceptOperator", self._log_id))

    def anchored_events(self, time: int) -> list[AnchoredEvent]:
        """Return the log's anchors of one second, oldest first; a node that pruned its events returns none.

        It finds the blocks by halving, with some 50 requests: nodes limit the number of blocks to search for events.
        """
        first, last = self._first_block(time), self._first_block(time + 1) - 1
        if last < first:
            return []
        topics = ["0x" + anchored_topic().hex(), self.deployment.log_id]
        criteria: dict[str, object] = {"address": self.deployment.registry, "topics": topics}
        found = self.rpc.logs({**criteria, "fromBlock": hex(first), "toBlock": hex(last)})
        return [read_event(log, self.rpc.url) for log in found]

    def _first_block(self, time: int) -> int:
        """The number of the first block that is not before `time`; one more than the newest when there is none."""
        low, high = 0, self.rpc.latest().number + 1
        while low < high:
            middle = (low + high) // 2
            if (block := self.rpc.block(middle)) is None:
                raise ChainUnavailableError(self.rpc.url, f"it has no block {middle}")
            if block.time < time:
                low = middle + 1
            else:
                high = middle
        return low

    def _ask(self, function: str, *arguments: object) -> tuple[Any, ...]:
        data = encode_call(function, *arguments)
        answer = call_registry(self.rpc, {"to": self.deployment.registry, "data": "0x" + data.hex()}, self.block)
        try:
            return decode_answer(function, answer)
        except ValueError as error:
            raise ChainUnavailableError(self.rpc.url, f"{function} was answered with 0x{answer.hex()[:80]}") from error


def genesis_hash(rpc: Rpc) -> str:
    """Return the hash of block 0, lower-case hex with 0x.

    Raises:
        ChainUnavailableError: when the node does not have it.
    """
    if (genesis := rpc.block(0)) is None:
        raise ChainUnavailableError(rpc.url, "it has no block 0")
    return "0x" + genesis.hash.hex()


def read_event(log: dict[str, Any], url: str) -> AnchoredEvent:
    """Return the event of an anchor from an answer to eth_getLogs.

    Raises:
        ChainUnavailableError: when it is none; `url` is the node's.
    """
    try:
        size, root, time = decode_anchored(parse_data(log.get("data")))
        return AnchoredEvent(
            size=size,
            root=root,
            time=time,
            transaction_hash=parse_data(log.get("transactionHash"), 32),
            block_number=parse_quantity(log.get("blockNumber")),
            block_hash=parse_data(log.get("blockHash"), 32),
        )
    except ValueError as error:
        raise ChainUnavailableError(url, f"eth_getLogs was answered with {log!r:.80}") from error
