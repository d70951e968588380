# SPDX-License-Identifier: Apache-2.0
"""Puts the parts of anchoring together for a data folder: node, registry, wallet, anchorer."""

from api.settings import DataFolder, Settings
from chain.anchor_rules import EMBEDDED, AnchorPolicy
from chain.anchorer import Anchorer
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from chain.registry import Registry
from chain.rpc import Rpc
from chain.wallet import Wallet
from notary.log import Log
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
    rpc = Rpc(node.url if node else settings.rpc or "")
    if reanchor or not folder.deployment.exists():
        deploy(rpc, wallet, settings.origin).save(folder.deployment)
    return Registry.connect(rpc, Deployment.load(folder.deployment))


def make_anchorer(folder: DataFolder, settings: Settings, registry: Registry, store: Store) -> Anchorer:
    """Make the anchorer that `settings` describe."""
    if settings.rpc is None:
        policy = AnchorPolicy(settings.anchor_interval, EMBEDDED.poll, EMBEDDED.bump_after, settings.depth)
    else:
        policy = AnchorPolicy(interval=settings.anchor_interval, depth=settings.depth)
    return Anchorer(Log(store), store, registry, Wallet.load(folder.anchor_key), policy)
