# SPDX-License-Identifier: Apache-2.0
"""Several hosts that serve one notary on one PostgreSQL database.

All of them take records: their writers take turns (`notary.ports.log.LogStore.turn`). What one host at a time may do is
decided by locks in the database (`election`); what all of them have to know stands in a table (`api.postgres.shared`).
"""
