# SPDX-License-Identifier: Apache-2.0
"""Filling a data folder: keys and database. Every step may be repeated, and none replaces what is there."""

from api.cursors import CursorSeal
from api.databases import create_database, open_access_log
from api.keys.config import KeyConfig
from api.keys.data_keys import make_data_key, remove_data_key
from api.keys.making import is_there, make_missing_keys
from api.settings import DataFolder
from notary.errors import DataKeyError, ReadOnlyError


def set_up(folder: DataFolder, config: KeyConfig | None = None) -> None:
    """Make what the folder lacks, and bring its database up to date; `config` says where the keys of a new one are.

    Raises `ReadOnlyError` for a host that only reads: it gets its keys from another one, and makes none.
    """
    if (writes_at := folder.settings().writes_at) is not None:
        raise ReadOnlyError(writes_at)
    if config and config != KeyConfig() and folder.keys.version() is None:
        folder.keys.save(config)
    make_missing_keys(folder.keys, folder.keys.load(), folder.settings().origin)
    _set_up_database(folder)
    # Now, so that hosts that join get it with the other keys.
    CursorSeal.load(folder.cursor_key)
    open_access_log(folder)


def _set_up_database(folder: DataFolder) -> None:
    keys, config = folder.keys, folder.keys.load()
    made = not is_there(keys.place(config.data))
    if made:
        make_data_key(keys, config, config.data)
    try:
        create_database(folder)
    except DataKeyError:
        # A database whose key is lost must go on saying so.
        if made:
            remove_data_key(keys.place(config.data))
        raise
