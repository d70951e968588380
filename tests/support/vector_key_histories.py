# SPDX-License-Identifier: Apache-2.0
"""Documents under one key of a log while another is trusted, for the published vectors, beside key histories."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.canonical import canonical_json
from notary.log.key_history import Succession, sign_succession, write_history
from notary.log.signed_note import NoteSigner
from tests.support import vector_receipts as make
from tests.support.vector_cases import Case, case
from tests.support.vector_histories import AGREED, history_of
from tests.support.vector_receipts import Members, sealed

BEGAN, DAY = 1_772_323_200_000, 86_400_000
FIRST, SECOND, THIRD, STRANGER = "log", "second", "third", "stranger"


def signer_of(*seeds: str) -> NoteSigner:
    """Return what signs with the keys of these seeds."""
    keys = [Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest()) for seed in seeds]
    return NoteSigner(make.ORIGIN, *keys)


def note_of(old: str, new: str) -> str:
    """Return a succession of two keys, given by their seeds."""
    return sign_succession(signer_of(old, new), BEGAN, BEGAN + 30 * DAY)


def key_of(seed: str) -> str:
    """Return a verifier key."""
    return signer_of(seed).verifier.format()


FIRST_NOTE, SECOND_NOTE = note_of(FIRST, SECOND), note_of(SECOND, THIRD)
HISTORY = write_history((FIRST_NOTE, SECOND_NOTE))


def key_history_cases() -> Iterator[Case]:
    """Yield receipts and history receipts, each beside a key history; those whose history is refused come last."""
    first, loan = make.agreement(), history_of(AGREED)
    second = make.receipt_by(signer_of(SECOND))
    yield _case("an older key signed, one step back", first, SECOND)
    yield _case("an older key signed, two steps back", first, THIRD)
    yield _case("a younger key signed, one step on", second, FIRST)
    yield _case("the key between two others is trusted", make.receipt_by(signer_of(THIRD)), SECOND)
    yield _case("the key that is trusted signed", first, FIRST)
    yield _case("successions in another order", first, THIRD, write_history((SECOND_NOTE, FIRST_NOTE)))
    yield _case("a history receipt of an older key", loan, THIRD)
    yield _case("no key ever followed another", first, FIRST, write_history(()))
    yield _case("without a succession no other key counts", first, SECOND, write_history(()), broken=True)
    yield _case("a key that the history does not lead to", first, THIRD, write_history((SECOND_NOTE,)), broken=True)
    apart = write_history((FIRST_NOTE, note_of(THIRD, STRANGER)))
    yield _case("successions that do not hang together", first, THIRD, apart, broken=True)
    forged = _case("an older key is named, and a stranger has sealed", sealed(first, signer_of(STRANGER)), THIRD)
    yield replace(forged, broken=frozenset({"seal"}))
    yield from (replace(_case(name, first, SECOND, history), is_refused=True) for name, history in _refused())


def _refused() -> Iterator[tuple[str, bytes]]:
    first, second = (signer_of(seed).verifier for seed in (FIRST, SECOND))
    lines = Succession(first, second, BEGAN, BEGAN).format()
    yield "a history of other keys", write_history((note_of(THIRD, STRANGER),))
    yield "the old key has not signed", write_history((signer_of(SECOND).sign_note(lines),))
    yield "the new key has not signed", write_history((signer_of(FIRST).sign_note(lines),))
    yield "a stranger has signed for the old key", write_history((signer_of(STRANGER, SECOND).sign_note(lines),))
    yield "a second succession that is forged", write_history((FIRST_NOTE, signer_of(THIRD).sign_note(lines)))
    yield "another time under the old signatures", write_history((FIRST_NOTE.replace("2026-03-01", "2026-03-02"),))
    for name, text in _other_texts(lines):
        yield name, write_history((signer_of(FIRST, SECOND).sign_note(text),))
    yield "one key that follows itself", write_history((FIRST_NOTE, note_of(FIRST, FIRST)))
    yield "the key of another log", write_history((_from_another_log(),))
    yield "a first line alone", write_history((lines.split("\n")[0],))
    yield "a checkpoint instead of a succession", write_history((make.agreement()["checkpoint"],))
    yield "no signatures", write_history((lines,))
    yield "not canonical", HISTORY + b" "
    yield "no JSON", b"x"
    yield "no object", b"[]"
    notes = [FIRST_NOTE]
    yield "another format", canonical_json({"format": "loan-notary/log-keys@2", "successions": notes})
    yield "a member more", canonical_json({"format": "loan-notary/log-keys@1", "successions": notes, "more": 1})
    yield "a succession that is no text", canonical_json({"format": "loan-notary/log-keys@1", "successions": [1]})
    yield "more than it may hold", write_history([FIRST_NOTE] * 700)


def _other_texts(lines: str) -> Iterator[tuple[str, str]]:
    """Yield texts that both keys sign, and that are no succession."""
    time = "2026-03-01T00:00:00.000Z"
    yield "another first line", lines.replace("log-key@1", "log-key@2")
    yield "another origin", lines.replace(make.ORIGIN, "other.example/log", 1)
    yield "a seventh line", lines + "more\n"
    yield "a line too few", lines.removesuffix(time + "\n")
    yield "no time", lines.replace(time, "soon", 1)
    yield "a day that is none", lines.replace("2026-03-01", "2026-02-30", 1)
    yield "no key", lines.replace(key_of(FIRST), "nonsense")


def _from_another_log() -> str:
    second = signer_of(SECOND)
    text = Succession(make.OTHER_LOG.verifier, second.verifier, BEGAN, BEGAN).format()
    return make.OTHER_LOG.sign_note(text) + second.sign_note(text).rpartition("\n\n")[2]


def _case(name: str, members: Members, trusted: str, history: bytes = HISTORY, *, broken: bool = False) -> Case:
    links: Sequence[str] = ("seal", "checkpoint") if broken else ()
    return replace(case(name, members, *links, log_key=key_of(trusted)), key_history=history)
