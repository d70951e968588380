# SPDX-License-Identifier: Apache-2.0
"""How Hypothesis runs here, and where the log of an API in the tests' own process goes.

No deadlines, because a busy machine is not a fault. The gate runs the same examples each time, so that a commit passes
it or does not; `make test-long` searches with new ones (`--hypothesis-profile=search`).
"""

import sys

import structlog
from hypothesis import settings

settings.register_profile("gate", deadline=None, max_examples=200, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("gate")

# Not to standard output, which is that of the command under test (`tests.support.cli`).
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
