# SPDX-License-Identifier: Apache-2.0
"""What the document says of each operation, one table for each part of the API."""

from api.openapi.tables import access, audits, documents, drafts, jobs, lists, loans, parties, public, records, webhooks

TABLES = (
    records.TABLE, jobs.TABLE, lists.TABLE, drafts.TABLE, documents.TABLE, loans.LOANS, loans.ACCESSES,
    loans.ERASURES, loans.FINDINGS, audits.TABLE,
    loans.POLICY, parties.KEYS, parties.ROOTS, webhooks.TABLE, access.API_KEYS, access.CLIENT_KEYS, access.GRANTS,
    access.PASSES, loans.MY_LOAN, access.ORGANISATIONS, public.VERIFICATION, public.LOG, public.SERVICE,
)  # fmt: skip
"""All tables, in the order in which the document and the page show them."""
