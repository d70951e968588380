# SPDX-License-Identifier: Apache-2.0
"""Operations on documents."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Table
from api.openapi.shapes import BINARY, ref
from api.openapi.tables.common import file

_PATH = {"digest": ex.DOCUMENT_SHA256}
_NAMED = {**_PATH, "name": ex.ATTACHMENT_SHA256}
_DIGEST = {"digest": "$request.path.digest"}
_LINKS = (*(Link(f"documents.{name}", _DIGEST) for name in ("get", "info", "attach")),)
_FOUND = (Link("documents.attachment", {**_DIGEST, "name": "$request.path.name"}),)
_ANSWERS = {
    201: Answer("It is new here.", ref("DepositedDocument")),
    200: Answer("It was here before.", ref("DepositedDocument")),
}

TABLE = Table(
    "Documents",
    "The files that records name, and signatures and timestamps over them.",
    {
        "documents.put": Operation(
            "Deposit a document",
            _ANSWERS,
            "The file's bytes, under their SHA-256. What is found in it (signatures, timestamps) is data and refuses "
            "nothing.",
            paths=_PATH,
            body=Body({"text/plain": (BINARY, {"text": ex.DOCUMENT}), "*/*": (BINARY, {})}),
            refusals=("not-found", "wrong-digest", "checker-busy"),
            links={201: _LINKS, 200: _LINKS},
        ),
        "documents.get": Operation(
            "Fetch a document",
            {
                200: file("The bytes as they came.", "*/*", ETag="The SHA-256."),
                206: file("The part that `Range` asked for.", "*/*", ETag="The SHA-256."),
                304: Answer("You have it: `If-None-Match` named it."),
            },
            paths=_PATH,
            refusals=("not-found", "requested-range-not-satisfiable"),
        ),
        "documents.info": Operation(
            "Show what is known of a document",
            {200: Answer("Its digests, and what was found in it.", ref("DepositedDocument"))},
            paths=_PATH,
            refusals=("not-found",),
        ),
        "documents.attach": Operation(
            "Attach a signature or timestamp to a document",
            _ANSWERS,
            "A detached CMS signature (RFC 5652) or an RFC 3161 response over the document, under its own SHA-256.",
            paths=_NAMED,
            body=Body(
                {
                    "application/pkcs7-signature": (BINARY, {"bytes": ex.ATTACHMENT}),
                    "application/timestamp-reply": (BINARY, {}),
                }
            ),
            refusals=("not-found", "wrong-digest", "checker-busy", "invalid-input", "refused"),
            links={201: _FOUND, 200: _FOUND},
        ),
        "documents.attachment": Operation(
            "Fetch an attachment",
            {
                200: Answer(
                    "The bytes as they came.",
                    BINARY,
                    "application/pkcs7-signature",
                    others={"application/timestamp-reply": BINARY},
                ),
            },
            paths=_NAMED,
            refusals=("not-found",),
        ),
    },
)
