# SPDX-License-Identifier: Apache-2.0
"""Fuzzing of all that reads bytes of strangers: `python -m tests.fuzz SECONDS`, or `make fuzz`.

`targets` names the parsers and what each may raise, `mutating` changes bytes, `corpus/` holds what they start from.
"""
