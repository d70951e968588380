# SPDX-License-Identifier: Apache-2.0
"""The offline verifier of receipts and history receipts: no server, no database, no web framework, no network.

::

    report = make_verifier().verify(Path("agreement.receipt.json").read_bytes())
    report.verdict, [(check.link, check.status, check.detail) for check in report.checks], report.trusted

The command is `loan-notary-verify` (`python -m verifier`). `python -m verifier.build FOLDER` makes a distribution of
its own and a single file of this package and what it imports of `notary` and `chain`.
"""

from verifier.assembly import make_verifier
from verifier.text import report_lines

__all__ = ["VERSION", "make_verifier", "report_lines"]

VERSION = "0.1.0"
