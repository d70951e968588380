# SPDX-License-Identifier: Apache-2.0
"""The words of the commands on loans: whatever the notary may say has one in both languages."""

import pytest

from api.cli import words
from notary.access_log import KINDS
from notary.history import Severity
from notary.lifecycle.stages import STAGES
from notary.log.anchors import AnchorState
from notary.parties.signatures import Assurance
from notary.records import RECORD_TYPES


def test_nothing_is_without_words() -> None:
    assert words.TYPES.keys() == RECORD_TYPES.keys()
    assert words.STAGES.keys() == set(STAGES)
    assert words.SEVERITIES.keys() == {item.value for item in Severity}
    assert words.ASSURANCES.keys() == {item.value for item in Assurance}
    # What a record's summary says: recorded, or the state of an anchor that is in a block.
    assert words.ANCHORS.keys() == {"recorded", AnchorState.MINED.value, AnchorState.FINAL.value}
    assert words.READS.keys() == set(KINDS)
    tables = (words.LABELS, words.TYPES, words.STAGES, words.SEVERITIES, words.ASSURANCES, words.ANCHORS)
    for table in (*tables, words.READERS, words.READS):
        assert all(chinese and english for chinese, english in table.values())


def test_words_are_filled_in_and_unknown_ones_said_as_they_are() -> None:
    assert words.say(words.TYPES, "write_off", "zh") == "核销"
    assert words.say(words.TYPES, "margin_call", "zh") == "margin_call"
    assert words.say(words.TYPES, "margin_call", "en") == "margin call"
    values = {"no": 3, "due": "2026-01-01", "open": "CNY 1.00"}
    assert words.say(words.LABELS, "next_due_row", "en", **values) == "2026-01-01, instalment 3: CNY 1.00"
    assert words.say(words.LABELS, "next_due_row", "zh", **values) == "2026-01-01 第 3 期，CNY 1.00"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C", "LC_ALL": "zh_TW.UTF-8", "LC_MESSAGES": "de_DE"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_terminal_s_language(environment: dict[str, str], language: str) -> None:
    assert words.terminal_language(environment) == language
