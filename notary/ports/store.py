# SPDX-License-Identifier: Apache-2.0
"""A whole database: all ports that one file or server implements together."""

from typing import Protocol

from notary.documents.document import DocumentStore
from notary.log.anchors import AnchorStore
from notary.log.timestamps import TimestampStore
from notary.ports.audit import AuditStore
from notary.ports.drafts import DraftStore
from notary.ports.lists import ListStore
from notary.ports.parties import PartyStore
from notary.ports.policies import PolicyStore
from notary.ports.records import RecordStore
from notary.privacy.vault import OwnerKeys


class KeyStore(Protocol):
    """The keys of organisations."""

    def owner_keys(self, number: int) -> OwnerKeys:
        """Return an organisation's keys. Raises `CorruptLogError` if it has none, as only an unknown one can."""

    def rewrap(self, old: bytes) -> int:
        """Wrap all keys anew that the data key of this id has wrapped; return how many they were.

        Raises `DataKeyError`, `UnavailableError`; harmless to repeat.
        """


class BatchStore(Protocol):
    """The ids of batches that were signed as one."""

    def claim_batch(self, lender: int, batch_id: str, statement: bytes) -> bool:
        """Note the statement (SHA-256) that a lender's batch id (UUID) stands for; False if that is another one.

        What an id stands for never changes.
        """


class Store(
    KeyStore,
    AuditStore,
    RecordStore,
    ListStore,
    PartyStore,
    BatchStore,
    DraftStore,
    PolicyStore,
    DocumentStore,
    AnchorStore,
    TimestampStore,
    Protocol,
):
    """A whole database."""

    def close(self) -> None:
        """Give up what the calling thread holds open."""
