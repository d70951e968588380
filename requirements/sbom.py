# SPDX-License-Identifier: Apache-2.0
"""Writes what the JavaScript that the pages serve is made of, as CycloneDX 1.6: `python -m requirements.sbom FILE`.

Nothing is installed or built for the pages, so it follows from the vendored files as they lie in the repository, and
from `manifest.json` beside them, which `vendor.py` wrote.
"""

import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

from requirements.vendor import VENDOR


def javascript_sbom() -> dict[str, Any]:
    """Return the document: a component for each package, with its archive's SHA-512, and in it one for each file."""
    packages = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "pages", "name": "loan-notary pages"}},
        "components": [_library(package) for package in packages],
        "dependencies": [{"ref": "pages", "dependsOn": [_purl(package) for package in packages]}],
    }


def _library(package: dict[str, Any]) -> dict[str, Any]:
    group, _, name = package["name"].rpartition("/")
    integrity = b64decode(package["integrity"].removeprefix("sha512-")).hex()
    return {
        "type": "library",
        "bom-ref": _purl(package),
        **({"group": group} if group else {}),
        "name": name,
        "version": package["version"],
        "licenses": [{"license": {"id": package["licence"]}}],
        "purl": _purl(package),
        "hashes": [{"alg": "SHA-512", "content": integrity}],
        "components": [_file(file["path"]) for file in package["files"]],
    }


def _file(path: str) -> dict[str, Any]:
    digest = sha256((VENDOR / path).read_bytes()).hexdigest()
    name = f"api/static/vendor/{path}"
    return {"type": "file", "bom-ref": name, "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def _purl(package: dict[str, Any]) -> str:
    return f"pkg:npm/{package['name'].replace('@', '%40')}@{package['version']}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(javascript_sbom(), indent=2) + "\n", "utf-8")
