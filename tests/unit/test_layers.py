# SPDX-License-Identifier: Apache-2.0
"""The layers of the house, as `.importlinter` draws them."""

import configparser
import re
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / ".importlinter"


def test_imports_go_down_only() -> None:
    assert lint_imports(config_filename=str(CONTRACTS), no_cache=True) == 0


def test_every_module_of_the_domain_stands_in_a_layer() -> None:
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS, "utf-8")
    drawn = set(re.findall(r"notary\.\w+", parser["importlinter:contract:layers"]["layers"]))
    modules = {path.stem for path in (ROOT / "notary").glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / "notary").glob("*/__init__.py")}
    assert {f"notary.{name}" for name in modules | packages} - drawn == set()
