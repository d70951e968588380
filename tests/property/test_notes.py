# SPDX-License-Identifier: Apache-2.0
"""Signed notes, verifier keys, checkpoints and entries on arbitrary text."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.encoding import b64
from notary.errors import CheckpointError, CorruptLogError, SignedNoteError
from notary.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from notary.log.entries import ENTRY_SIZE, RecordEntry, parse_record_entry
from notary.log.signed_note import NoteVerifier, open_note, parse_verifier
from tests.support.builders import ORIGIN, log_signer

LOG = log_signer()
ANY_TEXT = st.text() | st.text(st.characters(codec=None, categories=["Cs", "Cc", "L", "Z"]))
LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30)
TEXTS = st.lists(LINES, min_size=1, max_size=5).map(lambda lines: "\n".join(lines) + "\n")
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Z"], exclude_characters="+"), min_size=1, max_size=40
)
HASHES = st.binary(min_size=32, max_size=32)
NOTE_LIKE = st.lists(
    st.sampled_from(
        ["\n", "\n\n", "— ", ORIGIN, " ", b64(LOG.verifier.key_id + bytes(64)), "text", "+", "AAAAAAAA", "—"]
    ),
    max_size=12,
).map("".join)


@given(TEXTS)
def test_a_signed_text_comes_back(text: str) -> None:
    assert open_note(LOG.sign_note(text), LOG.verifier) == text


@given(ANY_TEXT | NOTE_LIKE)
def test_no_text_opens_that_was_not_signed(note: str) -> None:
    with pytest.raises(SignedNoteError):
        open_note(note, LOG.verifier)


@given(TEXTS, st.data())
def test_no_changed_note_opens_as_another_text(text: str, data: st.DataObject) -> None:
    note = LOG.sign_note(text)
    place = data.draw(st.integers(0, len(note)))
    end = data.draw(st.integers(place, min(len(note), place + 3)))
    changed = note[:place] + data.draw(ANY_TEXT) + note[end:]
    with suppress(SignedNoteError):
        assert open_note(changed, LOG.verifier) == text


@given(NAMES, HASHES)
def test_verifier_keys_come_back(name: str, key: bytes) -> None:
    verifier = NoteVerifier(name, key)
    assert parse_verifier(verifier.format()) == verifier


@given(ANY_TEXT | st.text(alphabet="ab+01ARpc2QcU=/", max_size=60))
def test_whatever_is_read_as_a_verifier_key_is_written_so(vkey: str) -> None:
    with suppress(SignedNoteError):
        assert parse_verifier(vkey).format() == vkey


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1), st.integers(0, 10**15 - 1), HASHES)
def test_checkpoints_come_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint(checkpoint.format()) == checkpoint
    ours = Checkpoint(ORIGIN, size, root)
    assert open_checkpoint(sign_checkpoint(ours, LOG), LOG.verifier) == ours


@given(
    ANY_TEXT
    | st.builds(
        "{}\n{}\n{}\n".format,
        st.text(max_size=5),
        st.text(alphabet="0123456789+-_ ", max_size=5),
        HASHES.map(b64) | st.text(alphabet="AZaz09+/=", max_size=50),
    )
)
def test_whatever_is_read_as_a_checkpoint_is_written_so(text: str) -> None:
    with suppress(CheckpointError):
        assert parse_checkpoint(text).format() == text


@given(HASHES, HASHES)
def test_entries_come_back(tag: bytes, commitment: bytes) -> None:
    entry = RecordEntry(tag, commitment)
    assert parse_record_entry(entry.encode()) == entry


@given(
    st.binary(max_size=70)
    | st.binary(min_size=ENTRY_SIZE - 1, max_size=ENTRY_SIZE + 1).map(lambda data: b"\x01" + data[1:])
)
def test_whatever_is_read_as_an_entry_is_written_so(data: bytes) -> None:
    with suppress(CorruptLogError):
        assert parse_record_entry(data).encode() == data
