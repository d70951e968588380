# SPDX-License-Identifier: Apache-2.0
"""The files that pages load: scripts, styles, images, under addresses that change with their content.

Every address begins with a digest over all files, so that browsers may keep them for ever, and imports between modules
stay relative. Nothing is built: a file is served as it lies in `api/static`, or its gzip.
"""

import gzip
import posixpath
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256, sha384
from pathlib import Path

from notary.errors import NotFoundError

STATIC = Path(__file__).with_name("static")
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served; other files (licences, the manifest) stay in the repository."""
_IMPORT = re.compile(r"""^(?:import|export)\s[^;=()]*?\bfrom\s+['"]([^'"]+)['"]""", re.MULTILINE)


@dataclass(frozen=True)
class StaticFile:
    """One file: its bytes, their gzip, and the value of an `integrity` attribute for it."""

    media_type: str
    data: bytes
    compressed: bytes
    integrity: str


class StaticFiles:
    """All files, read once."""

    def __init__(self, folder: Path = STATIC) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _MEDIA_TYPES)
        self._files = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
        names = "".join(f"{name}\n{item.integrity}\n" for name, item in self._files.items())
        self.build = sha256(names.encode()).hexdigest()[:16]

    def file(self, build: str, name: str) -> StaticFile:
        """Return a file of this build. Raises `NotFoundError`: another build's files are not at hand."""
        if build != self.build or name not in self._files:
            raise NotFoundError("there is no such file")
        return self._files[name]

    def integrity(self, name: str) -> str:
        """Return the subresource integrity of a file that is there: `sha384-...`."""
        return self._files[name].integrity

    def modules(self, name: str) -> list[str]:
        """Return the names of all modules that a module imports, and those that these import, in order."""
        reached, wanted = {name}, [name]
        while wanted:
            importer = wanted.pop()
            for given in _IMPORT.findall(self._files[importer].data.decode()):
                found = posixpath.normpath(posixpath.join(posixpath.dirname(importer), given))
                if found not in reached:
                    reached.add(found)
                    wanted.append(found)
        return sorted(reached - {name})


def _read(path: Path) -> StaticFile:
    data = path.read_bytes()
    integrity = "sha384-" + b64encode(sha384(data).digest()).decode("ascii")
    return StaticFile(_MEDIA_TYPES[path.suffix], data, gzip.compress(data, mtime=0), integrity)
