# SPDX-License-Identifier: Apache-2.0
"""What the pages are served from: libraries exactly as pinned, modules that need no build step and no other host."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from requirements.vendor import without_comments

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
    first_words = {"MIT": "The MIT License", "Apache-2.0": "Apache License"}
    for package in MANIFEST:
        (licence,) = [file["path"] for file in package["files"] if file["path"].endswith("LICENSE")]
        assert (VENDOR / licence).read_text("utf-8").lstrip().startswith(first_words[package["licence"]])


def test_vendored_files_are_those_of_their_packages_but_for_import_paths_and_comments() -> None:
    """What was taken out was a comment, so whole lines went and none moved."""
    for package in MANIFEST:
        for file in package["files"]:
            if not file["path"].endswith(".js"):
                assert file["sha256"] == file["upstream_sha256"]
                continue
            data = (VENDOR / file["path"]).read_bytes()
            assert without_comments(data) == data, file["path"]


def test_taking_comments_out_takes_nothing_else() -> None:
    code = (
        b'a = 1; // stays\n  // goes\n/** goes\n * too */\n/*! licence */\nb = "/* no */"; /* stays */\n/* c */ d();\n'
    )
    assert without_comments(code) == (
        b'a = 1; // stays\n\n\n\n/*! licence */\nb = "/* no */"; /* stays */\n/* c */ d();\n'
    )


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
