# SPDX-License-Identifier: Apache-2.0
"""What those who are traced see of tracing: spans, and what makes them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

Kind = Literal["internal", "server", "client", "producer"]


class Span(Protocol):
    """A span that has begun."""

    def note(self, name: str, value: str | int) -> None:
        """Add an attribute."""

    def rename(self, name: str) -> None:
        """Give it another name."""

    def fail(self) -> None:
        """Say that it has failed, and nothing of why."""

    def end(self) -> None:
        """End it; only for one that was `begun`."""

    def current(self) -> AbstractContextManager[object]:
        """Make it the one that new spans of this thread belong to."""


class Tracing(Protocol):
    """Makes spans. `parent` and `links` are `traceparent` headers (W3C Trace Context)."""

    def span(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: str = "",
        links: Sequence[str] = (),
        **attributes: str | int,
    ) -> AbstractContextManager[Span]:
        """Begin a span, below this thread's own if no parent is given; it ends with the block."""

    def begun(self, name: str, kind: Kind, parent: str) -> Span:
        """Begin a span that ends when it is told to."""

    def traceparent(self) -> str:
        """Return the header that says that something belongs to this thread's span; "" if it has none."""
