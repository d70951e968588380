# SPDX-License-Identifier: Apache-2.0
"""Operations that list records and loans."""

from api.openapi.model import Answer, Operation, Query, Schema, Table
from api.openapi.shapes import TEXT, TIME, either, ref
from api.openapi.tables.common import LENDER, READING
from notary.lifecycle import STAGES
from notary.listing import STATES
from notary.policies import CODES
from notary.records import RECORD_TYPES

_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 1000}
_COMMON = (
    Query("received_from", TIME, "Only what was received then or later."),
    Query("received_until", TIME, "Only what was received before that."),
    Query("limit", _LIMIT, "How many at most; 100 if it is not given."),
    Query("cursor", TEXT, "Where a list goes on; it stands in `next` of the page before, and nobody can make one."),
    LENDER,
)
_LINK = {"Link": "The next page (`rel=next`, RFC 8288), if there is one."}
_SAME = "Pages are of the log as it was at the first one: what is written meanwhile moves nothing."

TABLE = Table(
    "Lists",
    "What there is, page by page.",
    {
        "lists.records": Operation(
            "List records",
            {200: Answer("A page; `next` is the address of the next one.", ref("RecordList"), headers=_LINK)},
            _SAME,
            query=(
                Query("loan", TEXT, "Only this loan's."),
                Query("type", either(*RECORD_TYPES), "Only records of this type."),
                Query("state", either(*STATES), "Only records that have come so far."),
                *_COMMON,
            ),
            refusals=READING,
        ),
        "lists.loans": Operation(
            "List loans",
            {200: Answer("A page; `next` is the address of the next one.", ref("LoanList"), headers=_LINK)},
            _SAME,
            query=(
                Query("state", either(*STAGES), "Only loans in this state."),
                Query("code", either(*CODES), "Only loans with this finding."),
                *_COMMON,
            ),
            refusals=READING,
        ),
    },
)
