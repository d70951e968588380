# SPDX-License-Identifier: Apache-2.0
"""Bulk jobs: a long file of records is uploaded in parts and worked through by a process of its own."""
