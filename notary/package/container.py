# SPDX-License-Identifier: Apache-2.0
"""The ZIP file of an evidence package, read with suspicion: nothing is inflated that was not measured before.

Accepted is what an ordinary tool writes from the files of a package with `mimetype` first and stored, as ETSI
EN 319 162-1 annex A.1 wants it. Refused is whatever two readers might understand in different ways.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notary.documents.digests import FileDigests, digests_of
from notary.documents.document import MAX_DOCUMENT
from notary.errors import Fault, PackageError, UnavailableError
from notary.package.manifest import MAX_FILES, MEDIA_TYPE, MIMETYPE

MAX_PACKAGE = 4 * 1024**3 - 1
"""Bytes of all files of a package together, and of the archive: what ZIP can hold without the extension ZIP64."""
_MAX_DIRECTORY = 32 * 1024 * 1024
_MAX_NAME = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,4}")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END = struct.Struct("<4s4H2IH")
"""The end of central directory record (APPNOTE.TXT 4.3.16)."""
_LOCAL_HEADER = 30
_PART = 1 << 20
_ENCRYPTED = 0x1


class Container:
    """The files of an open package, by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._files = {item.filename: item for item in archive.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the archive's order."""
        return tuple(self._files)

    def read(self, name: str, limit: int) -> bytes:
        """Return a file of at most `limit` bytes. Raises `PackageError`."""
        if name not in self._files:
            raise PackageError(Fault(f"/{name}", "is not in the package"))
        if self._files[name].file_size > limit:
            raise PackageError(Fault(f"/{name}", f"has more than {limit} bytes"))
        return b"".join(self._parts(name))

    def digests(self, name: str) -> FileDigests:
        """Return what identifies a file, in constant memory. Raises `PackageError`."""
        return digests_of(self._parts(name))

    def _parts(self, name: str) -> Iterator[bytes]:
        with _translated(f"/{name}"), self._archive.open(self._files[name]) as file:
            while part := file.read(_PART):
                yield part


@contextmanager
def open_container(path: Path) -> Iterator[Container]:
    """Open a package's file. Raises `PackageError`, or `UnavailableError` for a file that cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        end = file.seek(0, 2)
        if end < _END.size:
            raise PackageError(Fault("", "is too short for a ZIP archive"))
        file.seek(end - _END.size)
        _check_end(file.read(_END.size), end)
        file.seek(0)
        with _translated(""):
            archive = zipfile.ZipFile(file)
        with archive:
            _check_entries(archive)
            container = Container(archive)
            if container.read(MIMETYPE, len(MEDIA_TYPE)) != MEDIA_TYPE.encode():
                raise PackageError(Fault(f"/{MIMETYPE}", f"is not {MEDIA_TYPE}"))
            yield container


def is_archive(data: bytes) -> bool:
    """Tell whether a file that begins like this is a ZIP archive, so not a receipt."""
    return data.startswith(b"PK")


def _check_end(record: bytes, end: int) -> None:
    signature, disk, first, here, count, size, offset, comment = _END.unpack(record)
    if signature != b"PK\5\6" or comment:
        raise PackageError(Fault("", "does not end as a ZIP archive does: it is truncated, or something was appended"))
    if disk or first or here != count or count > MAX_FILES + 1 or size > _MAX_DIRECTORY:
        raise PackageError(Fault("", f"is an archive in parts, or one of more than {MAX_FILES} files"))
    if offset + size + _END.size != end:
        raise PackageError(Fault("", "has something before, between or behind the parts of its archive"))


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if not entries or entries[0].filename != MIMETYPE or entries[0].header_offset or entries[0].compress_type:
        raise PackageError(Fault("", f"does not begin with the file {MIMETYPE}, stored"))
    names = set[str]()
    for entry in entries:
        name = entry.filename
        if name.lower() in names:
            raise PackageError(Fault(f"/{name}", "is in the archive twice"))
        names.add(name.lower())
        _check_entry(entry)
    if sum(entry.file_size for entry in entries) > MAX_PACKAGE:
        raise PackageError(Fault("", f"holds more than {MAX_PACKAGE} bytes"))
    _check_overlaps(entries, archive.start_dir)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # The name as it stands in the archive; zipfile cuts at a NUL and replaces separators.
    name = entry.orig_filename
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name) or name != entry.filename:
        raise PackageError(Fault("", f"holds a file with a name that no package has: {name[:_MAX_NAME]!r}"))
    if entry.compress_type not in _METHODS:
        raise PackageError(Fault(f"/{name}", "is neither stored nor deflated"))
    if entry.flag_bits & _ENCRYPTED:
        raise PackageError(Fault(f"/{name}", "is encrypted"))
    if entry.file_size > MAX_DOCUMENT:
        raise PackageError(Fault(f"/{name}", f"has more than {MAX_DOCUMENT} bytes"))


def _check_overlaps(entries: list[zipfile.ZipInfo], directory: int) -> None:
    end = 0
    for entry in sorted(entries, key=lambda item: item.header_offset):
        if entry.header_offset < end:
            raise PackageError(Fault(f"/{entry.filename}", "shares bytes with another file of the archive"))
        end = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
    if end > directory:
        raise PackageError(Fault("", "has files that reach into its directory"))


@contextmanager
def _translated(pointer: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"the package cannot be read: {error.strerror}") from error
    except (
        zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    ) as error:  # fmt: skip
        raise PackageError(Fault(pointer, f"is not as a ZIP archive has it: {error}")) from error
