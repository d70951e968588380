# SPDX-License-Identifier: Apache-2.0
"""The command `loan-notary-verify RECEIPT...`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from notary.documents.digests import FileDigests
from notary.errors import InvalidInputError, MissingPackageError
from notary.log.key_history import read_related
from notary.log.signed_note import parse_verifier
from notary.package.container import is_archive
from notary.package.verification import PackageVerifier
from notary.receipts.acceptance import PRODUCTION, AcceptanceRules, parse_rules
from notary.receipts.qr_proof import PREFIX
from notary.receipts.report import Report, Verdict, report_members
from notary.receipts.time_proof import load_authorities
from notary.receipts.verification import ReceiptVerifier
from verifier import VERSION
from verifier.assembly import make_verifier
from verifier.text import report_lines

_MISUSED = 2
_EPILOG = """\
needs Python 3.11 or newer and the packages cryptography, orjson, pycryptodome and pydantic;
for signatures of Ethereum wallets coincurve too, for chains of certificates pyhanko-certvalidator, for timestamps
rfc3161-client

exit codes: 0 all valid, 1 one is invalid, 2 one cannot be told (or a file or option is not usable)

No network is used. What had to be taken on trust is listed at the end of each report: compare the log's key with
the one that the notary publishes, and the block's hash with any node or explorer of its chain.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        rules = _rules(options)
        log_key = parse_verifier(options.log_key) if options.log_key else None
        authorities = load_authorities(options.tsa_certificate.read_bytes()) if options.tsa_certificate else ()
        related = read_related(log_key, options.key_history)
        verifier = make_verifier(log_key, rules=rules, authorities=authorities, related=related)
        reports = {path: verify_file(verifier, path) for path in options.receipts}
    except (InvalidInputError, MissingPackageError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return _MISUSED
    verdicts = []
    for path, report in reports.items():
        verdicts.append(report.verdict)
        if options.json:
            line = json.dumps({"file": str(path), **report_members(report)}, ensure_ascii=False)
            sys.stdout.write(line + "\n")
            continue
        title = f"{path}\n" if len(reports) > 1 else ""
        sys.stdout.write(title + "\n".join(line.text for line in report_lines(report)) + "\n")
    return worst(verdicts).exit_code


def verify_file(verifier: ReceiptVerifier, path: Path, documents: Sequence[FileDigests] = ()) -> Report:
    """Verify a receipt, a history receipt, an evidence package, or the text of a QR code, by what is in the file.

    Each of `documents` must be one that a record names. Raises `OSError` for a file that cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(len(PREFIX))
        if not is_archive(head):
            data = head + file.read()
            if head == PREFIX.encode():
                return verifier.verify_qr(data.decode("ascii", "replace"), documents)
            return verifier.verify(data, documents)
    return PackageVerifier(verifier).verify(path, documents)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict over several documents."""
    order = (Verdict.INVALID, Verdict.CANNOT_TELL, Verdict.VALID)
    return min(verdicts, key=order.index)


def _rules(options: argparse.Namespace) -> AcceptanceRules | None:
    if options.policy is not None:
        return parse_rules(options.policy.read_bytes())
    return PRODUCTION if options.production else None


def _named(text: str) -> Path:
    # Python would take it for the folder that one stands in.
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("a path is wanted, and this is none")
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="loan-notary-verify",
        description="Verify receipts, history receipts and evidence packages of a loan notary, link by link, offline.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "receipts",
        nargs="+",
        type=_named,
        metavar="RECEIPT",
        help="a receipt or history receipt (JSON), an evidence package (ZIP), or the text of a QR code",
    )
    parser.add_argument("--log-key", metavar="KEY", help="the log's verifier key, as its operator publishes it")
    parser.add_argument(
        "--key-history", type=_named, metavar="FILE", help="the notary's key history: earlier and later keys count too"
    )
    parser.add_argument(
        "--tsa-certificate", type=_named, metavar="FILE", help="who vouches for timestamp authorities (PEM)"
    )
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--policy", type=_named, metavar="FILE", help="rules of yours that receipts must meet (JSON)")
    asked.add_argument("--production", action="store_true", help="refuse whatever is for tests")
    parser.add_argument("--json", action="store_true", help="write one line of JSON for each file")
    parser.add_argument("--version", action="version", version=VERSION)
    return parser
