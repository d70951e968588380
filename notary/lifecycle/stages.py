# SPDX-License-Identifier: Apache-2.0
"""The table of the life cycle: stages, and the records that lead from one to another.

::

    draft -> applied -> decided -> agreed -> active <-> overdue
                                             active <-> drawn            (facilities)
                                             active -> restructured -> active
                                             ... -> settled | written_off -> recovered

A loan may begin with its agreement. Beside its stage it may be disputed, frozen by a court, and held by others than in
the beginning (`LoanState`).
"""

from collections.abc import Iterable, Mapping

from notary.errors import TransitionError

DRAFT = "draft"
"""The state of a loan that has no record yet."""

_BEFORE = ("draft", "applied", "decided")
_PAID_OUT = ("active", "drawn", "overdue", "restructured")
_LIVE = ("agreed", *_PAID_OUT)
_LOST = ("written_off", "recovered")
_CLOSED = ("settled", *_LOST)
_KNOWN = ("applied", "decided", *_LIVE, *_CLOSED)

STAGES = ("draft", *_KNOWN)
"""All stages of a loan."""


def _stay(stages: Iterable[str]) -> dict[str, str]:
    return {stage: stage for stage in stages}


def _lead(stages: Iterable[str], following: str) -> dict[str, str]:
    return dict.fromkeys(stages, following)


TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "data_consent": _stay(STAGES),
    "consent_revoked": _stay(_KNOWN) | _stay(["draft"]),
    "application": _lead(_BEFORE, "applied"),
    "credit_decision": _lead(_BEFORE, "decided"),
    "offer": _stay(_BEFORE),
    "facility": _stay([*_BEFORE, *_LIVE]) | {"agreed": "active"},
    "limit_change": _stay([*_BEFORE, *_LIVE]),
    "agreement": _lead(_BEFORE, "agreed"),
    "amendment": _stay(_LIVE),
    "guarantee": _stay([*_BEFORE, *_LIVE]),
    "collateral": _stay([*_BEFORE, *_LIVE]),
    "release": _stay(STAGES),
    "disbursement": _stay(_LIVE) | {"agreed": "active"},
    "schedule": _stay(_LIVE),
    "rate_set": _stay(_LIVE),
    "repayment": _stay(_LIVE) | {"restructured": "active"},
    "reversal": _stay([*_LIVE, *_LOST]) | {"settled": "active"},
    "payment_claim": _stay([*_LIVE, *_CLOSED]),
    "dispute": _stay(_KNOWN),
    "dispute_resolution": _stay(_KNOWN),
    "reminder": _stay([*_LIVE, *_LOST]),
    "overdue_notice": _lead(_PAID_OUT, "overdue"),
    "classification": _stay([*_LIVE, *_LOST]),
    "restructuring": _lead(_PAID_OUT, "restructured"),
    "assignment": _stay([*_LIVE, *_LOST]),
    "participation": _stay([*_LIVE, *_LOST]),
    "settlement": _lead(_LIVE, "settled"),
    "write_off": _lead([*_PAID_OUT, "written_off"], "written_off"),
    "recovery": _lead(_LOST, "recovered"),
    "court_order": _stay(_KNOWN),
    "administration": _stay(["draft"]),
}
"""For each record type: the stages that take it, and the stage that follows.

Where more than the stage decides (a facility is drawn or not, arrears are paid or not), `notary.lifecycle.advance`
corrects what follows.
"""


def next_state(state: str, record_type: str) -> str:
    """Return the stage of a loan in `state` after a record of `record_type`, one of `RECORD_TYPES`.

    Raises `TransitionError`, which names the stages that would take the record.
    """
    following = TRANSITIONS[record_type]
    if state not in following:
        raise TransitionError(record_type, state, tuple(following))
    return following[state]
