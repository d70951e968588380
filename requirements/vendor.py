# SPDX-License-Identifier: Apache-2.0
"""Fetches the JavaScript libraries that the pages serve, anew: `python requirements/vendor.py`.

Their packages are pinned by version and by the registry's SHA-512. A browser cannot resolve `@noble/hashes/sha2.js`
without an import map, so such names become relative paths. Lines that only comment become empty, because they are more
than half of what a phone would load, and every other line keeps its number; nothing else is changed. `manifest.json`
names the SHA-256 of every file before and after. Needs `npm` on the PATH.
"""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256, sha512
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "api" / "static" / "vendor"
_IMPORT = re.compile(rb"^(import .* from ')@noble/hashes/", re.MULTILINE)
_COMMENT = re.compile(rb"^[ \t]*(?:/\*(?!!)(?:[^*]|\*(?!/))*\*/[ \t]*$|//[^\n]*$)", re.MULTILINE)
"""Comments with nothing beside them on their lines; what begins with `/*!` is a licence and stays."""


@dataclass(frozen=True)
class Package:
    """One npm package: its version, licence and integrity, the folder to keep it in, and the files that are taken."""

    name: str
    version: str
    licence: str
    integrity: str
    folder: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        "@noble/hashes",
        "2.4.0",
        "MIT",
        "sha512-X5XaVWZIBCT7HHZGm5I7ZQXDwLG+bGXuSrMQAW+7Zvl87h1kmc1ZB1VSRJcpUfoUrGQp4Fkoxm5kZ+Ms+aW+eA==",
        "noble-hashes",
        ("LICENSE", "_md.js", "_u64.js", "hmac.js", "sha2.js", "sha3.js", "utils.js"),
    ),
    Package(
        "@noble/curves",
        "2.4.0",
        "MIT",
        "sha512-P4/62zrgfH33CneE3Dn4WhJVA22YUU0eR51wKIan4NVRvwsA0YnPTwWGpNbpuacSujmSFLvyzpyuR30+fbq2Ew==",
        "noble-curves",
        (
            "LICENSE",
            "abstract/curve.js",
            "abstract/der.js",
            "abstract/edwards.js",
            "abstract/modular.js",
            "abstract/weierstrass.js",
            "utils.js",
        ),
    ),
    Package(
        "jsqr",
        "1.4.0",
        "Apache-2.0",
        "sha512-dxLob7q65Xg2DvstYkRpkYtmKm2sPJ9oFhrhmudT1dZvNFFTlroai3AWSpLey/w5vMcLBXRgOJsbXpdN9HzU/A==",
        "jsqr",
        ("LICENSE", "dist/jsQR.js"),
    ),
)


def main() -> None:
    """Write the files and the manifest."""
    manifest = []
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            files = [_take(package, name, data) for name, data in _unpack(package, Path(folder)).items()]
            about = {"name": package.name, "version": package.version, "licence": package.licence}
            manifest.append({**about, "integrity": package.integrity, "files": files})
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _unpack(package: Package, folder: Path) -> dict[str, bytes]:
    name = f"{package.name.lstrip('@').replace('/', '-')}-{package.version}.tgz"
    command = ["npm", "pack", "--quiet", f"{package.name}@{package.version}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - no word of it comes from outside
    data = (folder / name).read_bytes()
    if (found := "sha512-" + b64encode(sha512(data).digest()).decode()) != package.integrity:
        sys.exit(f"{name} has integrity {found}, not {package.integrity}")
    result = {}
    with tarfile.open(folder / name) as archive:
        for file in package.files:
            member = archive.extractfile(f"package/{file}")
            assert member is not None
            result[file] = member.read()
    return result


def _take(package: Package, name: str, data: bytes) -> dict[str, str]:
    up = "../" * (1 + name.count("/"))
    served = _IMPORT.sub(rb"\1" + up.encode() + b"noble-hashes/", data)
    if name.endswith(".js"):
        served = without_comments(served)
    path = VENDOR / package.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(served)
    relative = path.relative_to(VENDOR).as_posix()
    return {"path": relative, "upstream_sha256": sha256(data).hexdigest(), "sha256": sha256(served).hexdigest()}


def without_comments(code: bytes) -> bytes:
    """Empty the lines of a script on which a comment stands alone."""
    return _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), code)


if __name__ == "__main__":
    main()
