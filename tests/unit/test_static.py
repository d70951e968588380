# SPDX-License-Identifier: Apache-2.0
"""What the pages are served from: libraries exactly as pinned, modules that need no build step and no other host."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "api" / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
OURS = sorted(path for path in STATIC.rglob("*.js") if VENDOR not in path.parents)
IMPORT = re.compile(r"""^(?:import|export)\s[^;=()]*?\bfrom\s+['"]([^'"]+)['"]""", re.MULTILINE)


def test_the_vendored_files_are_those_of_the_manifest_and_no_others() -> None:
    listed = {file["path"]: file["sha256"] for package in MANIFEST for file in package["files"]}
    found = {
        path.relative_to(VENDOR).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == listed, "python requirements/vendor.py"


def test_each_vendored_package_has_its_licence_beside_it() -> None:
    for package in MANIFEST:
        (licence,) = [file["path"] for file in package["files"] if file["path"].endswith("LICENSE")]
        assert (VENDOR / licence).read_text("utf-8").startswith("The MIT License")
        assert package["licence"] == "MIT"


def test_vendored_files_differ_from_their_packages_in_import_paths_only() -> None:
    for package in MANIFEST:
        for file in package["files"]:
            text = (VENDOR / file["path"]).read_text("utf-8")
            original = re.sub(r"(?m)^(import .* from ')(?:\.\./)+noble-hashes/", r"\1@noble/hashes/", text)
            assert sha256(original.encode()).hexdigest() == file["upstream_sha256"], file["path"]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_a_module_of_ours_says_its_licence_and_what_it_is(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "// SPDX-License-Identifier: Apache-2.0"
    assert lines[1] == "/**"


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda path: path.name)
def test_a_module_imports_only_files_that_are_served_with_it(path: Path) -> None:
    for name in IMPORT.findall(path.read_text("utf-8")):
        assert name.startswith("."), f"a browser cannot find {name}"
        target = (path.parent / name).resolve()
        assert target.is_file(), name
        assert STATIC in target.parents, name
