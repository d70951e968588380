# SPDX-License-Identifier: Apache-2.0
"""Administrative acts, each written into the log before it is done.

An organisation's administration is a stream of records like a loan's: it can be read, proved and audited like one. The
record comes first, so no act is without one; after a crash in between, the log tells of an act that was not done. A
record's id is made of all that it says: an act that is done again, at the same moment, is written down once.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from notary.canonical import canonical_json
from notary.encoding import format_time
from notary.errors import RefusedError
from notary.log.submission import Placed, Submission
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
            "loan": ADMINISTRATION,
            "occurred_at": format_time(moment),
            "act": act,
            "by": by,
            "subject": subject,
            **{name: _member(value) for name, value in more.items() if value is not None},
        }
        record["id"] = _identity(record)
        [placed] = self._writer.append([self._registrar.own(organisation, record)])
        if isinstance(placed, RefusedError):
            raise placed


def _identity(record: dict[str, Any]) -> str:
    """Return a UUID of version 8 (RFC 9562 section 5.8): 122 bits of the record's SHA-256."""
    value = int.from_bytes(sha256(canonical_json(record)).digest()[:16])
    version, variant = 0xF << 76, 0x3 << 62
    return str(UUID(int=value & ~version & ~variant | 8 << 76 | 2 << 62))


def _member(value: Any) -> Any:
    if isinstance(value, int):
        return format_time(value)
    return list(value) if isinstance(value, tuple) else value
