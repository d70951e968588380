# SPDX-License-Identifier: Apache-2.0
"""All anchors of one log, read from the events and the state of its registry; for audits and monitors.

Nodes limit how many blocks one search for events may cover, each in its own way: the search begins with all blocks and
halves its step for as long as the node refuses.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from eth_hash.auto import keccak

from chain.abi import anchored_topic
from chain.deployment import Deployment
from chain.errors import ChainUnavailableError, NodeRefusedError, WrongChainError
from chain.known_registries import KNOWN_CODE_HASHES
from chain.registry import Registry, genesis_hash, read_event
from chain.rpc import Rpc
from notary.audit.anchors import ChainAnchor, RegistryHead


class NodeHistory:
    """Implements `notary.audit.anchors.RegistryHistory` with one node.

    `deployment` may be incomplete, as an outsider knows it: a receipt names chain, registry and log, and no more.
    """

    def __init__(self, url: str, deployment: Deployment) -> None:
        self._rpc = Rpc(url)
        self._deployment = deployment
        self._registry = Registry(self._rpc, deployment)

    def head(self) -> RegistryHead:
        # Looked at each time: whoever watches for long may find another chain behind the same URL.
        self._check()
        head = self._registry.head()
        return RegistryHead(head.operator, head.size, head.time)

    def _check(self) -> None:
        """Make sure that the node is of the right chain and has the registry and the log.

        Raises:
            ChainUnavailableError: when it is of another chain: then nothing can be told of the log.
        """
        wanted, rpc = self._deployment, self._rpc
        try:
            if (chain_id := rpc.chain_id()) != wanted.chain_id:
                raise WrongChainError("chain id", chain_id, wanted.chain_id)
            if wanted.genesis_hash and (genesis := genesis_hash(rpc)) != wanted.genesis_hash:
                raise WrongChainError("genesis hash", genesis, wanted.genesis_hash)
            code_hash = keccak(rpc.code(wanted.registry))
            if code_hash not in KNOWN_CODE_HASHES:
                raise WrongChainError("registry code", "0x" + code_hash.hex(), "that of a known registry")
            if int(self._registry.head().operator, 0) == 0:
                raise WrongChainError("log", "not registered", wanted.log_id)
        except WrongChainError as error:
            raise ChainUnavailableError(rpc.url, str(error)) from error

    def anchors(self) -> Sequence[ChainAnchor]:
        topics = ["0x" + anchored_topic().hex(), self._deployment.log_id]
        criteria: dict[str, object] = {"address": self._deployment.registry, "topics": topics}
        events = [read_event(log, self._rpc.url) for log in self._logs(criteria)]
        return [ChainAnchor(item.size, item.root, item.time, item.block_number) for item in events]

    def holds(self, size: int, root: bytes, time: int) -> bool:
        return self._registry.is_anchored(size, root, time)

    def _logs(self, criteria: dict[str, object]) -> Iterator[dict[str, Any]]:
        first, last = 0, self._rpc.latest().number
        step = last + 1
        while first <= last:
            stop = min(first + step, last + 1)
            try:
                yield from self._rpc.logs({**criteria, "fromBlock": hex(first), "toBlock": hex(stop - 1)})
            except NodeRefusedError:
                if step == 1:
                    raise
                step = (step + 1) // 2
                continue
            first = stop
