# SPDX-License-Identifier: Apache-2.0
"""The pages of auditors: what was granted, loans, findings, audits."""
