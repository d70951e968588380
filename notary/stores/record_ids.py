# SPDX-License-Identifier: Apache-2.0
"""Record ids as databases keep them: 16 bytes for the text of a UUID."""

from collections.abc import Sequence

from notary.errors import CorruptLogError

_SIZE, _TEXT_SIZE, _DASHES = 16, 36, (8, 13, 18, 23)


def id_bytes(record_id: str) -> bytes | None:
    """Return the bytes of a record id; None, which equals no column, for a text that is not written as ids are."""
    try:
        data = bytes.fromhex(record_id.replace("-", ""))
    except ValueError:
        return None
    return data if id_text(data) == record_id else None


def ids_bytes(record_ids: Sequence[str]) -> list[bytes | None]:
    """Return `id_bytes` of each. Ids that are written as they should be are read all at once."""
    text = "".join(record_ids)
    digits = text.replace("-", "")
    dashes = "-" * len(record_ids)
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if (
        set(map(len, record_ids)) == {_TEXT_SIZE}
        and data.hex() == digits
        and len(data) == _SIZE * len(record_ids)
        and all(text[place::_TEXT_SIZE] == dashes for place in _DASHES)
    ):
        return [data[start : start + _SIZE] for start in range(0, len(data), _SIZE)]
    return [id_bytes(record_id) for record_id in record_ids]


def id_text(data: bytes) -> str:
    """Return the text of a stored record id. Raises `CorruptLogError` for what is none."""
    if not isinstance(data, bytes):
        raise CorruptLogError("a record's id is stored as something else than bytes")
    # Not through uuid.UUID, which takes longer than the query.
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
