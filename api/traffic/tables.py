# SPDX-License-Identifier: Apache-2.0
"""What the processes of all hosts share about traffic, in their PostgreSQL database."""

import re
from contextlib import closing
from functools import partial
from typing import Any

from api.postgres.link import Link
from api.traffic.store import STATEMENTS
from notary.stores.postgres_connection import connect, translated
from notary.stores.postgres_sweeping import patiently, write_anew

_STATEMENTS = {name: re.sub(r":(\w+)", r"%(\1)s", text) for name, text in STATEMENTS.items()}
_SETUP = "SET synchronous_commit = off"
"""Counting waits for no disk: whoever loses the last moments of it loses some counts and repeats."""


class TrafficTables:
    """Implements `api.traffic.store.TrafficStore`. The counts are in a table that a crash of the server empties."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._link, self._durable = Link(dsn, _SETUP), Link(dsn)

    def one(self, statement: str, **values: Any) -> Any:
        return self._link.one(_STATEMENTS[statement], values)

    def one_for_good(self, statement: str, **values: Any) -> Any:
        return self._durable.one(_STATEMENTS[statement], values)

    def forget(self, statement: str, bound: int) -> None:
        self._link.one(_STATEMENTS[statement], {"bound": bound})

    def sweep(self) -> None:
        # Deleted rows stand on in the table's file until that is written anew; it holds a day's answers at most.
        with closing(connect(self._dsn)) as connection, translated():
            patiently(partial(write_anew, connection, "seeded_answers"))
