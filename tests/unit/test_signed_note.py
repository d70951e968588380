# SPDX-License-Identifier: Apache-2.0
"""Signed notes: the published example, and every rule of C2SP signed-note."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.encoding import b64, parse_b64
from notary.errors import SignedNoteError
from notary.log.signed_note import MAX_SIGNATURES, NoteSigner, NoteVerifier, earlier_forms, open_note, parse_verifier
from tests.support.builders import log_signer
from tests.support.trees import flipped

# golang.org/x/mod sumdb/note/note_test.go: keys, text and signature.
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SKEY = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PETER_NOTE = f"{PETER_TEXT}\n{PETER_LINE}"
PETER = parse_verifier(PETER_VKEY)
# C2SP signed-note, the example; its key is not published.
QUASIMODO = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Ze"
    "kRwNtIc=\n"
)
LOG = log_signer()


def refusal(note: str, *known: NoteVerifier) -> str:
    with pytest.raises(SignedNoteError) as refused:
        open_note(note, *known)
    return refused.value.faults[0].detail


def test_the_published_note_opens() -> None:
    assert open_note(PETER_NOTE, PETER) == PETER_TEXT
    assert open_note(PETER_NOTE, LOG.verifier, PETER) == PETER_TEXT


def test_signing_gives_the_published_note() -> None:
    signer = NoteSigner("PeterNeumann", Ed25519PrivateKey.from_private_bytes(parse_b64(PETER_SKEY)[1:]))
    assert signer.verifier == PETER
    assert signer.verifier.format() == PETER_VKEY
    assert signer.sign_note(PETER_TEXT) == PETER_NOTE


def test_the_example_of_the_specification_is_well_formed() -> None:
    assert refusal(QUASIMODO, LOG.verifier) == "no signature by a known key"
    both = QUASIMODO + LOG.sign_note("Ognuno\n").rpartition("\n\n")[2]
    assert "is wrong" in refusal(both, LOG.verifier)
    text = QUASIMODO.rpartition("\n\n")[0] + "\n"
    cosigned = QUASIMODO + LOG.sign_note(text).rpartition("\n\n")[2]
    assert open_note(cosigned, LOG.verifier) == text


def test_every_changed_character_is_refused() -> None:
    for place in range(len(PETER_NOTE)):
        character = chr(ord(PETER_NOTE[place]) ^ 1)
        assert refusal(PETER_NOTE[:place] + character + PETER_NOTE[place + 1 :], PETER)


def test_a_signature_of_an_unknown_key_is_passed_over_and_a_wrong_one_of_a_known_key_is_not() -> None:
    unknown = log_signer("other.example/log").sign_note(PETER_TEXT).rpartition("\n\n")[2]
    assert open_note(PETER_NOTE + unknown, PETER) == PETER_TEXT
    wrong = log_signer().sign_note("other text\n").rpartition("\n\n")[2]
    assert open_note(PETER_NOTE + wrong, PETER) == PETER_TEXT
    assert refusal(PETER_NOTE + wrong, PETER, LOG.verifier) == f"the signature of {LOG.verifier.name} is wrong"
    assert refusal(PETER_NOTE) == "no signature by a known key"


def test_a_key_of_the_same_name_or_the_same_id_is_another_key() -> None:
    same_name = log_signer("PeterNeumann", "another key").verifier
    assert refusal(PETER_NOTE, same_name) == "no signature by a known key"
    assert refusal(PETER_NOTE.replace("— PeterNeumann", "— PeterPan"), PETER) == "no signature by a known key"


def test_a_key_that_is_no_point_refuses_the_note() -> None:
    odd = NoteVerifier("PeterNeumann", b"\x01" * 31)
    line = f"— PeterNeumann {b64(odd.key_id + bytes(64))}\n"
    assert refusal(f"{PETER_TEXT}\n{line}", odd) == "the signature of PeterNeumann is wrong"


def test_the_signature_must_have_64_bytes() -> None:
    blob = parse_b64(PETER_LINE.split(" ")[2].strip())
    for changed in (blob[:-1], blob + b"\x00", blob[:5], flipped(blob, 40)):
        assert "is wrong" in refusal(f"{PETER_TEXT}\n— PeterNeumann {b64(changed)}\n", PETER)


@pytest.mark.parametrize(
    ("note", "words"),
    [
        pytest.param("", "no block of signatures", id="nothing"),
        pytest.param(PETER_TEXT, "no block of signatures", id="no signature"),
        pytest.param(PETER_TEXT + PETER_LINE, "no block of signatures", id="no empty line"),
        pytest.param(PETER_NOTE[:-1], "no block of signatures", id="no line feed at the end"),
        pytest.param(PETER_TEXT + "\n\n", "no block of signatures", id="an empty block"),
        pytest.param(PETER_NOTE + "\n", "no block of signatures", id="an empty line at the end"),
        pytest.param(PETER_NOTE.replace("\n", "\r\n"), "control characters", id="Windows line ends"),
        pytest.param(PETER_NOTE.replace(" you", "\tyou"), "control characters", id="a tab"),
        pytest.param(PETER_NOTE.replace("you", "\x7f"), "control characters", id="a delete character"),
        pytest.param(PETER_NOTE.replace("you", "\ud800"), "control characters", id="a surrogate"),
        pytest.param(PETER_TEXT + "\n-" + PETER_LINE[1:], "is not a signature line", id="a hyphen for the dash"),
        pytest.param(PETER_NOTE.replace("— Peter", "—  Peter"), "is not a signature line", id="two spaces"),
        pytest.param(PETER_NOTE.replace("PeterN", "Peter N"), "is not a signature line", id="a space in the name"),
        pytest.param(PETER_NOTE.replace("PeterN", "Peter\u00a0N"), "is not a signature line", id="another space in it"),
        pytest.param(PETER_NOTE.replace("PeterN", "Peter+N"), "is not a signature line", id="a plus in the name"),
        pytest.param(PETER_NOTE.replace("PeterNeumann", ""), "is not a signature line", id="no name"),
        pytest.param(PETER_NOTE.replace("AM=", "AM"), "not base64", id="no padding"),
        pytest.param(PETER_NOTE.replace("AM=", "AN="), "not base64", id="stray bits"),
        pytest.param(PETER_NOTE.replace("AM=", "A-="), "is not a signature line", id="base64url"),
        pytest.param(PETER_NOTE.replace("AM=\n", "AM= \n"), "is not a signature line", id="a space at the end"),
        pytest.param(f"{PETER_TEXT}\n— PeterNeumann x08gow==\n", "shorter than its key ID", id="no signature bytes"),
        pytest.param(PETER_NOTE + PETER_LINE * MAX_SIGNATURES, "more than 100 signatures", id="101 signatures"),
        pytest.param("a" * 1_000_000 + PETER_NOTE, "too long", id="a million characters"),
    ],
)
def test_what_is_no_signed_note(note: str, words: str) -> None:
    assert words in refusal(note, PETER)


def test_a_hundred_signatures_are_read() -> None:
    assert open_note(PETER_NOTE + PETER_LINE * (MAX_SIGNATURES - 1), PETER) == PETER_TEXT


def test_the_last_empty_line_divides() -> None:
    text = f"{PETER_NOTE}\n\nmore\n"
    assert open_note(LOG.sign_note(text), LOG.verifier) == text


def test_every_mangled_verifier_key_is_refused() -> None:
    # As in note_test.go: every proper part of it, and every character raised by one.
    length = len(PETER_VKEY)
    parts = {PETER_VKEY[i:j] for i in range(length + 1) for j in range(i, length + 1)} - {PETER_VKEY}
    raised = {PETER_VKEY[:i] + chr(ord(PETER_VKEY[i]) + 1) + PETER_VKEY[i + 1 :] for i in range(length)}
    for vkey in parts | raised:
        with pytest.raises(SignedNoteError):
            parse_verifier(vkey)


@pytest.mark.parametrize(
    "vkey",
    [
        pytest.param("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", id="wrong length"),
        pytest.param("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", id="unknown algorithm"),
        pytest.param(PETER_VKEY.replace("c74f20a3", "C74F20A3"), id="capital hex"),
        pytest.param(PETER_VKEY + "\n", id="line feed"),
        pytest.param(replace(PETER, name="\ud800").name + PETER_VKEY, id="a surrogate in the name"),
        pytest.param(PETER_VKEY.replace("+", " "), id="spaces"),
        pytest.param("é" + PETER_VKEY[-50:], id="no plus"),
    ],
)
def test_what_is_no_verifier_key(vkey: str) -> None:
    with pytest.raises(SignedNoteError):
        parse_verifier(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2028b", "a\x00", "a\u3000b", "a\ud800", "a" * 201])
def test_what_is_no_key_name(name: str) -> None:
    with pytest.raises(SignedNoteError, match="cannot be a key name"):
        log_signer(name)


def test_a_signer_shows_nothing_private() -> None:
    assert "Ed25519" not in repr(vars(LOG.verifier))
    assert repr(LOG) == object.__repr__(LOG)


# --- several keys of one log


def two_keys() -> tuple[NoteSigner, NoteSigner, NoteSigner]:
    """Return the signers of two keys of one name, each alone and both together."""
    keys = [Ed25519PrivateKey.from_private_bytes(bytes((number,)) * 32) for number in (1, 2)]
    return NoteSigner("log", keys[0]), NoteSigner("log", keys[1]), NoteSigner("log", *keys)


def test_a_note_carries_a_line_of_each_key_in_their_order() -> None:
    old, new, both = two_keys()
    note = both.sign_note("text\n")
    assert note == old.sign_note("text\n") + new.sign_note("text\n").rpartition("\n\n")[2]
    assert [open_note(note, signer.verifier) for signer in (old, new)] == ["text\n"] * 2
    assert both.verifier == old.verifier
    assert both.known == (old.verifier, new.verifier)
    assert both.sign(b"x") == old.sign(b"x")
    assert both.current() is both


def test_a_note_is_endorsed_once_and_only_if_a_known_key_has_signed_it() -> None:
    old, _, both = two_keys()
    later = NoteSigner("log", new_key := Ed25519PrivateKey.from_private_bytes(b"\2" * 32), retired=(old.verifier,))
    note = old.sign_note("text\n")
    assert (later.has_signed(note), later.have_all_signed(note), both.has_signed(note)) == (False, False, True)
    assert both.have_all_signed(note) is False
    endorsed = later.endorse(note)
    assert endorsed == both.sign_note("text\n")
    assert later.endorse(endorsed) == endorsed
    assert later.has_signed(endorsed)
    assert both.have_all_signed(endorsed)
    with pytest.raises(SignedNoteError):
        NoteSigner("log", new_key).endorse(note)
    with pytest.raises(SignedNoteError):
        later.endorse(note.replace("text", "next"))


def test_a_note_s_earlier_forms_have_fewer_lines() -> None:
    old, _, both = two_keys()
    note = both.sign_note("a\n\nb\n")
    assert list(earlier_forms(note)) == [note, old.sign_note("a\n\nb\n")]
    assert list(earlier_forms(old.sign_note("text\n"))) == [old.sign_note("text\n")]
    assert list(earlier_forms("text\n")) == ["text\n"]
