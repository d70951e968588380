# SPDX-License-Identifier: Apache-2.0
"""How PostgreSQL forgets: a table of which rows were destroyed is written anew, and its old file is given back.

An update or a deletion leaves the old row where it stood, and a plain VACUUM frees its place without overwriting it. A
table that is written anew (VACUUM FULL) holds only what is still to be seen. What the server has written down elsewhere
(its write-ahead log, archives and standbys of it, backups) keeps the old row as long as they are kept.
"""

import re
from collections.abc import Callable
from time import monotonic, sleep

from psycopg import sql
from psycopg.errors import Diagnostic

from notary.errors import UnavailableError
from notary.stores.postgres_connection import Connection, unhurried

_UNSWEPT = "SELECT number, table_name FROM unswept WHERE NOT pg_is_in_recovery() ORDER BY number"
_PATIENCE, _PAUSE = 3.0, 0.2
"""How long an erasure waits for older transactions, and how often it looks, in seconds."""


def patiently(forget: Callable[[], bool]) -> None:
    """Repeat what forgets until it says that nothing is left. Raises `UnavailableError` where that takes too long."""
    until = monotonic() + _PATIENCE
    # The server's own work (ANALYZE) also looks at old rows, for a moment.
    while not forget():
        if monotonic() > until:
            raise UnavailableError("the rows are destroyed; an older transaction still sees them: ask again")
        sleep(_PAUSE)


def sweep(connection: Connection) -> bool:
    """Write the tables anew of which rows were destroyed; return whether nothing is left of those rows.

    It is where an older transaction still sees them; then another call finds the tables still named. Raises what
    psycopg raises.
    """
    named: dict[str, list[int]] = {}
    for number, table in connection.execute(_UNSWEPT).fetchall():
        named.setdefault(str(table), []).append(int(str(number)))
    for table, numbers in named.items():
        if not write_anew(connection, table):
            return False
        connection.execute("DELETE FROM unswept WHERE number = ANY(%s)", (numbers,))
    return True


def write_anew(connection: Connection, table: str) -> bool:
    """Write a table anew; return whether it holds nothing else than what is to be seen, as far as the server says."""
    said: list[str] = []

    def hear(notice: Diagnostic) -> None:
        said.append(notice.message_detail or "")  # now: nothing is left of it afterwards

    connection.add_notice_handler(hear)
    try:
        with unhurried(connection):
            connection.execute(sql.SQL("VACUUM (FULL, VERBOSE) {}").format(sql.Identifier(table)))
    finally:
        connection.remove_notice_handler(hear)
    # "0 dead row versions cannot be removed yet", in whatever language.
    counts = [found for detail in said if (found := re.match(r"\d+", detail))]
    return bool(counts) and int(counts[0].group()) == 0
