# SPDX-License-Identifier: Apache-2.0
"""What docs/performance.md compares: many logs anchored one by one and at once stand in the registry alike."""

from pathlib import Path

from chain.embedded import EmbeddedNode
from tests.bench.many_logs import Registry
from tests.support.account import Account


def test_logs_anchored_at_once_stand_as_those_anchored_one_by_one(tmp_path: Path) -> None:
    with EmbeddedNode.start(tmp_path) as node:
        registry = Registry(Account(node))
        apart = [registry.grown(size, 9) for size in (3, 300, 70_000)]
        together = [registry.grown(size, 9) for size in (3, 300, 70_000)]
        one_by_one, at_once = registry.one_by_one(apart), registry.at_once(together)
        assert [registry.size(growth) for growth in apart + together] == [12, 309, 70_009] * 2
        assert at_once < one_by_one
