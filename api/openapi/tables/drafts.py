# SPDX-License-Identifier: Apache-2.0
"""Operations on drafts."""

from api.openapi import examples as ex
from api.openapi.model import Answer, Body, Link, Operation, Query, Table
from api.openapi.shapes import TEXT, ref
from api.openapi.tables.common import DOCUMENTS, PLACING

_PATH = {"record_id": ex.DRAFT_ID}
_RECORD = ex.agreement(ex.DRAFT_ID, ex.DRAFT_LOAN)
_BY_LENDER = ex.envelope(_RECORD, ex.LENDER_KEY)
_LINKS = tuple(Link(f"drafts.{name}", {"record_id": "$response.body#/id"}) for name in ("show", "withdraw", "sign"))
_OUTCOMES = {
    202: Answer("Somebody has still to sign: the draft.", ref("Draft")),
    201: Answer("All have signed and the record is in the log: its receipt.", ref("Receipt")),
    200: Answer(
        "Nothing has changed: the draft, or the receipt of the record.", {"anyOf": [ref("Draft"), ref("Receipt")]}
    ),
}

TABLE = Table(
    "Drafts",
    "Records that wait until every party has signed.",
    {
        "drafts.hand_in": Operation(
            "Hand in a half-signed record",
            _OUTCOMES,
            "An envelope with one signature or more. Those of others may come later, in any order; a draft waits for "
            "thirty days.",
            query=(DOCUMENTS,),
            body=Body(
                {
                    "application/json": (ref("Envelope"), {"by the lender": _BY_LENDER}),
                    "application/jose+json": (ref("Envelope"), {"by the lender": _BY_LENDER}),
                }
            ),
            refusals=(*PLACING, "other-draft"),
            links={202: _LINKS},
        ),
        "drafts.index": Operation(
            "List drafts",
            {200: Answer("Up to 200 drafts; `after` is where the next page begins.", ref("Drafts"))},
            query=(Query("after", TEXT, "Begin after this id."),),
        ),
        "drafts.show": Operation(
            "Show a draft",
            {200: Answer("The draft, and what there is to sign.", ref("DraftWhole"))},
            paths=_PATH,
            refusals=("not-found",),
        ),
        "drafts.withdraw": Operation(
            "Withdraw a draft", {204: Answer("The draft is gone.")}, paths=_PATH, refusals=("not-found",)
        ),
        "drafts.sign": Operation(
            "Add a signature to a draft",
            _OUTCOMES,
            paths=_PATH,
            query=(DOCUMENTS,),
            body=Body.json(
                ref("Signature"),
                **{"by the borrower": ex.envelope(_RECORD, ex.BORROWER_KEY)["signatures"][0]},
            ),
            refusals=(*PLACING, "other-draft", "not-found"),
        ),
    },
)
