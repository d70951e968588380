# SPDX-License-Identifier: Apache-2.0
"""Who read what, in the PostgreSQL database: on all hosts, in one chain of lines for each lender.

`postgres_statements/access_log.sql` holds the statements. A line is in the database before its read is answered, and
seen by all hosts. It waits for no disk (`synchronous_commit=off`): a kill of a host loses nothing, a crash of the
server may lose the lines of its last moments. The next line goes on from what is left, so the chain of hashes holds.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from notary.access_log import FIRST, Access
from notary.stores.access_lines import AccessLines, line_row
from notary.stores.postgres_connection import Connection, parameters, translated
from notary.stores.postgres_pool import Connections, connections
from notary.stores.postgres_transactions import begin, roll_back
from notary.stores.statements import POSTGRES_STATEMENTS

Row = Sequence[Any]


class PostgresAccessLog(AccessLines):
    """Implements `notary.access_log.AccessLog`; for any number of hosts, processes and threads."""

    def __init__(self, uri: str) -> None:
        """Use the database at `uri`, which has its tables. Raises `UnavailableError` for what is no URI."""
        parameters(uri)
        self._connections: Connections = connections(uri)

    def note(self, accesses: Iterable[Access]) -> None:
        wanted = list(accesses)
        if not wanted:
            return
        with self._transaction() as connection:
            with connection.pipeline():
                # Whoever waits for the end of this one waits for no disk.
                connection.execute("SET LOCAL synchronous_commit = off")
                found = connection.execute(POSTGRES_STATEMENTS["access_heads_of"], ([item.lender for item in wanted],))
            rows: list[Any] = found.fetchall()
            heads = {lender: (number, hashed) for lender, number, hashed in rows}
            lines = list(_chained(wanted, heads))
            with connection.pipeline():
                connection.execute(POSTGRES_STATEMENTS["add_accesses"], _columns(lines))
                ends = [(lender, *end) for lender, end in heads.items()]
                connection.execute(POSTGRES_STATEMENTS["save_access_heads"], _columns(ends))

    def close(self) -> None:
        """Give up the process's connections that nobody uses now."""
        self._connections.close()

    def _rows(self, statement: str, values: dict[str, Any]) -> list[Any]:
        with self._connections.lend() as connection, translated():
            return connection.execute(POSTGRES_STATEMENTS[statement], values, binary=True).fetchall()

    def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        with self._transaction() as connection:
            connection.execute(POSTGRES_STATEMENTS[statement], values)

    @staticmethod
    def _list(references: Sequence[str]) -> list[str]:
        return list(references)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Change lines while nobody else does, on any host."""
        with self._connections.lend() as connection, translated():
            try:
                begin(connection, "accesses")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                roll_back(connection)
                raise


def _chained(accesses: Iterable[Access], heads: dict[int, tuple[int, bytes]]) -> Iterator[Row]:
    """Yield the rows of lines that go on from these heads, by lender, and bring the heads forward."""
    for access in accesses:
        last, before = heads.get(access.lender, (0, FIRST))
        number = last + 1
        hashed = access.chained(number, before)
        heads[access.lender] = number, hashed
        yield line_row(number, access, hashed)


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
