# SPDX-License-Identifier: Apache-2.0
"""Sessions."""

from notary.errors import NotFoundError
from notary.sessions import Session
from notary.stores.database import Database


class SessionTable(Database):
    """Implements `notary.sessions.SessionStore` in the same database as the store."""

    def add_session(self, session: Session, sha256: bytes, now: int) -> None:
        values = (
            sha256, session.id, session.key, session.form_token, session.began_at, session.issued_at,
            session.expires_at,
        )  # fmt: skip
        with self._transaction() as rows:
            rows.do("forget_sessions", (now,))
            rows.do("add_session", values)

    def session_with(self, sha256: bytes) -> Session:
        if row := self._rows.one("session_with", (sha256,)):
            return Session(*row)
        raise NotFoundError("there is no such session")

    def shorten_session(self, sha256: bytes, expires_at: int) -> None:
        self._rows.do("shorten_session", {"until": expires_at, "sha256": sha256})

    def end_session(self, session: str) -> None:
        self._rows.do("end_session", (session,))
