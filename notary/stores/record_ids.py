# SPDX-License-Identifier: Apache-2.0
"""Record ids as databases keep them: 16 bytes for the text of a UUID."""

from notary.errors import CorruptLogError


def id_bytes(record_id: str) -> bytes | None:
    """Return the bytes of a record id; None, which equals no column, for a text that is not written as ids are."""
    try:
        data = bytes.fromhex(record_id.replace("-", ""))
    except ValueError:
        return None
    return data if id_text(data) == record_id else None


def id_text(data: bytes) -> str:
    """Return the text of a stored record id. Raises `CorruptLogError` for what is none."""
    if not isinstance(data, bytes):
        raise CorruptLogError("a record's id is stored as something else than bytes")
    # Not through uuid.UUID, which takes longer than the query.
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
