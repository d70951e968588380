# SPDX-License-Identifier: Apache-2.0
"""The errors: the tree that their module draws is the tree that they form."""

from inspect import getmembers, isclass

import pytest

import notary.errors
from notary.errors import (
    DuplicateRecordError,
    Fault,
    InvalidInputError,
    NotaryError,
    RefusedError,
    SequenceError,
    TransitionError,
)

CLASSES = {name: member for name, member in getmembers(notary.errors, isclass) if issubclass(member, Exception)}


def drawn_tree() -> dict[str, str]:
    """Return each class of the drawing and the one that it hangs on."""
    above: list[str] = []
    parents = {}
    for line in (notary.errors.__doc__ or "").splitlines():
        branch, _, rest = line.partition("── ")
        name = (rest if rest else branch).split("  ")[-1 if not rest else 0].strip()
        if rest:
            depth = (len(branch) - 4) // 4
            parents[name] = above[depth]
            above[depth + 1 :] = [name]
        elif name == "NotaryError":
            above = [name]
    return parents


def test_the_drawing_is_the_tree() -> None:
    real = {name: cls.__bases__[0].__name__ for name, cls in CLASSES.items() if cls is not NotaryError}
    assert drawn_tree() == real
    assert NotaryError.__bases__ == (Exception,)


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_says_when_it_is_raised(name: str) -> None:
    assert name.endswith("Error")
    words = (CLASSES[name].__doc__ or "").split()
    assert words[:2] == ["Raised", "when"] or name == "NotaryError"


def test_faults_make_the_text() -> None:
    error = InvalidInputError(Fault("/amount", "is required"), Fault("", "must be an object"))
    assert str(error) == "/amount: is required; /: must be an object"
    assert [fault.check for fault in error.faults] == ["C1", "C1"]


REFUSALS = [
    (DuplicateRecordError("id-1", 7), ("id-1", 7), "C4", "/id"),
    (SequenceError("/sequence", 3, 2), ("/sequence", 3, 2), "C2", "/sequence"),
    (SequenceError("/previous", "aa", "none"), ("/previous", "aa", "none"), "C2", "/previous"),
    (TransitionError("repayment", "settled", ("agreed", "active")), ("repayment", "settled", ("agreed", "active")),
     "C6", "/type"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "values", "check", "pointer"), REFUSALS)
def test_a_refusal_can_be_raised_again_from_its_values(
    error: RefusedError, values: tuple[object, ...], check: str, pointer: str
) -> None:
    again = type(error)(*error.values)
    assert error.values == again.values == values
    assert (str(again), again.check, again.pointer) == (str(error), check, pointer)


def test_a_refusal_names_what_it_met() -> None:
    texts = [str(error) for error, *_ in REFUSALS]
    assert texts == [
        "record id-1 is in the log already, at entry 7, with other content",
        "sequence is 3, but the loan's next record needs 2",
        "previous is aa, but the loan's next record needs none",
        "a loan that is settled takes no repayment (only one that is agreed or active)",
    ]
