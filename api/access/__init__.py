# SPDX-License-Identifier: Apache-2.0
"""Who calls, what he may do and read, and the lines and records that this leaves."""
