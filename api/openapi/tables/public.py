# SPDX-License-Identifier: Apache-2.0
"""Operations that need no key."""

from api.openapi.model import Answer, Body, Operation, Query, Schema, Table
from api.openapi.shapes import TEXT, ref
from api.openapi.tables.common import file

_NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999}
_SIZES = {"old": "1", "new": "2"}

VERIFICATION = Table(
    "Verification",
    "What the offline verifier says, for those who cannot run it.",
    {
        "verify.verify": Operation(
            "Verify a receipt",
            {200: Answer("What was checked, and what had to be taken on trust.", ref("Report"))},
            "A receipt or a history receipt. Whatever else is sent is an invalid receipt and no error.",
            body=Body.json({}, **{"no receipt": {"format": "loan-notary/receipt@1"}}),
        )
    },
)
LOG = Table(
    "Log",
    "The public log as C2SP tlog-tiles, and where it is anchored.",
    {
        "log.checkpoint": Operation("Fetch the checkpoint", {200: Answer("A signed note.", TEXT, "text/plain")}),
        "log.keys": Operation(
            "Fetch the history of the log's key",
            {
                200: Answer(
                    "Which key followed which, signed by both; empty as long as there was one.", ref("KeyHistory")
                )
            },
        ),
        "log.tile": Operation(
            "Fetch a tile",
            {200: file("Hashes, 32 bytes each.", "application/octet-stream")},
            paths={"level": "0", "number": "000.p/1"},
            refusals=("not-found",),
        ),
        "log.entries": Operation(
            "Fetch entries",
            {200: file("Entries, each with its length.", "application/octet-stream")},
            paths={"number": "000.p/1"},
            refusals=("not-found",),
        ),
        "log.consistency": Operation(
            "Prove that the log only grew",
            {200: Answer("The hashes of the proof (RFC 9162), in base64, one a line.", TEXT, "text/plain")},
            paths=_SIZES,
            refusals=("not-found",),
        ),
        "log.consistency_receipt": Operation(
            "The same as COSE receipt",
            {200: file("The receipt (RFC 9942).", "application/cose")},
            paths=_SIZES,
            refusals=("not-found",),
        ),
        "anchors.anchors": Operation(
            "List anchors",
            {200: Answer("A page of anchors; `next` is the next page's address.", ref("Anchors"))},
            query=(
                Query("after", _NUMBER, "Only anchors of larger sizes."),
                Query("limit", _NUMBER, "How many at most: 100 if not given, never more than 1,000."),
            ),
            refusals=("invalid-input",),
        ),
    },
)
SERVICE = Table(
    "Service",
    "The service itself.",
    {
        "health.alive": Operation("Is the process alive", {200: Answer("Yes.", ref("Health"))}),
        "health.ready": Operation(
            "Does the log take records", {200: Answer("Yes, and how far its anchors have come.", ref("Readiness"))}
        ),
        "document.document": Operation(
            "Fetch this document",
            {
                200: Answer("OpenAPI 3.1.", {"type": "object"}, headers={"ETag": "Changes with the document."}),
                304: Answer("You have it: `If-None-Match` named it."),
            },
        ),
    },
)
