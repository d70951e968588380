# SPDX-License-Identifier: Apache-2.0
"""Every contract of a store is held against SQLite and against PostgreSQL. Another store is one line in each here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.stores import KINDS, Opener, PostgresTables, SqliteOpener, prepared


@pytest.fixture(scope="session")
def tables(postgres: PostgresServer) -> Iterator[PostgresTables]:
    """The tables in PostgreSQL that all tests share."""
    with prepared(postgres) as made:
        yield made


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """An empty database."""
    if request.param == "sqlite":
        yield SqliteOpener(tmp_path / "notary.db")
    else:
        tables: PostgresTables = request.getfixturevalue("tables")
        yield tables.opener
        tables.clear()
