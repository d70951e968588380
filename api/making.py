# SPDX-License-Identifier: Apache-2.0
"""The moment of a request, and all that is random in what it makes.

A request with an `Idempotency-Key` that was cut short is done again from the same beginning (`api.traffic.repeats`). It
then makes what was made, down to the secrets: it finds that there, and can show a secret that was never shown.
"""

from hmac import digest
from secrets import token_bytes

from flask import g

from api.clock import now

_SEED_SIZE = 32


class Making:
    """Draws what a request makes from its seed; `moment` is when it was begun, in milliseconds since 1970."""

    def __init__(self, moment: int, seed: bytes) -> None:
        self.moment = moment
        self._seed = seed

    def draw(self, what: str, size: int) -> bytes:
        """Return up to 32 bytes that nobody can guess; others for each `what`, the same for the same one."""
        return digest(self._seed, what.encode(), "sha256")[:size]


def begin_making(moment: int, seed: bytes) -> None:
    """Let the current request make what one with this moment and seed makes."""
    g.making = Making(moment, seed)


def making() -> Making:
    """Return what the current request draws from; a request without an `Idempotency-Key` begins now."""
    if "making" not in g:
        begin_making(now(), token_bytes(_SEED_SIZE))
    made: Making = g.making
    return made
