# SPDX-License-Identifier: Apache-2.0
"""Filling a data folder: keys and database. Every step may be repeated, and none replaces what is there."""

from api.keys.config import KeyConfig
from api.keys.making import make_missing_keys
from api.settings import DataFolder
from notary.stores.sqlite import SqliteStore


def set_up(folder: DataFolder, config: KeyConfig | None = None) -> None:
    """Make what the folder lacks, and bring its database up to date; `config` says where the keys of a new one are."""
    if config and config != KeyConfig() and folder.keys.version() is None:
        folder.keys.save(config)
    make_missing_keys(folder.keys, folder.keys.load(), folder.settings().origin)
    SqliteStore.create(folder.database)
