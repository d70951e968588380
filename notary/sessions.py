# SPDX-License-Identifier: Apache-2.0
"""Sessions of people who signed in to the pages with an API key, and the port that keeps them.

The browser has a random secret, the store its SHA-256. The secret is replaced while the session goes on; all secrets of
one session share its id. Times are milliseconds since 1970.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Session:
    """Somebody signed in; `key` is the SHA-256 of the API key that opened it, without which it opens nothing.

    Attributes:
        form_token: what every form of this session sends along, so that no other site's form can.
        began_at: when the key was given.
        issued_at: when the present secret was given out.
    """

    id: str
    key: bytes
    form_token: str
    began_at: int
    issued_at: int
    expires_at: int


class SessionStore(Protocol):
    """Keeps sessions by the SHA-256 of their secrets."""

    def add_session(self, session: Session, sha256: bytes, now: int) -> None:
        """Keep a session under a new secret, and forget all that have expired."""

    def session_with(self, sha256: bytes) -> Session:
        """Return the session whose secret has this SHA-256. Raises `NotFoundError`."""

    def shorten_session(self, sha256: bytes, expires_at: int) -> None:
        """Let a secret end at this moment, unless it does before."""

    def end_session(self, session: str) -> None:
        """End a session, whatever its secret is by now."""
