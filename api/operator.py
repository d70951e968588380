# SPDX-License-Identifier: Apache-2.0
"""What the operator does at the command line, in the data folder itself: adding organisations.

The acts go into the log as all others do: through the writer of the running service, or, where none runs, by the log's
lock and a sequencer of our own.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.access.administration import Administration, Writer
from api.access.auth import hash_secret, new_api_key
from api.clock import now
from api.databases import hold_of, open_access_log, open_store
from api.folders.locks import log_lock
from api.keys.log_keys import log_keys
from api.settings import DataFolder
from api.tracing.ids import new_id
from api.writer_client import WriterClient
from notary.access import ROLES, ApiKey, Organisation, key_id
from notary.access_log import COMMAND, Access
from notary.encoding import format_time
from notary.errors import ReadOnlyError, UnavailableError
from notary.log.sequencer import Sequencer
from notary.ports.records import Hold
from notary.privacy.erasing import OPERATOR
from notary.registration import Registrar
from notary.schemes import SCHEMES

BY = "operator"


def add_organisation(folder: DataFolder, name: str, role: str) -> tuple[Organisation, str]:
    """Register an organisation and return it with its first API key, which may do all that the role can."""
    store, moment = open_store(folder), now()
    with log_writer(folder) as writer:
        administration = Administration(Registrar(store, SCHEMES, now), writer)
        secret = new_api_key()
        digest = hash_secret(secret)
        made = store.add_organisation(name, role, moment)
        administration.note(made.number, moment, "organisation.add", BY, str(made.number), name=name, role=role)
        key = ApiKey(key_id(digest), made.number, "first", ROLES[role], moment)
        administration.note(made.number, moment, "api_key.create", BY, key.id, name=key.name, scopes=key.scopes)
        store.add_api_key(key, digest)
    return made, secret


def own_organisation(folder: DataFolder, administration: Administration) -> int:
    """Return the number of the organisation that the operator's own acts stand with; the first operator's, or a new."""
    store, moment = open_store(folder), now()
    numbers = (item.number for item in store.organisations() if item.role == "operator")
    if found := next(numbers, None):
        return found
    name = folder.settings().origin
    made = store.add_organisation(name, "operator", moment)
    administration.note(made.number, moment, "organisation.add", BY, str(made.number), name=name, role="operator")
    return made.number


def hold_for_operator(folder: DataFolder, lender: int, loan: str, lift: bool) -> tuple[Hold, ...]:
    """Set, or lift, the operator's legal hold of a loan, and return its holds. Raises `NotFoundError`."""
    store, moment = open_store(folder), now()
    if any(item.by == OPERATOR for item in store.holds(lender, loan)) is lift:
        with log_writer(folder) as writer:
            act, reference = "loan.release" if lift else "loan.hold", store.loan_reference(lender, loan)
            Administration(Registrar(store, SCHEMES, now), writer).note(
                lender, moment, act, BY, OPERATOR, about_loan=reference
            )
        if lift:
            store.lift_hold(lender, loan, OPERATOR)
        else:
            store.set_hold(lender, loan, Hold(OPERATOR, moment))
    return store.holds(lender, loan)


def note_operator(folder: DataFolder, lenders: Sequence[int], command: str) -> None:
    """Note that a command reads all records of these lenders. Raises `UnavailableError`: then it must not."""
    moment, trace = now(), new_id()
    open_access_log(folder).note(
        Access(lender, moment, None, BY, COMMAND, "audit", "", "", None, command, trace) for lender in lenders
    )


@contextmanager
def log_writer(folder: DataFolder) -> Iterator[Writer]:
    """Yield what writes to the folder's log: the running service, or a sequencer of our own.

    Raises `ReadOnlyError` on a host that only reads, and `UnavailableError`.
    """
    if (writes_at := folder.settings().writes_at) is not None:
        raise ReadOnlyError(writes_at)
    try:
        with log_lock(folder, wait=0):
            yield Sequencer(open_store(folder), log_keys(folder), format_time(now()), hold_of(folder).check)
            return
    except UnavailableError:
        if not folder.writer_address.exists():
            raise
    client = WriterClient(Path(folder.writer_address.read_text()))
    try:
        yield client
    finally:
        client.close()
