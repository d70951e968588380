# SPDX-License-Identifier: Apache-2.0
"""A lender's own policy: with which thresholds its loans are measured, and what it will not have in the log.

::

    policy = read_policy(parse_json(body, limit=MAX_POLICY))
    policy.thresholds.backdated_days, policy.refuses("F6"), policy.requires_documents("agreement")

A policy is complete: a threshold that the lender did not name is written down as it was that day, so that no lender's
findings change with the notary's own defaults. What follows from the law (caps, risk categories, how a yearly rate is
computed) is no lender's to set.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from notary.canonical import canonical_json
from notary.errors import Fault, InvalidPolicyError
from notary.history import CHECKS, DEFAULT_POLICY, Policy
from notary.ports.parties import Lender
from notary.ports.policies import PolicyStore, PolicyVersion
from notary.records import RECORD_TYPES

MAX_POLICY = 16 * 1024
"""Bytes of the largest policy that is taken."""

_FROM_THE_LAW = frozenset({"apr_methods", "apr_caps", "category_days"})
_TOLERANCE = "apr_tolerance"
THRESHOLD_LIMITS: Mapping[str, tuple[int, int]] = {
    "backdated_days": (0, 36_500),
    "future_seconds": (0, 86_400),
    "unit_tolerance": (0, 100),
    "interest_days": (0, 31),
    "grace_days": (0, 365),
    "burst_records": (2, 1_000_000),
    "burst_seconds": (0, 86_400),
    "burst_days": (0, 36_500),
    "pattern_records": (2, 1_000_000),
}
"""The thresholds that are whole numbers, each with the smallest and the largest that is taken."""
RETENTION_LIMITS = (0, 36_500)
_FRACTION = re.compile(r"0|0\.[0-9]{0,5}[1-9]")

_ABSENCE = "F22"
CODES = tuple(dict.fromkeys(code for codes, _ in CHECKS for code in codes.split()))
REFUSABLE = tuple(code for code in CODES if code != _ABSENCE)
"""The codes that a policy may refuse: F22 is about what did not come, and rests on no new record."""


@dataclass(frozen=True)
class LenderPolicy:
    """What a lender asks of its own records.

    Attributes:
        refuse: codes of findings; a record on which such a finding would rest is refused.
        require_documents: record types whose documents must be with the notary when the record comes.
        thresholds: what findings are measured with.
        retention_days: how long after its last record a settled loan is due to be erased; None is never.
    """

    refuse: frozenset[str] = frozenset()
    require_documents: frozenset[str] = frozenset()
    thresholds: Policy = DEFAULT_POLICY
    retention_days: int | None = None

    def requires_documents(self, record_type: str) -> bool:
        """Tell whether a record of this type is taken only once the notary has its documents."""
        return record_type in self.require_documents


NOTARYS_OWN = LenderPolicy()
"""The policy of a lender that has set none."""


class Policies:
    """The policies of all lenders. A version never changes, so each is read from the store once."""

    def __init__(self, store: PolicyStore) -> None:
        self._store = store
        self._version = lru_cache(maxsize=1024)(self._read_version)

    def of(self, lender: Lender) -> LenderPolicy:
        """Return the policy in force. Costs nothing for a lender without one, and a dictionary's look-up for others.

        The version stands in `lender`, as the store gave it for this request: a change is in force from the next
        request on, in all processes.
        """
        return self._version(lender.number, lender.policy) if lender.policy else NOTARYS_OWN

    def at(self, lender: Lender, moment: int) -> tuple[int, LenderPolicy]:
        """Return the number and the policy that was in force at a moment, in milliseconds since 1970.

        The number is 0 for the notary's own.
        """
        found = self._store.policy_at(lender.number, moment) if lender.policy else None
        return (found.version, self._version(lender.number, found.version)) if found else (0, NOTARYS_OWN)

    def _read_version(self, lender: int, version: int) -> LenderPolicy:
        return read_policy(orjson.loads(self._store.policy(lender, version).text))


def stored_members(stored: PolicyVersion | None) -> dict[str, Any]:
    """Return the members of a stored policy, or of the notary's own."""
    members: dict[str, Any] = orjson.loads(stored.text) if stored else policy_members(NOTARYS_OWN)
    return members


