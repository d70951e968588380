# SPDX-License-Identifier: Apache-2.0
"""How Hypothesis runs here: no deadlines, because a busy machine is not a fault."""

from hypothesis import settings

settings.register_profile("notary", deadline=None, max_examples=200)
settings.load_profile("notary")
