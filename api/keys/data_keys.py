# SPDX-License-Identifier: Apache-2.0
"""The data key: what wraps the keys that the database and the documents' files hold, wherever it is kept.

While it is rotated there are two, and what is wrapped says by its first bytes which one opens it. A process that meets
another than it knows, or finds keys.json changed when it wraps, reads that again: a rotation in another process is seen
at once, and nothing is wrapped with the old key once keys.json names the next.
"""

import os
import re
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.keys.config import KeyConfig, KeyFolder
from api.keys.files import write_key_file
from api.keys.places import FilePlace, Place, TokenPlace, VariablePlace
from api.keys.token import TokenCipher, destroy_key
from notary.errors import DataKeyError, KeyUnavailableError
from notary.privacy.cipher import KEY_SIZE
from notary.privacy.data_key import ID_SIZE, DataKey, WrappingKey
from notary.stores.durable import sync_folder

_TEXT = re.compile(rb"[0-9a-f]{64}\n?")


@dataclass(frozen=True)
class _Loaded:
    """The keys of one version of keys.json by their ids, and the one that wraps."""

    version: Any
    current: WrappingKey
    keys: Mapping[bytes, WrappingKey] = field(repr=False)


class DataKeys:
    """Implements `notary.privacy.data_key.KeyWrapper` for a data folder; for any number of threads."""

    def __init__(self, folder: KeyFolder) -> None:
        """Load the key. Raises `DataKeyError`."""
        self._folder = folder
        self._lock = threading.Lock()
        self._opened: dict[str, WrappingKey] = {}
        self._loaded = self._load()

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        return self._newest().current.wrap(secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        key = self._loaded.keys.get(wrapped[:ID_SIZE]) or self._newest().keys.get(wrapped[:ID_SIZE])
        # An old key that is not at hand says best what is wrong with what it has not wrapped.
        return (key or self._loaded.current).unwrap(wrapped, context)

    def _newest(self) -> _Loaded:
        if self._loaded.version != self._folder.version():
            with self._lock:
                self._loaded = self._load()
        return self._loaded

    def _load(self) -> _Loaded:
        version = self._folder.version()
        config = self._folder.load()
        places = [config.data, *([config.data_next] if config.data_next else [])]
        for place in places:
            if place not in self._opened:
                self._opened[place] = open_data_key(self._folder, config, place)
        keys = [self._opened[place] for place in places]
        return _Loaded(version, keys[-1], {key.id: key for key in keys})


def open_data_key(folder: KeyFolder, config: KeyConfig, name: str) -> WrappingKey:
    """Return the data key in the place of this name. Raises `DataKeyError`."""
    try:
        place = folder.place(name)
        if isinstance(place, TokenPlace):
            return TokenCipher(place)
        text = folder.secret(config, place, "data")
    except KeyUnavailableError as error:
        raise DataKeyError(f"the data key cannot be used: {error}") from None
    if not _TEXT.fullmatch(text):
        raise DataKeyError(f"there is no data key in {name}: 64 lower-case hexadecimal digits and a line feed")
    return DataKey(bytes.fromhex(text.decode().strip()))


def make_data_key(folder: KeyFolder, config: KeyConfig, name: str) -> WrappingKey:
    """Make a new data key in a place where none is; one in a variable is its owner's to make. Raises `DataKeyError`."""
    try:
        place = folder.place(name)
        if isinstance(place, TokenPlace):
            return TokenCipher(place, make=True)
        if isinstance(place, FilePlace):
            text = secrets.token_bytes(KEY_SIZE).hex().encode() + b"\n"
            write_key_file(place.path, "data", text, folder.passphrase(config))
    except KeyUnavailableError as error:
        raise DataKeyError(f"the data key cannot be made: {error}") from None
    return open_data_key(folder, config, name)


def remove_data_key(place: Place) -> bool:
    """Destroy a data key that nothing is wrapped with; False where only its owner can: in a variable.

    Harmless to repeat. Raises `DataKeyError`.
    """
    try:
        if isinstance(place, TokenPlace):
            destroy_key(place)
        elif isinstance(place, FilePlace):
            _destroy_file(place.path)
    except (KeyUnavailableError, OSError) as error:
        raise DataKeyError(f"the old data key cannot be removed: {error}") from None
    return not isinstance(place, VariablePlace)


def _destroy_file(path: Path) -> None:
    with suppress(FileNotFoundError):
        with path.open("r+b", buffering=0) as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
