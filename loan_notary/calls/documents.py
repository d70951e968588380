# SPDX-License-Identifier: Apache-2.0
"""Calls on documents: the files that records name, and the evidence over them."""

from hashlib import file_digest, sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Literal

import orjson

from loan_notary.answers import Document
from loan_notary.call import Call, get, get_bytes, path
from notary.encoding import b64

AttachmentType = Literal["application/pkcs7-signature", "application/timestamp-reply"]
"""A detached signature (CMS), or an RFC 3161 timestamp."""


def put_document(file: Path, media_type: str | None = None) -> Call[Document]:
    """Deposit a file, which is read as it is sent; without a media type its name decides. Raises `OSError`.

    >>> document = client.put_document(pdf)
    >>> document["media_type"], document["size"] == pdf.stat().st_size
    ('application/pdf', True)
    """
    with file.open("rb") as stream:
        digest = file_digest(stream, "sha256").digest()
    return Call(
        "PUT",
        path("documents", digest.hex()),
        orjson.loads,
        file,
        media_type or guess_type(file.name)[0] or "application/octet-stream",
        # The notary sees by it whether the file was changed while it was sent (RFC 9530).
        {"Content-Digest": f"sha-256=:{b64(digest)}:"},
    )


def document(digest: str) -> Call[bytes]:
    """Return a document's bytes by its SHA-256 (hex).

    >>> client.document(client.put_document(pdf)["sha256"]) == pdf.read_bytes()
    True
    """
    return get_bytes(path("documents", digest))


def document_info(digest: str) -> Call[Document]:
    """Return what the notary found in a document.

    >>> client.document_info(client.put_document(pdf)["sha256"])["attachments"]
    []
    """
    return get(path("documents", digest, "info"))


def attach(digest: str, data: bytes, media_type: AttachmentType) -> Call[Document]:
    """Add a detached signature or timestamp over a document.

    >>> try:
    ...     client.attach("00" * 32, b"no signature", "application/pkcs7-signature")
    ... except MissingError as error:
    ...     error.status
    404
    """
    address = path("documents", digest, "attachments", sha256(data).hexdigest())
    return Call("PUT", address, orjson.loads, data, media_type)


def attachment(digest: str, name: str) -> Call[bytes]:
    """Return an attachment's bytes by its SHA-256 (hex).

    >>> try:
    ...     client.attachment("00" * 32, "11" * 32)
    ... except MissingError as error:
    ...     error.type
    'urn:loan-notary:problem:not-found'
    """
    return get_bytes(path("documents", digest, "attachments", name))
