# SPDX-License-Identifier: Apache-2.0
"""The layers of the house, as `.importlinter` draws them."""

import configparser
import logging
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / ".importlinter"


@pytest.fixture
def loggers() -> Iterator[None]:
    """Keep the loggers that there are: the linter's own configuration disables them, and other tests listen to them."""
    known = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [(logger, logger.disabled) for logger in known]
    yield
    for logger, disabled in before:
        logger.disabled = disabled


@pytest.mark.usefixtures("loggers")
def test_imports_go_down_only() -> None:
    assert lint_imports(config_filename=str(CONTRACTS), no_cache=True) == 0


def test_every_module_of_the_domain_stands_in_a_layer() -> None:
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS, "utf-8")
    drawn = set(re.findall(r"notary\.\w+", parser["importlinter:contract:layers"]["layers"]))
    modules = {path.stem for path in (ROOT / "notary").glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / "notary").glob("*/__init__.py")}
    assert {f"notary.{name}" for name in modules | packages} - drawn == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS, "utf-8")
    graph = grimp.build_graph(*parser["importlinter"]["root_packages"].split(), cache_dir=None)
    assert "api.wiring" in graph.modules
    # It raises for a circle, also for one that is closed inside a function.
    TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}).prepare()
