# SPDX-License-Identifier: Apache-2.0
"""The list of what the pages' JavaScript is made of: every vendored file is in it, as it lies there."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from requirements.sbom import javascript_sbom

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "api" / "static" / "vendor"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return javascript_sbom()


def test_it_is_a_document_of_cyclonedx(document: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None


def test_every_vendored_file_is_in_it(document: dict[str, Any]) -> None:
    listed = {file["name"]: file["hashes"] for package in document["components"] for file in package["components"]}
    assert listed == {
        path.relative_to(ROOT).as_posix(): [{"alg": "SHA-256", "content": sha256(path.read_bytes()).hexdigest()}]
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_every_package_has_its_version_licence_and_archive(document: dict[str, Any]) -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    purls = [component["purl"] for component in document["components"]]
    assert purls == ["pkg:npm/%40noble/hashes@2.4.0", "pkg:npm/%40noble/curves@2.4.0", "pkg:npm/jsqr@1.4.0"]
    assert document["dependencies"] == [{"ref": "pages", "dependsOn": purls}]
    for component, package in zip(document["components"], manifest, strict=True):
        assert "/".join(filter(None, (component.get("group"), component["name"]))) == package["name"]
        assert component["version"] == package["version"]
        assert component["licenses"] == [{"license": {"id": package["licence"]}}]
        assert [len(item["content"]) for item in component["hashes"]] == [128]


def test_the_command_writes_the_same_bytes_each_time(tmp_path: Path, document: dict[str, Any]) -> None:
    file = tmp_path / "javascript.json"
    subprocess.run([sys.executable, "-m", "requirements.sbom", file], cwd=ROOT, check=True)
    assert file.read_text("utf-8") == json.dumps(document, indent=2) + "\n"
