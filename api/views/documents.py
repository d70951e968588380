# SPDX-License-Identifier: Apache-2.0
"""`/v1/documents`: the files that a lender's records name, and the evidence over them."""

import re
from typing import Any

import orjson
from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import UnsupportedMediaType

from api.access.auth import authenticated_lender
from api.views.bodies import promised_digest, read_body, read_parts
from api.wiring import Services
from notary.documents.document import (
    MAX_ATTACHMENT,
    MAX_DOCUMENT,
    Attachment,
    AttachmentKind,
    Document,
    checks_json,
)
from notary.encoding import b64, format_time
from notary.errors import NotFoundError
from notary.privacy.sealed_file import SealedPath

_DIGEST = re.compile("[0-9a-f]{64}")
_MEDIA_TYPE = re.compile("[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_ATTACHMENT_TYPES = {
    "application/pkcs7-signature": AttachmentKind.SIGNATURE,
    "application/timestamp-reply": AttachmentKind.TIMESTAMP,
}
_UNKNOWN_TYPE = "application/octet-stream"
_YEAR = 31_536_000


def blueprint(services: Services) -> Blueprint:
    """Return the views."""
    views = Blueprint("documents", __name__, url_prefix="/v1/documents")
    depositary = services.depositary

    @views.put("/<digest>")
    def put(digest: str) -> Response:
        lender = authenticated_lender(services.access)
        _require_digests(digest)
        parts = read_parts(MAX_DOCUMENT)
        document, new = depositary.deposit(lender, digest, _media_type(), parts, promised_digest())
        return Response(orjson.dumps(_members(document)), 201 if new else 200, mimetype="application/json")

    @views.get("/<digest>")
    def get(digest: str) -> Response:
        lender = authenticated_lender(services.access)
        document = depositary.find(lender, digest)
        services.reads.note(lender.number, document=digest)
        return _file(services.files.find(lender.number, document.sha256), document)

    @views.get("/<digest>/info")
    def info(digest: str) -> Response:
        lender = authenticated_lender(services.access)
        document = depositary.find(lender, digest)
        services.reads.note(lender.number, document=digest)
        return Response(orjson.dumps(_members(document)), mimetype="application/json")

    @views.put("/<digest>/attachments/<name>")
    def attach(digest: str, name: str) -> Response:
        lender = authenticated_lender(services.access)
        _require_digests(digest, name)
        data = read_body(*_ATTACHMENT_TYPES, limit=MAX_ATTACHMENT)
        new = depositary.attach(lender, digest, name, _ATTACHMENT_TYPES[request.mimetype], data)
        document = depositary.find(lender, digest)
        return Response(orjson.dumps(_members(document)), 201 if new else 200, mimetype="application/json")

    @views.get("/<digest>/attachments/<name>")
    def attachment(digest: str, name: str) -> Response:
        lender = authenticated_lender(services.access)
        found = next((item for item in depositary.find(lender, digest).attachments if item.sha256 == name), None)
        if found is None:
            raise NotFoundError("the document has no attachment of this SHA-256")
        services.reads.note(lender.number, document=digest)
        data = services.store.attachment_data(lender.number, digest, name)
        types = {kind: media_type for media_type, kind in _ATTACHMENT_TYPES.items()}
        return _hardened(Response(data, mimetype=types[found.kind]), name)

    return views


def _file(file: SealedPath, document: Document) -> Response:
    response = send_file(file.open(), document.media_type, etag=document.sha256, max_age=_YEAR, conditional=False)
    response.content_length = document.size
    response.make_conditional(request.environ, accept_ranges=True, complete_length=document.size)
    response.headers["Repr-Digest"] = f"sha-256=:{b64(bytes.fromhex(document.sha256))}:"
    return _hardened(response, document.sha256)


def _hardened(response: Response, name: str) -> Response:
    """Have a browser keep what somebody has sent as a file, and do nothing else with it."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = f"private, max-age={_YEAR}, immutable"
    response.headers["ETag"] = f'"{name}"'
    return response


def _require_digests(*digests: str) -> None:
    """Raise 404 for a path with something else in it: there is nothing to be put there."""
    if not all(map(_DIGEST.fullmatch, digests)):
        raise NotFoundError("a document is named by its SHA-256, in 64 lower-case hexadecimal digits")


def _media_type() -> str:
    media_type = request.mimetype or _UNKNOWN_TYPE
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise UnsupportedMediaType("the Content-Type is not a media type (RFC 6838)")
    return media_type


def _members(document: Document) -> dict[str, Any]:
    return {
        "sha256": document.sha256,
        "sm3": document.sm3,
        "size": document.size,
        "media_type": document.media_type,
        "received_at": format_time(document.received_at),
        "checks": checks_json(document.checks),
        "attachments": [_attachment_members(item) for item in document.attachments],
    }


def _attachment_members(attachment: Attachment) -> dict[str, Any]:
    return {
        "sha256": attachment.sha256,
        "kind": attachment.kind.value,
        "received_at": format_time(attachment.received_at),
        "checks": checks_json(attachment.checks),
    }
