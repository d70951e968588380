# SPDX-License-Identifier: Apache-2.0
"""The pages of auditors: what was granted, loans, findings, audits."""

from api.pages.auditor import audits, loans, orders, overview

PARTS = (overview, loans, audits, orders)
"""The parts of them."""
