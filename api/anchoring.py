# SPDX-License-Identifier: Apache-2.0
"""Puts the parts of anchoring together for a data folder: node, registry, wallet, anchorer."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial

from api.databases import hold_of
from api.keys.anchor_keys import HandOver, load_anchor_wallet
from api.settings import DataFolder, Settings
from api.tracing.spans import Tracing
from chain.anchor_rules import EMBEDDED, AnchorPolicy
from chain.anchorer import Anchorer
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from chain.errors import AnchorConflictError
from chain.registry import Registry
from chain.registry_deployment import RECORDS, deploy_registry, plan_registry
from chain.rpc import Rpc
from notary.log.reader import Log
from notary.ports.store import Store

_EMBEDDED_BALANCE = 10**21


def open_chain(folder: DataFolder, settings: Settings, node: EmbeddedNode | None, reanchor: bool) -> Registry:
    """Connect to the folder's registry; deploy it first where there is none.

    A chain that does not have the registry it should have is an error (`WrongChainError`), unless `reanchor` says to
    begin anew on this chain: then the log is registered again and anchored from size 0.
    """
    wallet = load_anchor_wallet(folder.keys)
    if node:
        node.fund(wallet.address, _EMBEDDED_BALANCE)
    url = node.url if node else settings.rpc or ""
    if reanchor or not folder.deployment.exists():
        rpc = Rpc(url)
        plan = plan_registry(rpc, wallet.address, RECORDS if settings.rpc else None)
        deploy_registry(rpc, wallet, plan)
        deployment = deploy(rpc, wallet, settings.origin, plan.address)
        if node:
            # Before anything names this chain: one that was killed would begin again, as another one.
            node.keep_state()
        deployment.save(folder.deployment)
    return connect(folder, url)


def connect(folder: DataFolder, url: str) -> Registry:
    """Connect to the registry that the folder's log is anchored in. Raises `WrongChainError`, `DeploymentError`."""
    return Registry.connect(Rpc(url), Deployment.load(folder.deployment))


@contextmanager
def use_node(folder: DataFolder) -> Iterator[str]:
    """Yield the URL of the notary's node: the one configured, or the embedded one, started if it does not run."""
    configured, running = folder.settings().rpc, EmbeddedNode.find(folder.chain)
    if configured:
        yield configured
    elif running:
        yield running.url
    else:
        with EmbeddedNode.start(folder.chain) as node:
            node.fund(load_anchor_wallet(folder.keys).address, _EMBEDDED_BALANCE)
            yield node.url


def confirm_restored(folder: DataFolder, registry: Registry, store: Store) -> None:
    """Lift the hold that `restore` has set, once the chain shows that nothing of the log is missing.

    Raises `AnchorConflictError`, and the hold stays, if the registry holds more of the log, or another log.
    """
    hold = hold_of(folder)
    found = hold.read()
    if found is None or found[0] != "restored":
        return
    head, log = registry.head(), Log(store)
    size = log.head().size
    if head.size > size:
        raise AnchorConflictError(head.size, f"what was restored has only {size} entries: restore a newer backup")
    if head.size and not registry.is_anchored(head.size, log.root(head.size), head.time):
        raise AnchorConflictError(head.size, "what was restored has another root at that size")
    hold.lift()


def finish_anchor_rotation(folder: DataFolder, url: str) -> tuple[str, str]:
    """Hand the log to the next anchor account that keys.json names, and return both addresses, old and new.

    Raises `UnavailableError` if that account has no ether.
    """
    registry, old = connect(folder, url), load_anchor_wallet(folder.keys)
    new = HandOver(folder.keys, _funding(folder, url)).step(registry, old) or old
    return old.address, new.address


def _funding(folder: DataFolder, url: str) -> Callable[[str], None]:
    if folder.settings().rpc is not None:
        return lambda _address: None
    return lambda address: EmbeddedNode.fund_at(url, address, _EMBEDDED_BALANCE)


def make_anchorer(
    folder: DataFolder, settings: Settings, registry: Registry, store: Store, tracing: Tracing | None = None
) -> Anchorer:
    """Make the anchorer that `settings` describe."""
    if settings.rpc is None:
        policy = replace(EMBEDDED, interval=settings.anchor_interval, depth=settings.depth)
    else:
        policy = AnchorPolicy(interval=settings.anchor_interval, depth=settings.depth)
    wallet, hand_over = load_anchor_wallet(folder.keys), HandOver(folder.keys, _funding(folder, registry.rpc.url))

    def around(size: int) -> AbstractContextManager[object]:
        if tracing is None:
            return nullcontext()
        chain_id = registry.deployment.chain_id
        return tracing.span("anchor transaction", "client", chain_id=chain_id, size=size)

    conflict = partial(hold_of(folder).place, "behind the chain")
    log, step = Log(store), hand_over.step
    return Anchorer(log, store, registry, wallet, policy, hand_over=step, around=around, conflict=conflict)
