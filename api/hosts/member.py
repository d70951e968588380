# SPDX-License-Identifier: Apache-2.0
"""One of the hosts that serve a notary on PostgreSQL."""

import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from api.databases import open_store
from api.folders.state_files import write_file
from api.hosts.election import Election
from api.hosts.host import Run
from api.hosts.presence import Presence
from api.keys.files import read_key_file
from api.keys.log_keys import load_verifiers
from api.postgres.link import open_session
from api.postgres.shared import SharedHold, SharedValues
from api.settings import DataFolder, SettingsError
from chain.errors import DeploymentError
from notary.errors import Fault, InvalidInputError, KeyUnavailableError, UnavailableError
from notary.log.checkpoint import open_checkpoint
from notary.stores.postgres_connection import translated
from notary.stores.postgres_moving import MOVING
from notary.stores.postgres_schema import check_version

_ORIGIN, _ENVIRONMENT, _CURSORS, _DEPLOYMENT = "origin", "environment", "cursors", "deployment"


class Member:
    """Implements `Host` for one of several."""

    def __init__(self, folder: DataFolder, dsn: str, values: SharedValues | None = None) -> None:
        self._folder, self._dsn = folder, dsn
        self._values = values or SharedValues(dsn)
        self._hold = SharedHold(self._values)
        self._presence = Presence(dsn)
        self._election = Election(dsn)

    def check(self) -> None:
        with closing(open_session(self._dsn)) as session, translated():
            check_version(session)
        if self._values.read(MOVING) is not None:
            raise UnavailableError("the move into the database has not come to its end: `loan-notary move` again")
        self._check_keys()
        self._check_settings()

    def enter(self, tidy: Callable[[], None]) -> None:
        self._presence.enter(partial(self._begin, tidy))

    def stay(self, stop: threading.Event) -> None:
        self._presence.run(stop)

    def led(self, part: str, run: Run) -> Run:
        return self._election.led(part, run)

    @contextmanager
    def deploying(self, file: Path, anew: bool) -> Iterator[None]:
        with self._values.exclusively(_DEPLOYMENT):
            if not anew:
                self._fetch_deployment(file)
            yield
            self._values.replace(_DEPLOYMENT, file.read_bytes())

    def _fetch_deployment(self, file: Path) -> None:
        """Have in `file` what the other hosts know of the registry, if they know any."""
        known = self._values.read(_DEPLOYMENT)
        if known is None:
            return
        if not file.exists():
            write_file(file, known)
        elif file.read_bytes() != known:
            raise DeploymentError(file, "it is not that of the other hosts: remove it, and theirs is taken")

    def _begin(self, tidy: Callable[[], None]) -> None:
        """Begin as the first of the hosts: what the database holds may have been restored since the last one ended."""
        self._hold.place("restored", "no host ran, and the chain was not asked yet whether this is the newest")
        tidy()

    def _check_keys(self) -> None:
        """Find out now, and not with the first record, that a key is not that of the other hosts."""
        store, folder = open_store(self._folder), self._folder
        for organisation in store.organisations()[:1]:
            store.owner_keys(organisation.number)
        if (head := store.head()) is not None:
            try:
                open_checkpoint(head.checkpoint, *load_verifiers(folder))
            except InvalidInputError as error:
                place, detail = str(folder.keys.path), f"it does not sign the log in the database: {error}"
                raise KeyUnavailableError(place, detail) from error
        mark = hmac.digest(read_key_file(folder.cursor_key, "cursors", None), b"loan-notary/host", "sha256")
        if self._values.keep(_CURSORS, mark) != mark:
            raise KeyUnavailableError(str(folder.cursor_key), "it is another one than that of the other hosts")

    def _check_settings(self) -> None:
        settings = self._folder.settings()
        for name, own in ((_ORIGIN, settings.origin), (_ENVIRONMENT, settings.environment)):
            if (theirs := self._values.keep(name, own.encode()).decode()) != own:
                raise SettingsError(Fault(f"/{name}", f"is {own}, and the notary in the database has {theirs}"))
