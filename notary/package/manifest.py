# SPDX-License-Identifier: Apache-2.0
"""The manifest of an evidence package: every other file with its digest, sealed by the log's key."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from notary.canonical import canonical_json, parse_canonical
from notary.encoding import b64url
from notary.errors import Fault, PackageError
from notary.log.signed_note import NoteSigner, parse_verifier
from notary.receipts.fields import Name, Seal, Whole, read_shape
from notary.receipts.sealed import Environment, seal_preimage
from notary.records.fields import Model

FORMAT = "loan-notary/package@1"
MANIFEST = "META-INF/manifest.json"
MIMETYPE = "mimetype"
MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"
HISTORY = "history.json"
MAX_FILES = 65_000
"""Files in a package, at most: a ZIP archive without the extension ZIP64 counts to 65,535."""
MAX_MANIFEST = 16 * 1024 * 1024


@dataclass(frozen=True)
class PackagedFile:
    """A file of a package: its name, the SHA-256 in lower-case hex, the size in bytes."""

    name: str
    sha256: str
    size: int

    def members(self) -> dict[str, Any]:
        """Return the JSON members."""
        return {"name": self.name, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True)
class Manifest:
    """What a package says of itself; `files` are all but the manifest, in the order of the archive."""

    environment: Environment
    lender: str
    loan: str
    log_key: str
    files: tuple[PackagedFile, ...]
    seal: bytes = b""

    def members(self) -> dict[str, Any]:
        """Return the JSON members without the seal."""
        return {
            "format": FORMAT,
            "environment": self.environment,
            "lender": self.lender,
            "loan": self.loan,
            "log_key": self.log_key,
            "files": [file.members() for file in self.files],
        }

    def sealed(self, signer: NoteSigner) -> bytes:
        """Seal the manifest with the log's key and return its bytes."""
        members = self.members()
        return canonical_json({**members, "seal": b64url(signer.sign(seal_preimage(FORMAT, canonical_json(members))))})

    def check_seal(self) -> None:
        """Raise `InvalidInputError` unless the key that the manifest names has sealed it."""
        parse_verifier(self.log_key).verify(seal_preimage(FORMAT, canonical_json(self.members())), self.seal)


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest; its seal is not verified. Raises `InvalidInputError` of several kinds."""
    value = parse_canonical(data, limit=MAX_MANIFEST)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise PackageError(Fault(f"/{MANIFEST}", f"only packages of the format {FORMAT} are known here"))
    shape = read_shape(_ManifestShape, value)
    files = tuple(PackagedFile(item.name, item.sha256, item.size) for item in shape.files)
    return Manifest(shape.environment, shape.lender, shape.loan, shape.log_key, files, shape.seal)


class _FileShape(Model):
    name: Name
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Whole


class _ManifestShape(Model):
    format: str
    environment: Environment
    lender: Name
    loan: Name
    log_key: Name
    files: Annotated[tuple[_FileShape, ...], Field(strict=False, max_length=MAX_FILES)]
    seal: Seal
