# SPDX-License-Identifier: Apache-2.0
"""Records packed before they are sealed: what most of them have in common is stored as one byte.

A record is JSON without white space, so no byte below 0x20 stands in it, and each of these can stand for a phrase. That
is quick, exact, and leaves less than half of a short record. The phrases never change: what was packed with them could
not be read any more. Better ones would be another packing.
"""

from collections.abc import Sequence

_END, _ID, _LOAN, _AS_IT_IS = b"\x00", b"\x01", b"\x02", b"\x1f"
"""What stands between signatures and payload, for the record's own id, for its loan's number, and before a record that
is not written as JSON is, as only a damaged one can be."""
_LENGTH = 4
_REPAYMENT = (
    b'{"amount":{"amount":"',
    b'","currency":"CNY"},"id":"\x01","instalments":[',
    b'],"loan":"\x02","occurred_at":"20',
    b'Z","payer_ref":"',
    b'Z","rail":"',
    b'","rail":"',
    b'","reference":"',
    b'","split":{"interest":{"amount":"',
    b'","currency":"CNY"},"penalty":{"amount":"',
    b'","currency":"CNY"},"principal":{"amount":"',
    b'","currency":"CNY"}},"type":"repayment","value_date":"20',
)
_OTHER = (
    b'"},{"balance":"',
    b'","due":"20',
    b'","interest":"',
    b',"principal":"',
    b'","currency":"CNY"},"',
    b'id":"\x01","loan":"\x02","occurred_at":"20',
    b'","loan":"\x02","occurred_at":"20',
    b'"documents":[{"media_type":"application/pdf","name":"',
    b'","sha256":"',
    b'{"unit":"per_annum","value":"0.',
    b'{"amount":"',
    b'"effective_from":"20',
    b'"subject_ref":"',
    b'","rail":"',
    b'","reference":"',
    b'","type":"',
    b'","value_date":"20',
)
_SIGNATURES = (
    # {"alg":"EdDSA","kid":" and {"alg":"ES256","kid":" and ,"typ":"loan-notary/record@1"} in base64url.
    b'{"protected":"eyJhbGciOiJFZERTQSIsImtpZCI6I',
    b'{"protected":"eyJhbGciOiJFUzI1NiIsImtpZCI6I',
    b'LCJ0eXAiOiJsb2FuLW5vdGFyeS9yZWNvcmRAMSJ9","signature":"',
)
_UNSIGNED = b"[]"
_CODES = bytes(range(0x20))

_Code = tuple[bytes, bytes]


def _codes(phrases: Sequence[bytes]) -> tuple[_Code, ...]:
    """Return each phrase with the byte that stands for it."""
    return tuple((phrase, bytes([code])) for code, phrase in enumerate(phrases, 3))


def _back(codes: Sequence[_Code]) -> tuple[_Code, ...]:
    """Return what undoes the codes, the last one first, because a phrase may hold the code of an earlier one."""
    return tuple((code, phrase) for phrase, code in reversed(codes))


_OF_REPAYMENT, _OF_OTHER, _OF_SIGNATURES = _codes(_REPAYMENT), _codes(_OTHER), _codes(_SIGNATURES)
_REPAYMENT_BACK, _OTHER_BACK, _SIGNATURES_BACK = _back(_OF_REPAYMENT), _back(_OF_OTHER), _back(_OF_SIGNATURES)


def pack(signatures: bytes, payload: bytes, kind: str, record_id: str, loan: str) -> bytes:
    """Pack a record of a type, an id and a loan number; `signatures` is the envelope's member as JSON."""
    whole = signatures + payload
    if whole.translate(None, _CODES) != whole:
        return _AS_IT_IS + len(signatures).to_bytes(_LENGTH) + whole
    payload = payload.replace(record_id.encode(), _ID).replace(loan.encode(), _LOAN)
    payload = _replaced(payload, _OF_REPAYMENT if kind == "repayment" else _OF_OTHER)
    return (b"" if signatures == _UNSIGNED else _replaced(signatures, _OF_SIGNATURES)) + _END + payload


def unpack(packed: bytes, kind: str, record_id: str, loan: str) -> tuple[bytes, bytes]:
    """Return the signatures and the payload that `pack` packed with the same type, id and loan number."""
    if packed.startswith(_AS_IT_IS):
        return split_signatures(packed[1:])
    signatures, _, payload = packed.partition(_END)
    payload = _replaced(payload, _REPAYMENT_BACK if kind == "repayment" else _OTHER_BACK)
    payload = payload.replace(_LOAN, loan.encode()).replace(_ID, record_id.encode())
    return _replaced(signatures, _SIGNATURES_BACK) or _UNSIGNED, payload


def split_signatures(data: bytes) -> tuple[bytes, bytes]:
    """Return the signatures and the payload of a record that is not packed: the length of the first stands in front."""
    end = _LENGTH + int.from_bytes(data[:_LENGTH])
    return data[_LENGTH:end], data[end:]


def _replaced(data: bytes, codes: tuple[_Code, ...]) -> bytes:
    for old, new in codes:
        data = data.replace(old, new)
    return data
