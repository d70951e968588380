# SPDX-License-Identifier: Apache-2.0
"""The proof of a receipt in the formats of others, for tools that know nothing of this notary.

`tlog_proof` is C2SP's text file for one entry; `cose` are the COSE receipts of RFC 9942, for an entry or for the growth
of the log. Both prove that an entry is in the log, and no more: what the entry commits to, only the receipt shows.
"""
