# SPDX-License-Identifier: Apache-2.0
"""Lenders' own policies."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PolicyVersion:
    """One version of a lender's policy: its number from 1, `notary.policies.policy_text`, when it was set, and by whom.

    `set_by` is the id of the API key.
    """

    version: int
    text: str
    set_at: int
    set_by: str


class PolicyStore(Protocol):
    """Lenders' own policies; every version is kept."""

    def policy(self, lender: int, version: int) -> PolicyVersion:
        """Return one version. Raises `NotFoundError`."""

    def policy_at(self, lender: int, moment: int) -> PolicyVersion | None:
        """Return the newest version that was set by a moment, if there was one."""

    def set_policy(self, lender: int, text: str, set_at: int, set_by: str) -> PolicyVersion:
        """Put a policy in force as the lender's next version; return the current one where its text is the same."""
