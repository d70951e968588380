# SPDX-License-Identifier: Apache-2.0
"""The anchor account's key, and handing the log from one account to the next.

Every step may be cut short and repeated. The new key is kept before the log is offered to it; keys.json names it as the
anchor key only when the contract has changed operators.
"""

from collections.abc import Callable
from pathlib import Path

import structlog

from api.keys.config import KeyConfig, KeyFolder
from api.keys.places import FilePlace, Place, TokenPlace
from api.keys.token import TokenAccount, TokenKey
from chain.errors import WalletError
from chain.registry import Registry
from chain.wallet import Wallet, read_key
from notary.errors import UnavailableError

_log = structlog.get_logger()


def load_anchor_wallet(folder: KeyFolder) -> Wallet:
    """Return the anchor account. Raises `KeyUnavailableError`, `WalletError`."""
    config = folder.load()
    return open_wallet(folder, config, folder.place(config.anchor))


def open_wallet(folder: KeyFolder, config: KeyConfig, place: Place) -> Wallet:
    """Return the account whose key is in a place. Raises `KeyUnavailableError`, `WalletError`."""
    if isinstance(place, TokenPlace):
        return Wallet(TokenAccount(TokenKey(place, "anchor")))
    key = read_key(folder.secret(config, place, "anchor"))
    if key is None:
        path = place.path if isinstance(place, FilePlace) else Path(place.name)
        raise WalletError(path, "it is not 64 lower-case hex digits of a secp256k1 key, and a line feed")
    return Wallet(key)


class HandOver:
    """Gives the log to the account that keys.json names as the next, if it names one.

    `fund` pays into the new account, where ether is worth nothing."""

    def __init__(self, folder: KeyFolder, fund: Callable[[str], None]) -> None:
        self._folder, self._fund = folder, fund
        self._seen = folder.version()
        self._due = folder.load().anchor_next is not None

    def step(self, registry: Registry, wallet: Wallet) -> Wallet | None:
        """Do what is left to do and return the new account; None if there is nothing to do.

        Raises `UnavailableError` for an account without ether, and what the registry raises.
        """
        version = self._folder.version()
        if version == self._seen and not self._due:
            return None
        config = self._folder.load()
        self._seen, self._due = version, config.anchor_next is not None
        if config.anchor_next is None:
            return None
        new = open_wallet(self._folder, config, self._folder.place(config.anchor_next))
        self._fund(new.address)
        hand_over(registry, wallet, new)
        self._folder.change(anchor=config.anchor_next, anchor_next=None)
        self._due = False
        _log.info("the log has a new anchor account", account=new.address)
        return new


def hand_over(registry: Registry, old: Wallet, new: Wallet) -> None:
    """Make `new` the log's operator in place of `old`, as far as it is not done."""
    if registry.head().operator == new.address:
        return
    if not registry.rpc.quantity("eth_getBalance", new.address, "latest"):
        raise UnavailableError(f"account {new.address} has no ether to take the log over with: pay some in, repeat")
    registry.propose_operator(old, new.address)
    registry.accept_operator(new)
