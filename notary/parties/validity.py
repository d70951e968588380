# SPDX-License-Identifier: Apache-2.0
"""When a key counts: from one moment to another, and not from the moment on from which it is revoked."""

from dataclasses import dataclass, replace
from typing import Self

from notary.encoding import format_time

SETTLING = 60_000
"""Milliseconds after which everybody acts on what a lender has told of a key.

A record that is under way is checked with the keys as they were told of when it came in. So a key that another replaces
counts for this time at least, and a record that comes so soon after a revocation was told is no contradiction.
"""


@dataclass(frozen=True)
class Validity:
    """The time in which a key's signatures are accepted, in milliseconds since 1970.

    It begins with `valid_from` and ends before `valid_until` and before `revoked_from`; None is no end.
    """

    valid_from: int
    valid_until: int | None = None
    revoked_from: int | None = None

    def fault_at(self, moment: int) -> str | None:
        """Return why a key is not valid at a moment, as the rest of a sentence; None if it is."""
        if moment < self.valid_from:
            return f"is valid only from {format_time(self.valid_from)} on"
        if self.valid_until is not None and moment >= self.valid_until:
            return f"ended at {format_time(self.valid_until)}"
        return self.revocation_at(moment)

    def revocation_at(self, moment: int) -> str | None:
        """Return the rest of that sentence for a key that is revoked at a moment; None for any other."""
        if self.revoked_from is not None and moment >= self.revoked_from:
            return f"is revoked from {format_time(self.revoked_from)} on"
        return None

    def is_open_at(self, moment: int) -> bool:
        """Tell whether a revocation from a moment on would take anything away."""
        return self.revoked_from is None or self.revoked_from > moment

    def unrevoked(self) -> Self:
        """Return the time in which the key would count, had it not been revoked."""
        return replace(self, revoked_from=None)

    def members(self) -> dict[str, str | None]:
        """Return the three moments as members of a JSON object, RFC 3339 or null."""
        until, revoked = self.valid_until, self.revoked_from
        return {
            "valid_from": format_time(self.valid_from),
            "valid_until": None if until is None else format_time(until),
            "revoked_from": None if revoked is None else format_time(revoked),
        }
