# SPDX-License-Identifier: Apache-2.0
"""Reading loans: a lender its own, an auditor what it was granted (`?lender=` says whose). Others find nothing."""

from dataclasses import dataclass

from flask import request

from api.access.auth import authenticate
from api.clock import now
from api.wiring import Services
from notary.access import Caller, Grant
from notary.errors import ErasedError, Fault, InvalidInputError, NotFoundError
from notary.ports.parties import Lender
from notary.ports.records import Loan, RecordStore, StoredRecord
from notary.records.administration import ADMINISTRATION


@dataclass(frozen=True)
class Reader:
    """Whose loans are read, the number of the organisation that reads, whether that is a lender and its own loans, and
    the grants that another reads by.

    Everybody reads the administration of its own organisation; it is no loan, and no grant covers it.
    """

    lender: Lender
    asker: int
    is_lender: bool
    grants: tuple[Grant, ...]

    def sees(self, records: RecordStore, loan: str) -> bool:
        """Tell whether this loan may be read."""
        if self.is_lender:
            return True
        if loan == ADMINISTRATION:
            return not self.grants
        if not self.grants:
            return False
        began = records.loan_began(self.lender.number, loan)
        moment = now()
        return began is not None and any(grant.covers(loan, began, moment) for grant in self.grants)

    def loan(self, services: Services, number: str) -> Loan:
        """Return a loan that may be read, and note that it is: what is not granted is as if it were not there.

        Raises `NotFoundError`, and `ErasedError` for a loan that could be read if it had not been erased.
        """
        key = (self.lender.number, number)
        loan = services.store.find_loans([key]).get(key)
        if loan is not None and self._knew(loan.erasure):
            raise ErasedError(loan.erasure)
        if loan is None or not self.sees(services.store, number):
            raise NotFoundError("you have no loan of this number")
        self.note(services, loan=number)
        return loan

    def record(self, services: Services, record_id: str) -> StoredRecord:
        """Return a record of a loan that may be read, and note that it is. Raises as `loan` does."""
        key = (self.lender.number, record_id)
        found = services.store.find_records([key]).get(key)
        if found is None:
            erasure = services.store.erasure_of_record(*key)
            if self._knew(erasure):
                raise ErasedError(erasure)
        if found is None or not self.sees(services.store, found.loan):
            raise NotFoundError("you have no record of this id")
        self.note(services, loan=found.loan, entry=found.index)
        return found

    def note(self, services: Services, *, loan: str = "", entry: int | None = None, query: str = "") -> None:
        """Note what is read (`api.access.read_notes`), unless it is somebody's own administration."""
        if loan != ADMINISTRATION and (self.is_lender or self.grants):
            services.reads.note(self.lender.number, loan=loan, entry=entry, query=query)

    def _knew(self, erasure: str) -> bool:
        """Tell whether there is such an erasure, and it is of a loan that could be read."""
        moment = now()
        return bool(erasure) and (
            self.is_lender
            or any(
                grant.covers_all(moment) or (grant.is_open(moment) and grant.erasure == erasure)
                for grant in self.grants
            )
        )


def reader(services: Services) -> Reader:
    """Return who reads. Raises what `authenticate` raises, and `NotFoundError` for a lender that granted nothing."""
    return reader_of(services, authenticate(services.access))


def reader_of(services: Services, caller: Caller) -> Reader:
    """Return how a caller who is known reads. Raises `NotFoundError` for a lender that granted nothing."""
    own = caller.organisation.number
    asked = _lender_number(own)
    if asked == own:
        return Reader(caller.lender, own, caller.organisation.role == "lender", ())
    grants = tuple(services.access.grants(lender=asked, auditor=own))
    if not grants:
        raise NotFoundError("you have no loans of this lender")
    return Reader(services.store.lender(asked), own, False, grants)


def _lender_number(own: int) -> int:
    text = request.args.get("lender")
    if text is None:
        return own
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInputError(Fault("", "lender must be a lender's number"))
    return int(text)
