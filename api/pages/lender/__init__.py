# SPDX-License-Identifier: Apache-2.0
"""The lender's pages, behind the sign-in: what its API key may do, it may do here."""

from api.pages.lender import access, deliveries, loans, samples, uploads

PARTS = (loans, access, deliveries, uploads, samples)
"""The parts of them."""
