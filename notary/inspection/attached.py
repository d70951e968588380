# SPDX-License-Identifier: Apache-2.0
"""Evidence over a whole document: detached CMS signatures (RFC 5652, CAdES-B) and timestamps (RFC 3161)."""

import asyncio
import hashlib
from typing import BinaryIO

from asn1crypto import cms  # type: ignore[import-untyped]
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from rfc3161_client import PKIStatus, decode_timestamp_response

from notary.documents.document import CheckStatus, DocumentCheck
from notary.inspection.judgement import SIGNER_USAGE, judge, subject_of, time_text

_PART = 1 << 20
_GRANTED = (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)


def inspect_signature(
    file: BinaryIO, data: bytes, context: ValidationContext, loop: asyncio.AbstractEventLoop
) -> DocumentCheck:
    """Return what a detached signature over a document amounts to."""
    kind = "cms-signature"
    try:
        content = cms.ContentInfo.load(data, strict=True)
        if content["content_type"].native != "signed_data":
            return DocumentCheck.of(kind, CheckStatus.FAILED, "is no CMS signature")
        status = loop.run_until_complete(
            async_validate_detached_cms(file, content["content"], context, key_usage_settings=SIGNER_USAGE)
        )
    except (SignatureValidationError, ValueError) as error:
        return DocumentCheck.of(kind, CheckStatus.FAILED, f"cannot be read as a detached CMS signature: {error}")
    found, detail = judge(status)
    return DocumentCheck.of(kind, found, detail, subject_of(status), time_text(status.signer_reported_dt))


def inspect_timestamp(
    file: BinaryIO, data: bytes, context: ValidationContext, loop: asyncio.AbstractEventLoop
) -> DocumentCheck:
    """Return what an RFC 3161 response over a document amounts to."""
    kind = "timestamp"
    try:
        response = decode_timestamp_response(data)
        if response.status not in _GRANTED:
            return DocumentCheck.of(kind, CheckStatus.FAILED, "the authority did not grant the timestamp")
        token = cms.ContentInfo.load(response.time_stamp_token(), strict=True)
        # The client's own verifier tells a forged token and one of an unknown authority with one error.
        members = loop.run_until_complete(
            validate_tst_signed_data(token["content"], context, lambda name: _digest(file, name))
        )
    except (SignatureValidationError, ValueError) as error:
        return DocumentCheck.of(kind, CheckStatus.FAILED, f"cannot be read as an RFC 3161 response: {error}")
    status = TimestampSignatureStatus(**members)
    found, detail = judge(status)
    return DocumentCheck.of(kind, found, detail, subject_of(status), time_text(response.tst_info.gen_time))


def _digest(file: BinaryIO, name: str) -> bytes:
    result = hashlib.new(name)
    file.seek(0)
    while part := file.read(_PART):
        result.update(part)
    return result.digest()
