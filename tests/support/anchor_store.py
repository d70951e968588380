# SPDX-License-Identifier: Apache-2.0
"""An anchor store in memory, which remembers every save, and can die in one of them."""

from notary.log.anchors import Anchor, AnchorState


class DiedError(Exception):
    """Stands for kill -9: not an error of the notary, so nothing handles it."""


class MemoryAnchorStore:
    """Implements `notary.log.anchors.AnchorStore`.

    `history` holds every anchor saved, oldest first. With `die_at` = n, the n-th save from now (1 is the next) is lost,
    and raises.
    """

    def __init__(self) -> None:
        self.history: list[Anchor] = []
        self.die_at: int | None = None
        self._anchors: dict[tuple[int, str, str, int], Anchor] = {}

    def save_anchor(self, anchor: Anchor) -> None:
        if self.die_at is not None:
            self.die_at -= 1
            if self.die_at == 0:
                self.die_at = None
                raise DiedError
        self.history.append(anchor)
        self._anchors[anchor.chain_id, anchor.registry, anchor.log_id, anchor.size] = anchor

    def anchors(self, *states: AnchorState) -> list[Anchor]:
        wanted = states or tuple(AnchorState)
        return sorted((a for a in self._anchors.values() if a.state in wanted), key=lambda anchor: anchor.size)

    def states(self) -> dict[int, str]:
        """Return the state of each size."""
        return {anchor.size: anchor.state.value for anchor in self.anchors()}
