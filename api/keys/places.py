# SPDX-License-Identifier: Apache-2.0
"""Where a key, or a passphrase, can be; written as one line of text.

::

    file:log.pem                      a file; seen from the folder `keys` unless the path is absolute
    credential:log-key                a file that systemd hands over ($CREDENTIALS_DIRECTORY, systemd.exec(5))
    env:LOAN_NOTARY_SECRET_LOG_KEY    an environment variable; the beginning of its name is fixed
    pkcs11:token=notary;object=log?module-path=/usr/lib/x.so&pin-source=env:LOAN_NOTARY_SECRET_PIN
                                      a key that stays in a hardware security module (RFC 7512)
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qsl, unquote

from api.keys.files import Purpose, read_key_file
from notary.errors import Fault, InvalidInputError, KeyUnavailableError

SECRET_PREFIX = "LOAN_NOTARY_SECRET_"  # noqa: S105 - how the names of variables begin
_VARIABLE = re.compile(f"{SECRET_PREFIX}[A-Z0-9_]{{1,64}}")
_CREDENTIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


_taken: dict[str, str] = {}
"""Secrets that this process has taken out of its environment."""


def take_secrets() -> None:
    """Take all secrets out of this process's environment, so that what it starts inherits none unless it is given some.

    The process itself goes on knowing them.
    """
    for name in [name for name in os.environ if name.startswith(SECRET_PREFIX)]:
        _taken[name] = os.environ.pop(name)


def environment_with(names: Iterable[str]) -> dict[str, str]:
    """Return the environment for a child that needs these secrets, and no others: none of an object store's either."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith((SECRET_PREFIX, "AWS_"))}
    known = {**os.environ, **_taken}
    return {**rest, **{name: known[name] for name in names if name in known}}


@dataclass(frozen=True)
class FilePlace:
    """A key file."""

    path: Path

    def secret(self, purpose: Purpose, passphrase: bytes | None) -> bytes:
        """Return what is in the file. Raises `KeyUnavailableError`."""
        return read_key_file(self.path, purpose, passphrase)


@dataclass(frozen=True)
class VariablePlace:
    """An environment variable."""

    name: str

    def secret(self, _purpose: Purpose, _passphrase: bytes | None) -> bytes:
        """Return its value. Raises `KeyUnavailableError`."""
        value = _taken.get(self.name, os.environ.get(self.name))
        if value is None:
            raise KeyUnavailableError(f"env:{self.name}", "the variable is not set")
        return os.fsencode(value)


@dataclass(frozen=True)
class TokenPlace:
    """A key in a PKCS#11 token: the module that drives it, the token's and the key's label, and where the PIN is."""

    module: str
    token: str
    label: str
    pin: FilePlace | VariablePlace


SecretPlace = FilePlace | VariablePlace
Place = SecretPlace | TokenPlace


def parse_place(text: str, folder: Path) -> Place:
    """Read what names a place; `folder` is where relative paths begin. Raises `InvalidInputError`."""
    kind, _, rest = text.partition(":")
    return _token(rest, folder) if kind == "pkcs11" else parse_secret_place(text, folder)


def parse_secret_place(text: str, folder: Path) -> SecretPlace:
    """Read what names a place that gives its secret away. Raises `InvalidInputError`."""
    kind, _, rest = text.partition(":")
    if kind == "file" and rest:
        return FilePlace(folder / rest)
    if kind == "env" and _VARIABLE.fullmatch(rest):
        return VariablePlace(rest)
    if kind != "credential" or not _CREDENTIAL.fullmatch(rest):
        _refuse(f"a place is written as file:PATH, credential:NAME, env:{SECRET_PREFIX}... or pkcs11:...")
    return FilePlace(Path(os.environ.get("CREDENTIALS_DIRECTORY", "/run/credentials")) / rest)


def variables_of(place: Place) -> set[str]:
    """Return the names of the environment variables that a place needs."""
    found = place.pin if isinstance(place, TokenPlace) else place
    return {found.name} if isinstance(found, VariablePlace) else set()


def _token(rest: str, folder: Path) -> TokenPlace:
    path, _, query = rest.partition("?")
    attributes = {name: unquote(value) for name, _, value in (part.partition("=") for part in path.split(";"))}
    options = dict(parse_qsl(query, keep_blank_values=True))
    if set(attributes) != {"token", "object"} or set(options) != {"module-path", "pin-source"}:
        _refuse("a pkcs11: place has token and object, then module-path and pin-source, and nothing else")
    pin = parse_secret_place(options["pin-source"], folder)
    return TokenPlace(options["module-path"], attributes["token"], attributes["object"], pin)


def _refuse(detail: str) -> NoReturn:
    raise InvalidInputError(Fault("", detail))
