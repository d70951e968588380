# SPDX-License-Identifier: Apache-2.0
"""What an audit finds: a place and a sentence."""

from dataclasses import dataclass, field
from typing import Any

MOST_LISTED = 1000
"""Findings that one part of an audit lists; more are only counted, so that a log of rubbish fits into memory."""


@dataclass(frozen=True)
class Finding:
    """A contradiction. `place` is like "entry 5", "tile 0/3", "loan X", "anchor 900"; `index` an entry's, else None."""

    place: str
    index: int | None
    text: str


@dataclass
class Findings:
    """Collects findings up to a limit and counts the rest."""

    listed: list[Finding] = field(default_factory=list)
    unlisted: int = 0

    def entry(self, index: int, text: str) -> None:
        """Note what is wrong with an entry or its record."""
        self.add(Finding(f"entry {index}", index, text))

    def place(self, place: str, text: str) -> None:
        """Note what is wrong elsewhere."""
        self.add(Finding(place, None, text))

    def add(self, finding: Finding) -> None:
        """Note a finding."""
        if len(self.listed) < MOST_LISTED:
            self.listed.append(finding)
        else:
            self.unlisted += 1

    def extend(self, others: "Findings") -> None:
        """Take over what another part found."""
        for finding in others.listed:
            self.add(finding)
        self.unlisted += others.unlisted

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.listed) + self.unlisted

    def ordered(self) -> list[Finding]:
        """Return those that are listed, each once: entries by their index, then the rest."""
        return sorted(set(self.listed), key=lambda item: (item.index is None, item.index or 0, item.place, item.text))

    def to_json(self) -> list[Any]:
        """Return the findings for a state file."""
        return [[[item.place, item.index, item.text] for item in self.listed], self.unlisted]

    @classmethod
    def from_json(cls, value: list[Any]) -> "Findings":
        """Read what `to_json` returned. Raises `ValueError` or `TypeError` for anything else."""
        listed, unlisted = value
        return cls([Finding(str(place), index, str(text)) for place, index, text in listed], int(unlisted))
