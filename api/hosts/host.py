# SPDX-License-Identifier: Apache-2.0
"""What a service does alone where it is the only one of its notary, and with others where several hosts serve it."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

Run = Callable[[threading.Event], None]
"""A part of the service: works until the event that it gets is set, and asks before each step whether it is."""


class Host(Protocol):
    """One host of a notary."""

    def check(self) -> None:
        """Raise `NotaryError` for a host whose keys or settings are not those of the notary in the database."""

    def enter(self, tidy: Callable[[], None]) -> None:
        """Be known to the others from now on; `tidy` is called first if there are none. Raises `UnavailableError`."""

    def stay(self, stop: threading.Event) -> None:
        """Stay known until told to stop."""

    def led(self, part: str, run: Run) -> Run:
        """Return what runs a part that one host at a time may run: now, or when its turn comes."""

    def deploying(self, file: Path, anew: bool) -> AbstractContextManager[None]:
        """Keep the others from deploying a registry; what `file` says of it is the same on all hosts, there and after.

        `anew` says that the log is to be registered again. Raises `DeploymentError` for a file that says otherwise.
        """


class Alone:
    """Implements `Host` for the only one."""

    def check(self) -> None:
        """Whatever is in its folder is its own."""

    def enter(self, tidy: Callable[[], None]) -> None:
        tidy()

    def stay(self, stop: threading.Event) -> None:
        """Nobody asks."""

    def led(self, part: str, run: Run) -> Run:  # noqa: ARG002 - all parts are its own
        return run

    def deploying(self, file: Path, anew: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - nobody else does
        return nullcontext()
