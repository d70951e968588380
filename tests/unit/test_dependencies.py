# SPDX-License-Identifier: Apache-2.0
"""Every dependency is pinned, by a hash, and of a licence that the project can live with."""

import json
import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"([a-zA-Z0-9][\w.-]*)(?:\[[\w,-]+\])?==([\w.!+-]+)(?: ; [^\\]+)?( \\)?")
FREE = re.compile(
    r"MIT|Apache|BSD|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Unlicense|Zlib|CC0|HPND|Public Domain", re.I
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_python_package_is_pinned_by_hashes(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert packages
    for line in packages:
        found = PINNED.fullmatch(line)
        assert found is not None, line
        assert found[3], f"{line} has no hash"
    rest = [line for line in lines if line.startswith(" ")]
    assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in rest)


def test_no_lock_names_where_to_download_from() -> None:
    for path in LOCKS:
        assert "://" not in path.read_text()
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]


def test_every_node_package_is_pinned_by_a_digest() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    named = {name: entry for name, entry in packages.items() if name and not entry.get("link")}
    assert named
    for name, entry in named.items():
        assert re.fullmatch(r"[0-9][\w.+-]*", entry["version"]), name
        # A platform package that the registry at hand did not carry is kept by name and version (requirements/lock.py).
        assert "integrity" in entry or entry.get("optional"), name


def test_what_the_service_runs_with_is_free() -> None:
    unknown = []
    for line in (ROOT / "requirements" / "run.txt").read_text().splitlines():
        if line.startswith((" ", "#")) or not line:
            continue
        name = line.partition("==")[0].partition("[")[0]
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue  # of another platform
        told = [about.get("License-Expression", ""), about.get("License", "") or ""]
        told += [item for item in about.get_all("Classifier", []) if item.startswith("License")]
        if not FREE.search("\n".join(told)):
            unknown.append((name, told[:1]))
    assert unknown == []
