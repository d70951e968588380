# SPDX-License-Identifier: Apache-2.0
"""What a signature that was validated amounts to, in the words of a check.

Of pyHanko's findings only `bottom_line` makes a signature good. What is left is told apart by whose trouble it is: a
signature that is wrong, or of other bytes, has failed; one that leads to no authority that the lender registered, or
whose certificate had run out, may have been right when it was made, so it is unknown.
"""

from datetime import UTC, datetime

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESSubIndic
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureStatus, StandardCMSSignatureStatus
from pyhanko_certvalidator import ValidationContext

from notary.documents.document import CheckStatus

SIGNER_USAGE = KeyUsageConstraints(
    key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False, extd_key_usage=None
)
"""What a signer's certificate must be for: either of the two that authorities put into one."""
_REASONS: dict[AdESSubIndic, str] = {
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: "its certificate leads to no registered authority",
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "its certificate was not valid at the time of the check",
    AdESIndeterminate.REVOKED_NO_POE: "its certificate is revoked",
    AdESIndeterminate.REVOKED_CA_NO_POE: "the certificate of its authority is revoked",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "its certificate is not one for signatures",
}


def context(roots: tuple[bytes, ...], at: int) -> ValidationContext:
    """Return how certificates are judged: by these roots only, at a time in milliseconds, without any network."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    certificates = [x509.Certificate.load(root) for root in roots]
    return ValidationContext(trust_roots=certificates, moment=moment, allow_fetching=False)


def judge(status: SignatureStatus) -> tuple[CheckStatus, str]:
    """Return what a signature's status amounts to, and why."""
    if not status.intact:
        return CheckStatus.FAILED, "the bytes are not those that were signed"
    if not status.valid:
        return CheckStatus.FAILED, "the signature is wrong"
    problem = status.trust_problem_indic
    if problem is not None:
        detail = _REASONS.get(problem, problem.standard_name.lower().replace("_", " "))
        return (CheckStatus.FAILED if isinstance(problem, AdESFailure) else CheckStatus.UNKNOWN), f"untrusted: {detail}"
    if not status.trusted:
        return CheckStatus.UNKNOWN, "untrusted"
    if isinstance(status, StandardCMSSignatureStatus) and not status.bottom_line:
        return CheckStatus.UNKNOWN, "the timestamp in it is not trusted, or not over it"
    return CheckStatus.OK, "signed by a certificate of a registered authority"


def subject_of(status: SignatureStatus) -> str:
    """Return the subject of the signer's certificate."""
    return str(status.signing_cert.subject.human_friendly)


def time_text(moment: datetime | None) -> str:
    """Return a time as RFC 3339 in UTC; one without a zone is taken for UTC."""
    if moment is None:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
