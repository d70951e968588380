# SPDX-License-Identifier: Apache-2.0
"""What pydantic says about a record, in the words and pointers of this project."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from notary.errors import Fault
from notary.records.fields import PATTERN_WORDS
from notary.records.money import AMOUNT_PATTERNS, TAGS

MAX_FAULTS = 100
"""Only so many faults of one record are told; a hostile one could have a fault in every other byte."""

_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda ctx: "is required",
    "extra_forbidden": lambda ctx: "is not a member of this record type",
    "string_type": lambda ctx: "must be a string",
    "int_type": lambda ctx: "must be an integer",
    "bool_type": lambda ctx: "must be true or false",
    "tuple_type": lambda ctx: "must be a list",
    "model_type": lambda ctx: "must be an object",
    "model_attributes_type": lambda ctx: "must be an object",
    "string_pattern_mismatch": lambda ctx: PATTERN_WORDS[ctx["pattern"]],
    "string_too_long": lambda ctx: f"must have at most {ctx['max_length']} characters",
    "literal_error": lambda ctx: f"must be {ctx['expected']}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']}",
    "too_short": lambda ctx: f"must have at least {ctx['min_length']} item",
    "too_long": lambda ctx: f"must have at most {ctx['max_length']} items",
}


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """Return one `Fault` for each member that pydantic refused, in the order of the model's members."""
    details = error.errors(include_url=False, include_input=False)[:MAX_FAULTS]
    # A list whose items are all wrong is not too short as well, though pydantic counts only the right ones.
    lists = {detail["loc"][:depth] for detail in details for depth in range(1, len(detail["loc"]))}
    return tuple(_fault(detail) for detail in details if detail["type"] != "too_short" or detail["loc"] not in lists)


def pointer_to(location: Sequence[str | int]) -> str:
    """Write a path of member names and list indexes as an RFC 6901 JSON Pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


def _fault(detail: ErrorDetails) -> Fault:
    kind, context, location = detail["type"], detail.get("ctx", {}), detail["loc"]
    # A tag stands for the choice of a model, not for a member; only an unknown member may have its name.
    path = [step for step in location[:-1] if step not in TAGS] + list(location[-1:])
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_fault(kind, context, pointer_to(path))
    check = "C5" if kind == "string_pattern_mismatch" and context["pattern"] in AMOUNT_PATTERNS else "C1"
    return Fault(pointer_to(path), _WORDS[kind](context), check)


def _tag_fault(kind: str, context: dict[str, Any], pointer: str) -> Fault:
    member = context["discriminator"].strip("'")
    if kind == "union_tag_not_found":
        return Fault(f"{pointer}/{member}", "is required")
    if member == "currency":
        return Fault(f"{pointer}/currency", "is not the code of an active currency (ISO 4217)", "C5")
    return Fault(f"{pointer}/{member}", f"must be one of {context['expected_tags']}")
