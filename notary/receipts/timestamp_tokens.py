# SPDX-License-Identifier: Apache-2.0
"""RFC 3161: asking an authority for a timestamp of a checkpoint, and verifying the token that it gives.

A token is over the SHA-256 of the checkpoint's signed note in UTF-8, as it is or as it was before a later key of the
log signed it too. It is verified at its own time: the authority's
certificate need not be valid any more, only then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import Certificate, InvalidVersion, load_der_x509_certificate
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus, TimeStampRequest

from notary.errors import TimestampError, UnknownAuthorityError
from notary.log.signed_note import earlier_forms
from notary.receipts.time_proof import Moment

MAX_TOKEN = 16 * 1024
MAX_REPLY = MAX_TOKEN + 1024
_SHA256 = "2.16.840.1.101.3.4.2.1"
_SEQUENCE, _SET, _ATTRIBUTES, _CONTENT = 0x30, 0x31, 0xA0, 0xA0
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_GRANTED = bytes.fromhex("3003020100")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def make_request(checkpoint: str) -> TimeStampRequest:
    """Return a request for a timestamp of a checkpoint, with a nonce, and asking for the authority's certificate."""
    return TimestampRequestBuilder(checkpoint.encode(), HashAlgorithm.SHA256).build()


def open_reply(reply: bytes, request: TimeStampRequest) -> bytes:
    """Return the token in an authority's reply to `request`, not verified.

    Raises `TimestampError` for a refusal, for what is no reply, and for a reply to another request.
    """
    if len(reply) > MAX_REPLY:
        raise TimestampError(f"the reply has more than {MAX_REPLY} bytes")
    response = _decode(reply)
    if response.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        raise TimestampError(f"the authority gives no timestamp: status {response.status}")
    token = response.time_stamp_token()
    if _read(token).nonce != request.nonce:
        raise TimestampError("the reply is to another request")
    return token


def verify_token(token: bytes, checkpoint: str, authorities: Sequence[Certificate]) -> Moment:
    """Return the moment before which an authority, vouched for by `authorities`, saw a checkpoint.

    Raises `UnknownAuthorityError` if none of them vouches for it, `TimestampError` for whatever else is wrong.
    """
    opened = _read(token)
    forms = (sha256(form.encode()).digest() for form in earlier_forms(checkpoint))
    if opened.algorithm != _SHA256 or opened.imprint not in forms:
        raise TimestampError("the token is of something else than this checkpoint")
    if _signed_types(token) != [_TST_INFO]:
        raise TimestampError("the token is signed as something else than a time")
    if not _reaches(opened.signer, opened.certificates, authorities):
        raise UnknownAuthorityError(f"no certificate that was given vouches for {opened.name}")
    try:
        VerifierBuilder(roots=list(authorities)).build().verify(opened.response, opened.imprint)
    except VerificationError:
        raise TimestampError(f"the signature of {opened.name} is wrong, or its certificate is not for this") from None
    return Moment(
        _milliseconds(opened.time), _milliseconds(opened.time + opened.accuracy), f"the authority {opened.name}"
    )


@dataclass(frozen=True)
class _Opened:
    """What a token says, and the certificates in it."""

    response: TimeStampResponse
    algorithm: str
    imprint: bytes
    time: datetime
    accuracy: timedelta
    nonce: int | None
    signer: Certificate
    name: str
    certificates: list[Certificate]


def _read(token: bytes) -> _Opened:
    if len(token) > MAX_TOKEN:
        raise TimestampError(f"the token has more than {MAX_TOKEN} bytes")
    # The library reads replies: a SEQUENCE of a status and a token. No token is so short that its length fits less
    # than two bytes.
    content = _GRANTED + token
    response = _decode(b"\x30\x82" + len(content).to_bytes(2) + content)
    try:
        info, signed = response.tst_info, response.signed_data
        certificates = [load_der_x509_certificate(der) for der in sorted(signed.certificates)]
        [signature] = signed.signer_infos
        named = (signature.issuer, signature.serial_number)
        signer = next(item for item in certificates if (item.issuer, item.serial_number) == named)
        name = signer.subject.rfc4514_string()
    except (ValueError, LookupError, TypeError, InvalidVersion, StopIteration):
        raise TimestampError("the token does not carry its one signer's certificate") from None
    accuracy = info.accuracy
    spread = timedelta(
        seconds=accuracy.seconds or 0, milliseconds=accuracy.millis or 0, microseconds=accuracy.micros or 0
    ) if accuracy else timedelta()  # fmt: skip
    imprint = info.message_imprint
    return _Opened(
        response, imprint.hash_algorithm.dotted_string, imprint.message, info.gen_time, spread, info.nonce,
        signer, name, certificates,
    )  # fmt: skip


def _signed_types(token: bytes) -> list[bytes]:
    """Return what the signed attributes of a token say that its content is (RFC 5652 section 11.1), as DER.

    The library has verified the signature over the attributes, and does not look at this one.
    """
    try:
        [(_, signed)] = [item for item in _inside(_inside(token, _SEQUENCE)[0][1]) if item[0] == _CONTENT]
        *_, (_, signers) = _inside(_inside(signed, _SEQUENCE)[0][1])
        [(_, signer)] = _inside(signers, _SEQUENCE)
        [(_, attributes)] = [item for item in _inside(signer) if item[0] == _ATTRIBUTES]
        pairs = [_inside(attribute) for _, attribute in _inside(attributes, _SEQUENCE)]
        return [values for (_, kind), (_, values) in pairs if b"\x06" + bytes([len(kind)]) + kind == _CONTENT_TYPE]
    except (ValueError, IndexError):
        raise TimestampError("the token does not say what its content is") from None


def _inside(der: bytes, tag: int | None = None) -> list[tuple[int, bytes]]:
    """Return tag and content of each element; all of them must have the tag, if one is given. Raises `ValueError`."""
    found = []
    while der:
        size, start = der[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(der[2:start])
        if start + size > len(der) or tag not in (None, der[0]):
            raise ValueError("not the element that was to come")
        found.append((der[0], der[start : start + size]))
        der = der[start + size :]
    return found


def _decode(reply: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(reply)
    except ValueError:
        raise TimestampError("not a timestamp in DER") from None


def _reaches(signer: Certificate, others: Sequence[Certificate], authorities: Sequence[Certificate]) -> bool:
    """Tell whether certificates in a token lead from its signer's to one of the `authorities`."""
    reached = [signer]
    for certificate in reached:
        if certificate in authorities or any(_issued_by(certificate, authority) for authority in authorities):
            return True
        reached += [other for other in others if other not in reached and _issued_by(certificate, other)]
    return False


def _issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _milliseconds(time: datetime) -> int:
    """Return whole milliseconds since 1970, rounded up: a bound must not come out too early."""
    return -((_EPOCH - time) // timedelta(milliseconds=1))
