# SPDX-License-Identifier: Apache-2.0
"""A lender's policy: what it may say, and that it is written down whole."""

from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from notary.canonical import parse_canonical
from notary.errors import InvalidPolicyError
from notary.history import DEFAULT_POLICY, Policy
from notary.policies import (
    CODES,
    MAX_POLICY,
    NOTARYS_OWN,
    REFUSABLE,
    LenderPolicy,
    Policies,
    policy_members,
    policy_text,
    read_policy,
    stored_members,
)
from notary.stores.sqlite import SqliteStore
from tests.support.builders import NOW, VAULT, add_lender

_OF_THE_LAW = ("apr_methods", "apr_caps", "category_days")
CHOSEN: dict[str, Any] = {
    "refuse": ["F6", "F3"],
    "require_documents": ["agreement", "amendment"],
    "thresholds": {
        "backdated_days": 5, "future_seconds": 0, "unit_tolerance": 2, "interest_days": 4, "apr_tolerance": "0.0025",
        "grace_days": 15, "burst_records": 7, "burst_seconds": 60, "burst_days": 90, "pattern_records": 12,
    },
}  # fmt: skip


def test_a_policy_is_read_and_written_whole() -> None:
    policy = read_policy(CHOSEN)
    thresholds = dict(CHOSEN["thresholds"], apr_tolerance=Decimal("0.0025"))
    assert policy.thresholds == replace(DEFAULT_POLICY, **thresholds)
    assert [code for code in CODES if policy_members(policy)["refuse"].count(code)] == ["F3", "F6"]
    assert policy.requires_documents("agreement")
    assert not policy.requires_documents("repayment")
    members = parse_canonical(policy_text(policy).encode(), limit=MAX_POLICY)
    assert members == {**CHOSEN, "refuse": ["F3", "F6"]} == policy_members(policy)
    assert read_policy(members) == policy


def test_what_is_not_named_is_the_notary_s_own() -> None:
    assert read_policy({}) == NOTARYS_OWN == LenderPolicy(frozenset(), frozenset(), DEFAULT_POLICY)
    assert read_policy({"thresholds": {"grace_days": 3}}).thresholds == replace(DEFAULT_POLICY, grace_days=3)
    assert read_policy(policy_members(NOTARYS_OWN)) == NOTARYS_OWN
    assert stored_members(None) == policy_members(NOTARYS_OWN)


def test_the_smallest_and_the_largest_are_taken() -> None:
    for name, value in (("grace_days", 0), ("grace_days", 365), ("pattern_records", 2), ("apr_tolerance", "0")):
        assert policy_members(read_policy({"thresholds": {name: value}}))["thresholds"][name] == value


def test_every_threshold_is_the_lender_s_or_the_law_s() -> None:
    named = {field.name for field in fields(Policy)}
    assert set(policy_members(NOTARYS_OWN)["thresholds"]) | set(_OF_THE_LAW) == named


def test_all_findings_but_silence_may_be_refused() -> None:
    assert set(CODES) - set(REFUSABLE) == {"F22"}
    assert policy_members(read_policy({"refuse": list(REFUSABLE)}))["refuse"] == list(REFUSABLE)


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        ([], "", "object"),
        ("x", "", "object"),
        ({"refuses": []}, "/refuses", "no member"),
        ({"a/b~": 1}, "/a~1b~0", "no member"),
        ({"refuse": "F6"}, "/refuse", "list"),
        ({"refuse": ["F6", "F99"]}, "/refuse/1", "finding's code"),
        ({"refuse": [{}]}, "/refuse/0", "finding's code"),
        ({"refuse": ["F3", "F22"]}, "/refuse/1", "did not come"),
        ({"refuse": ["F3", "F6", "F3"]}, "/refuse/2", "twice"),
        ({"require_documents": ["agreement", "letter"]}, "/require_documents/1", "record type"),
        ({"require_documents": None}, "/require_documents", "list"),
        ({"thresholds": []}, "/thresholds", "object"),
        ({"thresholds": {"apr_caps": []}}, "/thresholds/apr_caps", "law"),
        ({"thresholds": {"grace": 1}}, "/thresholds/grace", "no threshold"),
        ({"thresholds": {"grace_days": "10"}}, "/thresholds/grace_days", "whole number from 0 to 365"),
        ({"thresholds": {"grace_days": True}}, "/thresholds/grace_days", "whole number"),
        ({"thresholds": {"grace_days": -1}}, "/thresholds/grace_days", "whole number"),
        ({"thresholds": {"grace_days": 366}}, "/thresholds/grace_days", "whole number"),
        ({"thresholds": {"pattern_records": 1}}, "/thresholds/pattern_records", "from 2"),
        ({"thresholds": {"apr_tolerance": 1}}, "/thresholds/apr_tolerance", "decimal string"),
        ({"thresholds": {"apr_tolerance": "1"}}, "/thresholds/apr_tolerance", "decimal string"),
        ({"thresholds": {"apr_tolerance": "0.0010"}}, "/thresholds/apr_tolerance", "decimal string"),
        ({"thresholds": {"apr_tolerance": "1e-3"}}, "/thresholds/apr_tolerance", "decimal string"),
    ],
)
def test_what_no_policy_can_say(value: Any, pointer: str, words: str) -> None:
    with pytest.raises(InvalidPolicyError) as refusal:
        read_policy(value)
    [fault] = refusal.value.faults
    assert (fault.pointer, words in fault.detail) == (pointer, True)


def test_every_fault_is_named() -> None:
    with pytest.raises(InvalidPolicyError) as refusal:
        read_policy({"refuse": ["F0"], "thresholds": {"grace_days": -1, "x": 1}, "more": 1})
    assert [fault.pointer for fault in refusal.value.faults] == [
        "/more", "/refuse/0", "/thresholds/grace_days", "/thresholds/x",
    ]  # fmt: skip


def test_a_policy_is_in_force_from_its_moment_on(tmp_path: Path) -> None:
    store = SqliteStore.create(tmp_path / "notary.db", VAULT)
    lender = add_lender(store, "A", b"a", NOW)
    policies = Policies(store)
    assert policies.of(lender) is NOTARYS_OWN
    assert policies.at(lender, NOW) == (0, NOTARYS_OWN)
    strict = read_policy({"refuse": ["F6"]})
    store.set_policy(lender.number, policy_text(strict), NOW, "a" * 16)
    # Whoever was read before the change is still judged by what was in force then.
    assert policies.of(lender) is NOTARYS_OWN
    lender = store.lender(lender.number)
    assert policies.of(lender) == strict
    assert policies.of(lender) is policies.of(lender)
    store.set_policy(lender.number, policy_text(NOTARYS_OWN), NOW + 10, "a" * 16)
    assert policies.of(store.lender(lender.number)) == NOTARYS_OWN
    lender = store.lender(lender.number)
    at = [policies.at(lender, moment) for moment in (NOW - 1, NOW, NOW + 9, NOW + 10)]
    assert at == [(0, NOTARYS_OWN), (1, strict), (1, strict), (2, NOTARYS_OWN)]
    store.close()
