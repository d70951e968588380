# SPDX-License-Identifier: Apache-2.0
"""What all hosts have to know: small values in a table, instead of files in each data folder."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import orjson

from api.hold import Hold
from api.postgres.link import Link, open_session
from api.postgres.locks import LOCKS
from notary.stores.postgres_connection import translated

_HOLD = "hold"


class SharedValues:
    """Values by name. All methods raise `UnavailableError`."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._link = Link(dsn)

    def read(self, name: str) -> bytes | None:
        """Return a value, None if there is none."""
        row = self._link.one("SELECT value FROM shared_values WHERE name = %(name)s", {"name": name})
        return bytes(row[0]) if row else None

    def keep(self, name: str, value: bytes) -> bytes:
        """Keep a value unless there is one; return the one that there is."""
        self._link.one(
            "INSERT INTO shared_values (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT (name) DO NOTHING",
            {"name": name, "value": value},
        )
        return self.read(name) or value

    def replace(self, name: str, value: bytes) -> None:
        """Put a value in the place of the one that there is."""
        self._link.one(
            "INSERT INTO shared_values (name, value) VALUES (%(name)s, %(value)s)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )

    def remove(self, name: str) -> None:
        """Remove a value, if there is one."""
        self._link.one("DELETE FROM shared_values WHERE name = %(name)s", {"name": name})

    @contextmanager
    def exclusively(self, what: str) -> Iterator[None]:
        """Wait until no other host does this, and keep all of them from it to the end of the context."""
        with closing(open_session(self._dsn)) as session:
            with translated():
                session.execute("SELECT pg_advisory_lock(%s::int, hashtext(%s))", (LOCKS, what))
            yield


class SharedHold(Hold):
    """The hold on a log that several hosts sign: whichever sets it, all keep it."""

    def __init__(self, values: SharedValues) -> None:
        self._values = values

    def _read(self) -> Any:
        value = self._values.read(_HOLD)
        return None if value is None else orjson.loads(value)

    def _write(self, members: dict[str, str]) -> None:
        self._values.keep(_HOLD, orjson.dumps(members))

    def lift(self) -> None:
        self._values.remove(_HOLD)
