# SPDX-License-Identifier: Apache-2.0
"""Puts the parts of anchoring together for a data folder: node, registry, wallet, anchorer."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import DataFolder, Settings
from chain.anchor_rules import EMBEDDED, AnchorPolicy
from chain.anchorer import Anchorer
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from chain.registry import Registry
from chain.registry_deployment import RECORDS, deploy_registry, plan_registry
from chain.rpc import Rpc
from chain.wallet import Wallet
from notary.errors import UnavailableError
from notary.log.reader import Log
from notary.ports import Store

_EMBEDDED_BALANCE = 10**21


def open_chain(folder: DataFolder, settings: Settings, node: EmbeddedNode | None, reanchor: bool) -> Registry:
    """Connect to the folder's registry; deploy it first where there is none.

    A chain that does not have the registry it should have is an error (`WrongChainError`), unless `reanchor` says to
    begin anew on this chain: then the log is registered again and anchored from size 0.
    """
    wallet = Wallet.load(folder.anchor_key)
    if node:
        node.fund(wallet.address, _EMBEDDED_BALANCE)
    url = node.url if node else settings.rpc or ""
    if reanchor or not folder.deployment.exists():
        rpc = Rpc(url)
        plan = plan_registry(rpc, wallet.address, RECORDS if settings.rpc else None)
        deploy_registry(rpc, wallet, plan)
        deploy(rpc, wallet, settings.origin, plan.address).save(folder.deployment)
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
            node.fund(Wallet.load(folder.anchor_key).address, _EMBEDDED_BALANCE)
            yield node.url


def rotate_anchor_key(folder: DataFolder, url: str) -> tuple[str, str]:
    """Hand the log from its anchor key to a new one and return both addresses, old and new.

    Every step may be cut short and repeated: the new key is kept before it is offered the log, and the files change
    places only when the contract has changed operators.
    """
    registry = connect(folder, url)
    coming, gone = folder.anchor_key.with_suffix(".new"), folder.anchor_key.with_suffix(".old")
    new = Wallet.load(coming) if coming.exists() else Wallet.create(coming)
    old = Wallet.load(folder.anchor_key)
    if folder.settings().rpc is None:
        EmbeddedNode.fund_at(url, new.address, _EMBEDDED_BALANCE)
    if registry.head().operator != new.address:
        if not registry.rpc.quantity("eth_getBalance", new.address, "latest"):
            raise UnavailableError(f"account {new.address} has no ether to take the log over with: pay some in, repeat")
        registry.propose_operator(old, new.address)
        registry.accept_operator(new)
    # Linked first and replaced in one step: at no moment is there no anchor key, which the next start would make anew.
    gone.unlink(missing_ok=True)
    gone.hardlink_to(folder.anchor_key)
    coming.replace(folder.anchor_key)
    return old.address, new.address


def make_anchorer(folder: DataFolder, settings: Settings, registry: Registry, store: Store) -> Anchorer:
    """Make the anchorer that `settings` describe."""
    if settings.rpc is None:
        policy = AnchorPolicy(settings.anchor_interval, EMBEDDED.poll, EMBEDDED.bump_after, settings.depth)
    else:
        policy = AnchorPolicy(interval=settings.anchor_interval, depth=settings.depth)
    return Anchorer(Log(store), store, registry, Wallet.load(folder.anchor_key), policy)
