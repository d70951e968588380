# SPDX-License-Identifier: Apache-2.0
"""All tables of `notary.ports.store.Store` together, for whatever database they are mixed with."""

from notary.stores.access_tables import AccessTables
from notary.stores.audit_tables import AuditTables
from notary.stores.batch_table import BatchTable
from notary.stores.document_tables import DocumentTables
from notary.stores.draft_table import DraftTable
from notary.stores.erasing_tables import ErasingTables
from notary.stores.list_tables import ListTables
from notary.stores.log_tables import LogTables
from notary.stores.party_tables import PartyTables
from notary.stores.policy_table import PolicyTable
from notary.stores.timestamp_table import TimestampTable
from notary.stores.wrapped_keys import WrappedKeys


class StoreTables(
    LogTables,
    AuditTables,
    ListTables,
    PartyTables,
    BatchTable,
    DraftTable,
    PolicyTable,
    DocumentTables,
    TimestampTable,
    AccessTables,
    ErasingTables,
    WrappedKeys,
):
    """Implements `notary.ports.store.Store` but for `damage`, which is the database's own."""
