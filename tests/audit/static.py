# SPDX-License-Identifier: Apache-2.0
"""Static analysis: slither on contracts/, held against the findings that findings.json explains."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from chain import toolchain
from tests.audit import forge

_EXPLAINED = Path(__file__).with_name("findings.json")
_REPORT = forge.BUILD / "slither.json"


def run(programs: Path, environment: dict[str, str]) -> list[str]:
    """Return a line for each finding without an explanation, and for each explanation without a finding."""
    (toolchain.ROOT / _REPORT).unlink(missing_ok=True)
    command: list[str | Path] = [programs / "slither", ".", "--compile-force-framework", "foundry", "--json", _REPORT]
    done = subprocess.run(command, cwd=toolchain.ROOT, env=environment, check=False, capture_output=True, text=True)
    if not (toolchain.ROOT / _REPORT).is_file():
        return [f"slither wrote no report: {done.stderr[-2000:]}"]
    report = json.loads((toolchain.ROOT / _REPORT).read_text())
    if not report["success"]:
        return [f"slither failed: {report['error']}"]
    found = {_name(finding) for finding in report["results"].get("detectors", [])}
    explained = set(json.loads(_EXPLAINED.read_text()))
    sys.stdout.write(
        f"slither: {len(found)} findings, {len(explained)} explanations in tests/audit/{_EXPLAINED.name}\n"
    )
    return [
        *(f"not explained: {name}" for name in sorted(found - explained)),
        *(f"explained and no longer found: {name}" for name in sorted(explained - found)),
    ]


def _name(finding: dict[str, Any]) -> str:
    """The detector and what it found, without line numbers: an edit elsewhere makes no new finding."""
    return f"{finding['check']}: {' | '.join(_element(element) for element in finding['elements'])}"


def _element(element: dict[str, Any]) -> str:
    fields = element.get("type_specific_fields", {})
    if "signature" in fields:
        return f"{fields['parent']['name']}.{fields['signature']}"
    return str(element["name"] or element["type"])
