# SPDX-License-Identifier: Apache-2.0
"""`/lender/samples`: in a notary for tests, sample loans for a lender who wants to see something.

They are the stories of `api.samples`, made from a seed of the lender's own: pressing twice finds them there already.
"""

from collections.abc import Iterator

from flask import Blueprint, Response
from werkzeug.exceptions import Forbidden

from api.pages.page import see_other
from api.pages.sessions import signed_in
from api.samples import STORIES, lender_key, story_history
from api.samples.folder import signers_of
from api.samples.loans import sample_key
from api.submitting.batch import cut_lines, place_part
from api.wiring import Services
from notary.access import WRITE_PARTIES, WRITE_RECORDS, Caller
from notary.envelope import sign_envelope
from notary.ports.parties import PartyKey


def blueprint(services: Services) -> Blueprint:
    """Return the view."""
    views = Blueprint("samples", __name__, url_prefix="/lender/samples")

    @views.post("")
    def add() -> Response:
        signed_in(services, WRITE_PARTIES, "lender")
        caller = signed_in(services, WRITE_RECORDS, "lender").caller
        if services.environment != "test":
            raise Forbidden("sample loans are for a notary for tests")
        add_samples(services, caller)
        return see_other("/lender/loans")

    return views


def add_samples(services: Services, caller: Caller) -> None:
    """Register the keys of the sample loans' parties, and submit all their records."""
    seed = caller.organisation.number
    _register(services, caller, seed)
    lines = (line for name in STORIES for line in _lines(name, seed))
    for part in cut_lines(services, caller.lender, lines, documents_required=False):
        place_part(services, caller.lender, part)


def _register(services: Services, caller: Caller, seed: int) -> None:
    def note(key: PartyKey) -> None:
        services.administration.note(
            caller.organisation.number, key.registered_at, "party_key.register", caller.key, key.kid, name=key.party
        )

    keys = [("lender", lender_key(seed)), ("assignee", sample_key(seed, "assignee"))]
    keys += [("borrower", story_history(name, seed).loan.borrower) for name in STORIES]
    for party, key in keys:
        services.keys.register(caller.lender, party, key.public.jwk, before=note)


def _lines(name: str, seed: int) -> Iterator[bytes]:
    history = story_history(name, seed)
    signers = signers_of(history.loan, seed)
    for record in history.records:
        yield sign_envelope(record.payload, *(signers[role] for role in record.signers)).encode()
