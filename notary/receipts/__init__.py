# SPDX-License-Identifier: Apache-2.0
"""Receipts for one record or one history, how they are issued, and how each of their links is checked."""
