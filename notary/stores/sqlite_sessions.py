# SPDX-License-Identifier: Apache-2.0
"""Sessions on SQLite. `sqlite_statements/sessions.sql` holds the statements."""

from notary.errors import NotFoundError
from notary.sessions import Session
from notary.stores.sqlite_file import SqliteFile
from notary.stores.statements import STATEMENTS


class SqliteSessions(SqliteFile):
    """Implements `notary.sessions.SessionStore` in the same database as `SqliteStore`."""

    def add_session(self, session: Session, sha256: bytes, now: int) -> None:
        values = (
            sha256, session.id, session.key, session.form_token, session.began_at, session.issued_at,
            session.expires_at,
        )  # fmt: skip
        with self._transaction() as connection:
            connection.execute(STATEMENTS["forget_sessions"], (now,))
            connection.execute(STATEMENTS["add_session"], values)

    def session_with(self, sha256: bytes) -> Session:
        if row := self._one("session_with", (sha256,)):
            return Session(*row)
        raise NotFoundError("there is no such session")

    def shorten_session(self, sha256: bytes, expires_at: int) -> None:
        self._do("shorten_session", (expires_at, sha256))

    def end_session(self, session: str) -> None:
        self._do("end_session", (session,))
