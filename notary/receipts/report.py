# SPDX-License-Identifier: Apache-2.0
"""What a verifier says: one check for each link, what had to be trusted, and the verdict over all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from notary.errors import NotaryError, UnavailableError


class Status(StrEnum):
    """What a check found."""

    OK = "ok"
    FAILED = "failed"
    PENDING = "pending"
    UNKNOWN = "unknown"
    NOT_CHECKED = "not checked"


class Verdict(StrEnum):
    """What all checks together say."""

    VALID = "valid"
    INVALID = "invalid"
    CANNOT_TELL = "cannot tell"

    @property
    def exit_code(self) -> int:
        """Return the exit code of a command that ends with this verdict: 0, 1 or 2."""
        return list(Verdict).index(self)


@dataclass(frozen=True)
class Check:
    """One link, what was found, and a sentence on it."""

    link: str
    status: Status
    detail: str


@dataclass
class Report:
    """The checks of one document in order, what had to be trusted, and `facts`: what the record says.

    `facts["signers"]` lists who signed, in order: `{"party", "kid", "subject"}`, the last of them the name in the
    signer's certificate, None where the key came without one.

    `loan` is where the loan stands, computed from its records; None where not all of them were there.
    """

    checks: list[Check] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    loan: dict[str, Any] | None = None

    @property
    def verdict(self) -> Verdict:
        """Return `invalid` if a link broke, else `cannot tell` if one could not be checked, else `valid`."""
        found = {check.status for check in self.checks}
        if Status.FAILED in found:
            return Verdict.INVALID
        return Verdict.CANNOT_TELL if Status.UNKNOWN in found else Verdict.VALID

    def add(self, link: str, status: Status, detail: str) -> None:
        """Note what a check found."""
        self.checks.append(Check(link, status, detail))

    def trust(self, sentence: str) -> None:
        """Note what had to be believed, once."""
        if sentence not in self.trusted:
            self.trusted.append(sentence)

    def holds(self, link: str) -> bool:
        """Tell whether all checks of a link were done and found nothing."""
        found = [check.status for check in self.checks if check.link == link]
        return bool(found) and set(found) == {Status.OK}

    def run(self, link: str, check: Callable[[], str]) -> None:
        """Note what a check found: it returns a sentence, or raises what stands against it."""
        try:
            self.add(link, Status.OK, check())
        except NotCheckedError as reason:
            self.add(link, Status.NOT_CHECKED, str(reason))
        except (UntoldError, UnavailableError) as reason:
            self.add(link, Status.UNKNOWN, str(reason))
        except NotaryError as reason:
            self.add(link, Status.FAILED, str(reason))


class NotCheckedError(Exception):
    """Raised by a check that had nothing to go on; never leaves the verifier."""


class UntoldError(Exception):
    """Raised by a check of what nobody can tell from what is there; never leaves the verifier."""


def report_members(report: Report) -> dict[str, Any]:
    """Return a report as a JSON object."""
    return {
        "verdict": report.verdict.value,
        "facts": report.facts,
        "checks": [{"link": item.link, "status": item.status.value, "detail": item.detail} for item in report.checks],
        "trusted": report.trusted,
        **({"loan": report.loan} if report.loan is not None else {}),
    }
