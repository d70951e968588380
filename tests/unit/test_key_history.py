# SPDX-License-Identifier: Apache-2.0
"""Key histories: which keys they tie together, and every way in which one proves nothing."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.canonical import canonical_json
from notary.errors import InvalidInputError, SignedNoteError
from notary.log.key_history import (
    Succession,
    choose_key,
    open_succession,
    parse_history,
    read_related,
    related_keys,
    sign_succession,
    source_of,
    write_history,
)
from notary.log.signed_note import NoteSigner
from tests.support.builders import NOW, ORIGIN

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes((number,)) * 32) for number in range(4)]
A, B, C, D = (NoteSigner(ORIGIN, key) for key in KEYS)
FIRST = Succession(A.verifier, B.verifier, NOW, NOW + 1000)
SECOND = Succession(B.verifier, C.verifier, NOW + 5000, NOW + 5000)
NOTES = (
    sign_succession(NoteSigner(ORIGIN, KEYS[0], KEYS[1]), NOW, NOW + 1000),
    sign_succession(NoteSigner(ORIGIN, KEYS[1], KEYS[2]), NOW + 5000, NOW + 5000),
)


def test_a_succession_is_read_back() -> None:
    assert open_succession(NOTES[0]) == FIRST
    assert NOTES[0].count("\n— ") == 2
    assert parse_history(write_history(NOTES)) == (FIRST, SECOND)
    assert parse_history(write_history(())) == ()


@pytest.mark.parametrize("signers", [(0,), (1,), (2, 1), (0, 2), (2, 3)])
def test_both_keys_must_have_signed(signers: tuple[int, ...]) -> None:
    with pytest.raises(SignedNoteError):
        open_succession(NoteSigner(ORIGIN, *(KEYS[number] for number in signers)).sign_note(FIRST.format()))


def test_two_keys_of_one_log_are_asked_for() -> None:
    with pytest.raises(SignedNoteError, match="two keys"):
        open_succession(A.sign_note(Succession(A.verifier, A.verifier, NOW, NOW).format()))
    other = NoteSigner("other.example/log", KEYS[1])
    text = Succession(A.verifier, other.verifier, NOW, NOW).format()
    with pytest.raises(SignedNoteError, match="two keys"):
        open_succession(A.sign_note(text) + other.sign_note(text).rpartition("\n\n")[2])


def test_every_changed_character_is_refused() -> None:
    for place, character in enumerate(NOTES[0]):
        changed = NOTES[0][:place] + ("x" if character != "x" else "y") + NOTES[0][place + 1 :]
        with pytest.raises(InvalidInputError):
            open_succession(changed)


@pytest.mark.parametrize("text", ["", "\n", "loan-notary/log-key@1\n" * 6, A.sign_note("a\n" * 6)])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        open_succession(text)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", canonical_json({"format": "loan-notary/log-keys@2", "successions": []}),
        canonical_json({"format": "loan-notary/log-keys@1", "successions": [], "more": 1}),
        canonical_json({"format": "loan-notary/log-keys@1", "successions": ["note"]}),
        write_history(NOTES).replace(b'"format"', b' "format"'),
    ],
)  # fmt: skip
def test_what_is_no_history_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_history(data)


def test_keys_are_related_over_any_number_of_steps_both_ways() -> None:
    history = (FIRST, SECOND)
    assert set(related_keys(A.verifier, history)) == {B.verifier, C.verifier}
    assert set(related_keys(B.verifier, history)) == {A.verifier, C.verifier}
    assert set(related_keys(C.verifier, history)) == {A.verifier, B.verifier}
    assert related_keys(A.verifier, (FIRST,)) == (B.verifier,)
    assert related_keys(D.verifier, ()) == ()
    with pytest.raises(SignedNoteError, match="says nothing of"):
        related_keys(D.verifier, history)


def test_the_key_that_is_named_is_chosen_only_if_it_is_trusted() -> None:
    named = B.verifier.format()
    assert choose_key(named, None, ()) == B.verifier
    assert choose_key(named, A.verifier, ()) == A.verifier
    assert choose_key(named, A.verifier, (B.verifier,)) == B.verifier
    assert choose_key(D.verifier.format(), A.verifier, (B.verifier,)) == A.verifier
    assert source_of(A.verifier, A.verifier, "receipt") == "given by you"
    assert A.verifier.format() in source_of(B.verifier, A.verifier, "receipt")


def test_a_file_of_history_needs_a_key_that_is_trusted(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_bytes(write_history(NOTES))
    assert set(read_related(A.verifier, file)) == {B.verifier, C.verifier}
    assert read_related(None, None) == ()
    with pytest.raises(SignedNoteError, match="that you trust"):
        read_related(None, file)
