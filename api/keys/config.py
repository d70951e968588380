# SPDX-License-Identifier: Apache-2.0
"""`keys/keys.json`: where the notary's keys are, and which of them sign. It holds no secret.

A folder without it has `log.pem` and `anchor.key` beside it, not encrypted. Rotation writes it, whole, and whoever
signs reads it again when it changes.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field, ValidationError

from api.keys.files import Purpose
from api.keys.places import Place, SecretPlace, TokenPlace, parse_place, parse_secret_place, variables_of
from notary.encoding import parse_time
from notary.errors import Fault, InvalidInputError, KeyUnavailableError
from notary.records.fields import Model
from notary.stores.durable import sync_folder

NAME = "keys.json"


def _time(text: str) -> str:
    parse_time(text)
    return text


class KeysError(InvalidInputError):
    """Raised when keys.json cannot be read."""


class LogKeyEntry(Model):
    """A key of the log: its place (None once it is gone), its verifier key, and until when it signs (None: no end)."""

    place: str | None
    key: str
    until: Annotated[str, AfterValidator(_time)] | None = None


class ReplacedKey(Model):
    """A data key that nothing is wrapped with any more: its place, and its id in hex."""

    place: str
    id: str


class KeyConfig(Model):
    """What keys.json says.

    `log` has the log's keys, oldest first; empty stands for the one in `file:log.pem`. `anchor_next` is the key that
    the log is being handed to on the chain, `data_next` the one that wraps while `data` is being replaced by it,
    `data_replaced` the one before, as long as it is not known to be destroyed.
    `passphrase` is what encrypted files are opened with. `successions` are notes (`notary.log.key_history`).
    """

    format: Literal["loan-notary/keys@1"] = "loan-notary/keys@1"
    passphrase: str | None = None
    log: Annotated[tuple[LogKeyEntry, ...], Field(strict=False, max_length=1000)] = ()
    first_log: str = "file:log.pem"
    anchor: str = "file:anchor.key"
    anchor_next: str | None = None
    data: str = "file:data.key"
    data_next: str | None = None
    data_replaced: ReplacedKey | None = None
    successions: Annotated[tuple[str, ...], Field(strict=False, max_length=1000)] = ()


class KeyFolder:
    """The folder `keys` of a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path / NAME

    def version(self) -> tuple[int, int] | None:
        """Return what changes whenever keys.json does, None where there is none."""
        try:
            status = os.stat(self._file)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def load(self) -> KeyConfig:
        """Read keys.json. Raises `KeysError`."""
        try:
            return KeyConfig.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return KeyConfig()
        except OSError as error:
            raise KeyUnavailableError(str(self._file), error.strerror or type(error).__name__) from None
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise KeysError(*(Fault("/" + "/".join(map(str, item["loc"])), item["msg"]) for item in faults)) from None

    def change(self, **members: Any) -> KeyConfig:
        """Change members of keys.json, and leave to the others what they are by now: another process may change those.

        Return what it says then. Raises `KeysError`, `KeyUnavailableError`.
        """
        try:
            with self._alone():
                config = self.load().model_copy(update=members)
                self.save(config)
        except OSError as error:
            raise KeyUnavailableError(str(self._file), error.strerror or type(error).__name__) from None
        return config

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def save(self, config: KeyConfig) -> None:
        """Write keys.json, whole and on disk when this returns. To change what is there, `change` is for."""
        coming = self._file.with_name(f"{NAME}.{secrets.token_hex(4)}.new")
        data = orjson.dumps(config.model_dump(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        coming.replace(self._file)
        sync_folder(self._file.parent)

    def place(self, text: str) -> Place:
        """Read the name of a place. Raises `InvalidInputError`."""
        return parse_place(text, self.path)

    def check(self, config: KeyConfig) -> None:
        """Raise `InvalidInputError` unless all places are written as places are."""
        for text in (config.first_log, config.anchor, config.data):
            self.place(text)
        self._passphrase_place(config)

    def passphrase(self, config: KeyConfig) -> bytes | None:
        """Return what encrypted files are opened with. Raises `KeyUnavailableError`."""
        place = self._passphrase_place(config)
        return place.secret("log", None).rstrip(b"\n") if place else None

    def secret(self, config: KeyConfig, place: Place, purpose: Purpose) -> bytes:
        """Return what is in a place that gives its secret away. Raises `KeyUnavailableError`."""
        if isinstance(place, TokenPlace):
            raise KeyUnavailableError(f"token {place.token}", f"the key for {purpose} cannot be in a token")
        return place.secret(purpose, self.passphrase(config))

    def variables(self, config: KeyConfig, *purposes: Purpose) -> set[str]:
        """Return the names of the environment variables that a process needs for these keys."""
        names = {
            "log": [item.place for item in config.log if item.place] or [config.first_log],
            "data": [config.data, *([config.data_next] if config.data_next else [])],
            "anchor": [config.anchor, *([config.anchor_next] if config.anchor_next else [])],
        }
        places = [self.place(name) for purpose in purposes for name in names.get(purpose, ())]
        passphrase = self._passphrase_place(config)
        needed: list[Place] = [*places, *([passphrase] if places and passphrase else [])]
        return set().union(*map(variables_of, needed))

    def _passphrase_place(self, config: KeyConfig) -> SecretPlace | None:
        return parse_secret_place(config.passphrase, self.path) if config.passphrase else None
