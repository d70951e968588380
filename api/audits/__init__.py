# SPDX-License-Identifier: Apache-2.0
"""Audits that are asked for over HTTP and run in a process of their own: of the log, of a sample, of a ledger."""
