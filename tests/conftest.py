# SPDX-License-Identifier: Apache-2.0
"""How Hypothesis runs here, and where the log of an API in the tests' own process goes.

No deadlines, because a busy machine is not a fault. The gate runs the same examples each time, so that a commit passes
it or does not; `make test-long` searches with new ones (`--hypothesis-profile=search`).
"""

import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.support.postgres import ABSENT, POSTGRES, PostgresServer, running_postgres

settings.register_profile("gate", deadline=None, max_examples=200, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("gate")

# Not to standard output, which is that of the command under test (`tests.support.cli`).
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests; each makes a database of its own in it, and none stops it."""
    if POSTGRES is None:
        pytest.skip(ABSENT)
    with running_postgres() as server:
        yield server
