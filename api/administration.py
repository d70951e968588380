# SPDX-License-Identifier: Apache-2.0
"""Administrative acts, each written into the log before it is done.

An organisation's administration is a stream of records like a loan's: it can be read, proved and audited like one. The
record comes first, so no act is without one; after a crash in between, the log tells of an act that was not done.
"""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import uuid4

from notary.encoding import format_time
from notary.errors import RefusedError
from notary.log.sequencer import Placed, Submission
from notary.records.administration import ADMINISTRATION
from notary.registration import Registrar


class Writer(Protocol):
    """What places records in the log."""

    def append(self, submissions: Sequence[Submission]) -> list[Placed | RefusedError]:
        """Place them, in order."""


class Administration:
    """Writes acts down."""

    def __init__(self, registrar: Registrar, writer: Writer) -> None:
        self._registrar = registrar
        self._writer = writer

    def note(self, organisation: int, moment: int, act: str, by: str, subject: str, **more: Any) -> None:
        """Write an act of, or for, an organisation into the log.

        `by` is the id of the API key that asked. `more` are the other members of
        `notary.records.administration.Administration`; those that are None are left out, and moments are in
        milliseconds.
        """
        record = {
            "type": "administration",
            "id": str(uuid4()),
            "loan": ADMINISTRATION,
            "occurred_at": format_time(moment),
            "act": act,
            "by": by,
            "subject": subject,
            **{name: _member(value) for name, value in more.items() if value is not None},
        }
        [placed] = self._writer.append([self._registrar.own(organisation, record)])
        if isinstance(placed, RefusedError):
            raise placed


def _member(value: Any) -> Any:
    if isinstance(value, int):
        return format_time(value)
    return list(value) if isinstance(value, tuple) else value
