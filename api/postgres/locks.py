# SPDX-License-Identifier: Apache-2.0
"""Locks that a session holds in the database, one host's against all others."""

from notary.stores.postgres_connection import Connection, translated

LOCKS = 0x4C4E4C44
"""The first half of the keys of our locks; the second half is the hash of what they are for."""


def try_lock(session: Connection, what: str) -> bool:
    """Take a lock for a session, if it is free; say whether it was. Raises `UnavailableError`."""
    with translated():
        row = session.execute("SELECT pg_try_advisory_lock(%s::int, hashtext(%s))", (LOCKS, what)).fetchone()
    return bool(row and row[0])