def policy_text(policy: LenderPolicy) -> str:
    """Return a policy as the store keeps it: canonical JSON."""
    return canonical_json(policy_members(policy)).decode()


def policy_members(policy: LenderPolicy) -> dict[str, Any]:
    """Return a policy as JSON, complete; `read_policy` reads it."""
    thresholds = {name: getattr(policy.thresholds, name) for name in THRESHOLD_LIMITS}
    return {
        "refuse": [code for code in CODES if code in policy.refuse],
        "require_documents": sorted(policy.require_documents),
        "thresholds": {**thresholds, _TOLERANCE: f"{policy.thresholds.apr_tolerance:f}"},
        **({} if policy.retention_days is None else {"retention_days": policy.retention_days}),
    }


def read_policy(value: Any) -> LenderPolicy:
    """Read a policy; what it does not name is as in the notary's own. Raises `InvalidPolicyError`."""
    if not isinstance(value, dict):
        raise InvalidPolicyError(Fault("", "must be an object"))
    faults = [
        *_unknown(value, "", ("refuse", "require_documents", "thresholds", "retention_days")),
        *_retention_faults(value),
        *_list_faults(value.get("refuse", []), "/refuse", REFUSABLE, "a finding's code that can be refused"),
        *_list_faults(value.get("require_documents", []), "/require_documents", RECORD_TYPES, "a record type"),
        *_threshold_faults(value.get("thresholds", {})),
    ]
    if faults:
        raise InvalidPolicyError(*faults)
    chosen = dict(value.get("thresholds", {}))
    if _TOLERANCE in chosen:
        chosen[_TOLERANCE] = Decimal(chosen[_TOLERANCE])
    return LenderPolicy(
        frozenset(value.get("refuse", [])),
        frozenset(value.get("require_documents", [])),
        replace(DEFAULT_POLICY, **chosen),
        value.get("retention_days"),
    )


def _unknown(value: Mapping[str, Any], pointer: str, known: Any) -> Iterator[Fault]:
    for name in value:
        if name not in known:
            yield Fault(f"{pointer}/{_token(name)}", "is no member of a policy")


def _list_faults(value: Any, pointer: str, known: Any, what: str) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault(pointer, "must be a list")
        return
    for place, item in enumerate(value):
        if item == _ABSENCE and pointer == "/refuse":
            yield Fault(
                f"{pointer}/{place}", f"{_ABSENCE} is about what did not come: no new record can bring it about"
            )
        elif not isinstance(item, str) or item not in known:
            yield Fault(f"{pointer}/{place}", f"is not {what}")
        elif item in value[:place]:
            yield Fault(f"{pointer}/{place}", "stands there twice")


def _threshold_faults(value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault("/thresholds", "must be an object")
        return
    for name, given in value.items():
        pointer = f"/thresholds/{_token(name)}"
        if name == _TOLERANCE:
            if not isinstance(given, str) or not _FRACTION.fullmatch(given):
                yield Fault(pointer, 'must be a decimal string from "0" to below "1" with at most 6 decimals')
        elif name in THRESHOLD_LIMITS:
            low, high = THRESHOLD_LIMITS[name]
            if type(given) is not int or not low <= given <= high:
                yield Fault(pointer, f"must be a whole number from {low} to {high}")
        elif name in _FROM_THE_LAW:
            yield Fault(pointer, "follows from the law and is not the lender's to set")
        else:
            yield Fault(pointer, "is no threshold")


def _retention_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    days = value.get("retention_days", 0)
    low, high = RETENTION_LIMITS
    if type(days) is not int or not low <= days <= high:
        yield Fault("/retention_days", f"must be a whole number from {low} to {high}")


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
