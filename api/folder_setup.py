# SPDX-License-Identifier: Apache-2.0
"""Filling a data folder: keys and database. Every step may be repeated, and none replaces what is there."""

import os

from api.settings import DataFolder
from chain.wallet import Wallet
from notary.schemes import generate_key
from notary.stores.sqlite import SqliteStore


def set_up(folder: DataFolder) -> None:
    """Make what the folder lacks, and bring its database up to date."""
    if not folder.log_key.exists():
        _write_secret(folder, generate_key("EdDSA").to_pem())
    if not folder.anchor_key.exists():
        Wallet.create(folder.anchor_key)
    SqliteStore.create(folder.database)


def _write_secret(folder: DataFolder, data: bytes) -> None:
    # Written whole under another name first: a half-written key would be kept for ever.
    temporary = folder.log_key.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(folder.log_key)
