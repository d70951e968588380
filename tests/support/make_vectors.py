# SPDX-License-Identifier: Apache-2.0
"""The published vectors of verification: `python -m tests.support.make_vectors` writes them anew.

They are made from fixed keys, so a second run writes the same bytes. Which links break is said by hand in
`vector_cases`, `vector_broken` and `vector_malformed`; a case in which the notary's own verifier finds others is not
written but ends in an error.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography.x509 import load_der_x509_certificate

from notary.encoding import b64
from notary.errors import InvalidInputError
from notary.log.key_history import parse_history, related_keys
from notary.log.signed_note import parse_verifier
from notary.package.verification import PackageVerifier
from notary.receipts.qr_proof import verify_qr
from notary.receipts.report import Report, Status
from notary.receipts.verification import ReceiptVerifier
from tests.support.vector_broken import broken_cases
from tests.support.vector_cases import Case, good_cases, sealed_wrongly
from tests.support.vector_certificates import certificate_cases
from tests.support.vector_histories import history_cases
from tests.support.vector_key_histories import key_history_cases
from tests.support.vector_malformed import malformed_cases
from tests.support.vector_packages import package_cases
from tests.support.vector_qr import qr_cases
from tests.support.vector_tokens import token_cases
from verifier import make_verifier

FOLDER = Path(__file__).parents[1] / "vectors" / "verification"
GROUPS: dict[str, Callable[[], Iterator[Case]]] = {
    "good": good_cases,
    "broken": broken_cases,
    "sealed-wrongly": sealed_wrongly,
    "malformed": malformed_cases,
    "certificates": certificate_cases,
    "timestamps": token_cases,
    "histories": history_cases,
    "key-histories": key_history_cases,
    "packages": package_cases,
    "qr": qr_cases,
}
KINDS = {"packages": "package", "qr": "text"}
"""What a document of a group is called in its cases, where it is no receipt."""


def vectors() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the name of each file and the cases in it."""
    for group, cases in GROUPS.items():
        yield f"{group}.json", [_vector(case, KINDS.get(group, "receipt")) for case in cases()]


def expectation(report: Report | None) -> dict[str, Any]:
    """Return what a vector says about a report: every other verifier must come to the same."""
    if report is None:
        return {"verdict": None, "links": [], "facts": {}}
    return {
        "verdict": report.verdict.value,
        "links": [[check.link, check.status.value] for check in report.checks],
        "facts": report.facts,
    }


def encoded(cases: list[dict[str, Any]]) -> str:
    """Return the text of a file: one case a line."""
    return "[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n"


def reported(case: Case, kind: str) -> Report | None:
    """Return what the notary's own verifier says of a case; None if it refuses the key history."""
    key = parse_verifier(case.log_key) if case.log_key else None
    try:
        related = related_keys(key, parse_history(case.key_history)) if key and case.key_history else ()
    except InvalidInputError:
        return None
    if kind == "text":
        return verify_qr(case.data.decode(), key, case.receipt, related=related)
    authorities = [load_der_x509_certificate(der) for der in case.authorities]
    verifier = make_verifier(key, authorities=authorities, related=related)
    return _verify_package(case.data, verifier) if kind == "package" else verifier.verify(case.data)


def _verify_package(data: bytes, verifier: ReceiptVerifier) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        path.write_bytes(data)
        return PackageVerifier(verifier).verify(path)


def _vector(case: Case, kind: str) -> dict[str, Any]:
    report = reported(case, kind)
    assert (report is None) == case.is_refused, f"{case.name}: whether the key history is refused"
    found = {check.link for check in report.checks if check.status is Status.FAILED} if report else set()
    assert found == case.broken, f"{case.name}: {sorted(found)} break, not {sorted(case.broken)}"
    given: dict[str, Any] = {kind: case.data.decode() if kind == "text" else b64(case.data)}
    if case.authorities:
        given["authorities"] = [b64(der) for der in case.authorities]
    if case.key_history is not None:
        given["key_history"] = b64(case.key_history)
    if case.receipt is not None:
        given["receipt"] = b64(case.receipt)
    return {"name": case.name, "log_key": case.log_key, **given, **expectation(report)}


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, cases in vectors():
        (FOLDER / name).write_text(encoded(cases), "utf-8")


if __name__ == "__main__":
    main()
