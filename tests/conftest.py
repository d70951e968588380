# SPDX-License-Identifier: Apache-2.0
"""How Hypothesis runs here.

No deadlines, because a busy machine is not a fault. The gate runs the same examples each time, so that a commit passes
it or does not; `make test-long` searches with new ones (`--hypothesis-profile=search`).
"""

from hypothesis import settings

settings.register_profile("gate", deadline=None, max_examples=200, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("gate")
