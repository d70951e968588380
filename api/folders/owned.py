# SPDX-License-Identifier: Apache-2.0
"""Folders of organisations, with a folder in them for each thing of a kind that they asked for: jobs, audits.

::

    <organisation>/lock               held while one of its things is changed
    <organisation>/<kind>_<32 hex>/   a thing; every state of it is a file that is there or not
    <organisation>/<kind>_.../key     its key (`api.folders.keys`), which seals what others are not to read
    <organisation>/new-*              what is half made, or half received
    <organisation>/damaged-*          a thing whose files are damaged, set aside so that it holds up no other
"""

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from secrets import token_bytes
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import structlog

from api.folders.keys import FolderKey, folder_context, write_folder_key
from api.folders.state_files import file_errors, locked, read_state, write_state
from notary.errors import CorruptLogError, JobError, NotaryError, NotFoundError
from notary.privacy.data_key import KeyWrapper
from notary.privacy.sealed_file import read_header, replace_wrapped
from notary.stores.durable import sync_folder

ID_SIZE = 16
"""Random bytes in an id."""
_KEY = "key"
_ASIDE = "damaged-"
_REMEMBERED = 1024

_log = structlog.get_logger()


class Thing(Protocol):
    """What stands in a folder; `created_at` is in milliseconds since 1970."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> int: ...

    @property
    def is_over(self) -> bool: ...


ThingT = TypeVar("ThingT", bound=Thing)


class OwnedFolders(ABC, Generic[ThingT]):
    """All things of a kind; for any number of processes."""

    kind: ClassVar[str]
    first: ClassVar[str]
    """The file with which a thing begins."""
    most: ClassVar[int]
    """Things of one organisation that are not over."""

    def __init__(self, folder: Path, wrapper: KeyWrapper) -> None:
        self._folder = folder
        self._wrapper = wrapper
        self._unwrap = lru_cache(_REMEMBERED)(self._unwrapped)

    @abstractmethod
    def _read(self, organisation: int, folder: Path, begun: Mapping[str, Any], key: FolderKey) -> ThingT:
        """Return a thing, `begun` being what its first file holds."""

    def find(self, organisation: int, name: str) -> ThingT:
        """Return a thing. Raises `NotFoundError`, `DataKeyError`, `CorruptLogError`."""
        folder = self._folder / str(organisation) / name
        with file_errors():
            begun = read_state(folder / self.first) if re.fullmatch(f"{self.kind}_[0-9a-f]{{32}}", name) else None
            if begun is None:
                if self._aside(folder).exists():
                    raise CorruptLogError(f"{name} was set aside: its files are damaged")
                raise NotFoundError(f"you have no {self.kind} of this id")
            try:
                return self._read(organisation, folder, begun, self._key(organisation, folder))
            except (KeyError, TypeError, ValueError) as error:
                raise CorruptLogError(f"the files of {name} do not hold what they should") from error

    def all_of(self, organisation: int | None = None) -> list[ThingT]:
        """Return the things of an organisation, or of all, the oldest first; not those whose files are damaged."""
        things = []
        for _, found in self._found(organisation):
            if not isinstance(found, NotaryError):
                things.append(found)
            elif not isinstance(found, CorruptLogError):
                raise found
        return _sorted(things)

    def at_hand(self) -> list[ThingT]:
        """Return what there is to work through, the oldest first; what cannot be read holds up nothing else.

        What is damaged is set aside, and what cannot be read now left out.
        """
        things = []
        for path, found in self._found(None):
            if isinstance(found, CorruptLogError):
                self.set_aside(int(path.parent.name), path.name, str(found))
            elif isinstance(found, NotaryError):
                _log.error(f"a {self.kind} cannot be read now", id=path.name, reason=str(found))
            else:
                things.append(found)
        return _sorted(things)

    def set_aside(self, organisation: int, name: str, reason: str) -> None:
        """Put a thing where nobody works through it, because its files are damaged; the operator is told."""
        with self._locked(organisation) as home:
            if not (home / name).exists():
                return  # it was removed meanwhile
            aside = (home / name).rename(self._aside(home / name))
            sync_folder(home)
        _log.error(f"a {self.kind} is damaged and was set aside", id=name, folder=str(aside), reason=reason)

    def count_aside(self) -> int:
        """Return how many things are set aside. Raises `UnavailableError`."""
        with file_errors():
            return len(list(self._folder.glob(f"*/{_ASIDE}{self.kind}_*")))

    def tidy(self) -> None:
        """Make the folder, and remove what was half made, and what was made before things had keys.

        To be called while nothing is being received.
        """
        with file_errors():
            self._folder.mkdir(exist_ok=True, mode=0o700)
            for path in self._folder.glob("*/new-*"):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            for path in self._folder.glob(f"*/{self.kind}_*"):
                if not (path / _KEY).exists():
                    shutil.rmtree(path)

    def rewrap(self, old: bytes) -> int:
        """Wrap anew the key of each thing that the data key of this id has wrapped, and return how many they were.

        Raises `UnavailableError`, `DataKeyError`, `CorruptLogError`; harmless to repeat.
        """
        return sum(self._rewrap(path, old) for path in self._things())

    def _things(self) -> Iterator[Path]:
        with file_errors():
            homes = sorted(self._folder.glob("[0-9]*"))
        for home in homes:
            # Nothing is made or removed meanwhile; what is made after it is wrapped by the new key.
            with self._locked(int(home.name)):
                yield from sorted(home.glob(f"{self.kind}_*"))

    def _rewrap(self, path: Path, old: bytes) -> bool:
        owner = int(path.parent.name)
        return replace_wrapped(path / _KEY, old, self._wrapper, folder_context(owner, path.name))

    def _found(self, organisation: int | None) -> Iterator[tuple[Path, ThingT | NotaryError]]:
        """Yield the folder of each thing with what is in it, or why that cannot be read."""
        with file_errors():
            paths = list(self._folder.glob(f"{'*' if organisation is None else organisation}/{self.kind}_*"))
        for path in paths:
            try:
                yield path, self.find(int(path.parent.name), path.name)
            except NotFoundError:
                continue  # old ones are removed meanwhile
            except NotaryError as error:
                yield path, error

    def _aside(self, folder: Path) -> Path:
        return folder.with_name(_ASIDE + folder.name)

    def _remove_aside(self, until: int | None = None) -> None:
        """Remove what was set aside: all of it, or what was so before a moment."""
        with file_errors():
            for path in self._folder.glob(f"*/{_ASIDE}{self.kind}_*"):
                # The time of a folder's inode is that of its last renaming.
                if until is None or path.stat().st_ctime_ns // 1_000_000 < until:
                    shutil.rmtree(path)

    def _key(self, organisation: int, folder: Path) -> FolderKey:
        try:
            with (folder / _KEY).open("rb") as file:
                return self._unwrap(read_header(file), folder_context(organisation, folder.name))
        except FileNotFoundError:
            raise NotFoundError(f"you have no {self.kind} of this id") from None

    def _unwrapped(self, wrapped: bytes, context: bytes) -> FolderKey:
        return FolderKey(self._wrapper.unwrap(wrapped, context))

    def _create(self, organisation: int, begun: Mapping[str, Any], drawn: bytes | None) -> ThingT:
        """Make a thing; its id is of `drawn`, `ID_SIZE` random bytes. One with that id is returned as it is.

        Raises `JobError` where the organisation has too many.
        """
        name = f"{self.kind}_{(drawn or token_bytes(ID_SIZE)).hex()}"
        with self._locked(organisation) as home:
            if not (home / name).exists():
                if sum(not thing.is_over for thing in self.all_of(organisation)) >= self.most:
                    raise JobError(f"you have {self.most} {self.kind}s that are not over")
                coming = home / f"new-{name}"
                # Half made by a process that was killed.
                shutil.rmtree(coming, ignore_errors=True)
                coming.mkdir(mode=0o700)
                write_folder_key(coming / _KEY, self._wrapper, organisation, name)
                write_state(coming / self.first, dict(begun))
                coming.rename(home / name)
                sync_folder(home)
        return self.find(organisation, name)

    def _locked(self, organisation: int) -> AbstractContextManager[Path]:
        return locked(self._folder / str(organisation))


def _sorted(things: list[ThingT]) -> list[ThingT]:
    return sorted(things, key=lambda thing: (thing.created_at, thing.id))
