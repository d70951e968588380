# SPDX-License-Identifier: Apache-2.0
"""Records that wait for more signatures."""

from dataclasses import dataclass
from typing import Protocol

import orjson

from notary.envelope import Envelope
from notary.ports.records import read_envelope


@dataclass(frozen=True)
class Draft:
    """A record that waits for more signatures, up to `expires_at`.

    `signatures` is the envelope's member as JSON, `signers` an object of the parties that made them, by key id.
    """

    lender: int
    record_id: str
    payload: bytes
    signatures: str
    signers: str
    created_at: int
    expires_at: int

    @property
    def signed(self) -> dict[str, str]:
        """The parties that have signed, by key id."""
        signed: dict[str, str] = orjson.loads(self.signers)
        return signed

    @property
    def envelope(self) -> Envelope:
        """The envelope as far as it is signed."""
        return read_envelope(self.payload, self.signatures)


class DraftStore(Protocol):
    """Half-signed records. Whoever reads says what time it is: a draft that has expired by then is not there."""

    def draft(self, lender: int, record_id: str, now: int) -> Draft | None:
        """Return the draft of a record, if there is one."""

    def drafts(self, lender: int, after: str, limit: int, now: int) -> list[Draft]:
        """Return the lender's first drafts, by rising id, whose id is above `after`."""

    def add_draft(self, draft: Draft) -> bool:
        """Keep a draft; return False, changing nothing, where there is one of its lender and id.

        All drafts that have expired at its `created_at` are removed first.
        """

    def sign_draft(self, before: Draft, after: Draft) -> bool:
        """Give a draft the signatures of `after`; return False, changing nothing, if it has not those of `before`."""

    def remove_draft(self, lender: int, record_id: str) -> bool:
        """Remove a draft; return whether there was one."""
