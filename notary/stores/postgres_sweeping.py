# SPDX-License-Identifier: Apache-2.0
"""How PostgreSQL forgets: a table of which rows were destroyed is written anew, and its old file is given back.

An update or a deletion leaves the old row where it stood, and a plain VACUUM frees its place without overwriting it. A
table that is written anew (VACUUM FULL) holds only what is still to be seen. What the server has written down elsewhere
(its write-ahead log, archives and standbys of it, backups) keeps the old row as long as they are kept.
"""

import re

from psycopg import sql
from psycopg.errors import Diagnostic

from notary.stores.postgres_connection import Connection, unhurried

_UNSWEPT = "SELECT number, table_name FROM unswept WHERE NOT pg_is_in_recovery() ORDER BY number"


def sweep(connection: Connection) -> bool:
    """Write the tables anew of which rows were destroyed; return whether nothing is left of those rows.

    It is where an older transaction still sees them; then another call finds the tables still named. Raises what
    psycopg raises.
    """
    named: dict[str, list[int]] = {}
    for number, table in connection.execute(_UNSWEPT).fetchall():
        named.setdefault(str(table), []).append(int(str(number)))
    for table, numbers in named.items():
        if _kept(connection, table) != 0:
            return False
        connection.execute("DELETE FROM unswept WHERE number = ANY(%s)", (numbers,))
    return True


def _kept(connection: Connection, table: str) -> int | None:
    """Write a table anew; return how many dead rows were kept, None if the server did not say."""
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
    return int(counts[0].group()) if counts else None
