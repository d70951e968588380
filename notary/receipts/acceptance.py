# SPDX-License-Identifier: Apache-2.0
"""What a reader of receipts asks of them beyond proof: who may sign, in which chains, how deep, for production only.

::

    {"format": "loan-notary/acceptance@1", "environment": "production", "assurance": "co-signed",
     "chains": [{"chain_id": 1, "registries": ["0x..."], "code_hashes": ["0x..."]}], "confirmations": 64,
     "final": true, "log_keys": ["name+id+key"], "record_types": ["agreement"], "unanchored_seconds": 86400}

Every rule but `format` may be left out. Each one given is a check of its own in the report, on the link `policy`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from notary.canonical import parse_json
from notary.errors import Fault, ReceiptError
from notary.log.anchors import LOCAL_CHAINS, AnchorState
from notary.log.signed_note import parse_verifier
from notary.parties.signatures import Assurance
from notary.receipts.fields import Address, Hex32, Name, Whole, read_shape
from notary.receipts.report import Report, Status
from notary.receipts.sealed import Environment, SealedDocument
from notary.receipts.sealed_links import AnchorSeen
from notary.records import RECORD_TYPES, Record
from notary.records.fields import Model

FORMAT = "loan-notary/acceptance@1"
MAX_RULES = 64 * 1024
_RANKS = (Assurance.RECEIVED, Assurance.PARTY_SIGNED, Assurance.LENDER_SIGNED, Assurance.CO_SIGNED)
_Several = Field(strict=False, min_length=1, max_length=256)


class AllowedChain(Model):
    """A chain and the registries on it that count, and, where they are given, the code they may have."""

    chain_id: Whole
    registries: Annotated[tuple[Address, ...], _Several]
    code_hashes: Annotated[tuple[Hex32, ...], _Several] | None = None


class AcceptanceRules(Model):
    """The rules of one reader; None where there is none.

    Attributes:
        environment: the one that a receipt must be for; "production" allows no anchor on a local test chain either.
        assurance: the least that every record must have: received, party-signed, lender-signed or co-signed.
        chains: where an anchor must be.
        confirmations: blocks that must stand on the anchor's block; only a node can tell.
        final: whether the notary must have called an anchor final.
        log_keys: the logs, by their C2SP verifier keys.
        record_types: the types that records may have.
        unanchored_seconds: how long after a record was received its receipt may be without an anchor.
    """

    format: str = FORMAT
    environment: Environment | None = None
    assurance: Annotated[Assurance, Field(strict=False)] | None = None
    chains: Annotated[tuple[AllowedChain, ...], _Several] | None = None
    confirmations: Whole | None = None
    final: bool | None = None
    log_keys: Annotated[tuple[Name, ...], _Several] | None = None
    record_types: Annotated[tuple[Name, ...], _Several] | None = None
    unanchored_seconds: Whole | None = None


PRODUCTION = AcceptanceRules(environment="production")
"""The rules built in: nothing of a notary or a chain that is for tests."""


@dataclass(frozen=True)
class Established:
    """What the other links have shown: each record and its assurance, None where they broke; the anchors."""

    document: SealedDocument
    received_at: int
    records: Sequence[Record | None]
    assurances: Sequence[Assurance | None]
    anchors: Sequence[AnchorSeen]

    @property
    def types(self) -> list[str | None]:
        """The type of each record."""
        return [record.type if record else None for record in self.records]


def parse_rules(data: bytes) -> AcceptanceRules:
    """Read rules from JSON. Raises `InvalidInputError`: a rule that is not understood is none that could be kept."""
    value = parse_json(data, limit=MAX_RULES)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReceiptError(Fault("/format", f"only rules of the format {FORMAT} are known here"))
    for name, member in value.items():
        if member is None:
            raise ReceiptError(Fault(f"/{name}", "is left out where there is no such rule, never null"))
    rules = read_shape(AcceptanceRules, value)
    if rules.final is False:
        raise ReceiptError(Fault("/final", "is true, or left out"))
    for number, name in enumerate(rules.record_types or ()):
        if name not in RECORD_TYPES:
            raise ReceiptError(Fault(f"/record_types/{number}", "is not a known record type"))
    for key in rules.log_keys or ():
        parse_verifier(key)
    return rules


def apply_rules(rules: AcceptanceRules, found: Established, now: int, report: Report) -> None:
    """Add a check for each rule; `now` is in milliseconds since 1970."""
    for name, rule in _RULES.items():
        if getattr(rules, name) is not None:
            status, detail = rule(rules, found, now)
            report.add("policy", status, f"{name}: {detail}")


_Outcome = tuple[Status, str]
_Rule = Callable[[AcceptanceRules, Established, int], _Outcome]


def _environment(rules: AcceptanceRules, found: Established, _: int) -> _Outcome:
    said = found.document.environment
    if said != rules.environment:
        return Status.FAILED, f"the receipt is for {said}, {rules.environment} is wanted"
    local = [seen.anchor.chain_id for seen in found.anchors if seen.anchor.chain_id in LOCAL_CHAINS]
    if local and rules.environment == "production":
        return Status.FAILED, f"chain {local[0]} is a local test chain"
    return Status.OK, f"the receipt is for {said}, as its notary says"


def _log_keys(rules: AcceptanceRules, found: Established, _: int) -> _Outcome:
    key = found.document.log_key
    if key not in (rules.log_keys or ()):
        return Status.FAILED, f"{key} is none of the logs that are allowed"
    return Status.OK, f"{key} is allowed"


def _assurance(rules: AcceptanceRules, found: Established, _: int) -> _Outcome:
    wanted = rules.assurance
    assert wanted is not None
    known = [item for item in found.assurances if item is not None]
    if len(known) < len(found.assurances):
        return Status.NOT_CHECKED, "the signatures do not hold"
    least = min(known, key=_RANKS.index)
    if _RANKS.index(least) < _RANKS.index(wanted):
        return Status.FAILED, f"{least.value}, at least {wanted.value} is wanted"
    return Status.OK, f"{least.value}"


def _record_types(rules: AcceptanceRules, found: Established, _: int) -> _Outcome:
    allowed = rules.record_types or ()
    other = next((name for name in found.types if name is not None and name not in allowed), None)
    if other is not None:
        return Status.FAILED, f"{other} is none of the types that are allowed"
    if None in found.types:
        return Status.NOT_CHECKED, "a record could not be read"
    return Status.OK, "only types that are allowed"


def _chains(rules: AcceptanceRules, found: Established, _: int) -> _Outcome:
    if not found.anchors:
        return Status.PENDING, "not anchored yet"
    outcomes = [_chain(chain, seen) for chain in rules.chains or () for seen in found.anchors if _is_in(chain, seen)]
    if not outcomes:
        places = ", ".join(f"{seen.anchor.registry} on chain {seen.anchor.chain_id}" for seen in found.anchors)
        return Status.FAILED, f"anchored in {places}, which is not allowed"
    order = (Status.OK, Status.UNKNOWN, Status.NOT_CHECKED, Status.FAILED)
    return min(outcomes, key=lambda outcome: order.index(outcome[0]))


def _is_in(chain: AllowedChain, seen: AnchorSeen) -> bool:
    return seen.anchor.chain_id == chain.chain_id and seen.anchor.registry in chain.registries


def _chain(chain: AllowedChain, seen: AnchorSeen) -> _Outcome:
    place = f"registry {seen.anchor.registry} on chain {chain.chain_id}"
    if seen.code_hash is None and seen.depth is None:
        return Status.NOT_CHECKED, f"the anchor in {place} is not proved"
    if chain.code_hashes is None:
        return Status.OK, place
    if seen.code_hash is None:
        return Status.UNKNOWN, f"without evidence nobody can tell the code of {place}"
    if "0x" + seen.code_hash.hex() not in chain.code_hashes:
        return Status.FAILED, f"the code of {place} has hash 0x{seen.code_hash.hex()}, which is not allowed"
    return Status.OK, f"{place}, by its code"


def _confirmations(rules: AcceptanceRules, found: Established, _: int) -> _Outcome:
    if not found.anchors:
        return Status.PENDING, "not anchored yet"
    depths = [seen.depth for seen in found.anchors if seen.depth is not None]
    if not depths:
        return Status.UNKNOWN, "only a node can tell how many blocks stand on the anchor's"
    if max(depths) < (rules.confirmations or 0):
        return Status.FAILED, f"{max(depths)} blocks stand on the anchor's, {rules.confirmations} are wanted"
    return Status.OK, f"{max(depths)} blocks stand on the anchor's"


def _final(_: AcceptanceRules, found: Established, __: int) -> _Outcome:
    if not found.anchors:
        return Status.PENDING, "not anchored yet"
    if not any(seen.anchor.state is AnchorState.FINAL for seen in found.anchors):
        return Status.FAILED, "the notary has seen no anchor final yet"
    return Status.OK, "final, by the notary's word"


def _unanchored_seconds(rules: AcceptanceRules, found: Established, now: int) -> _Outcome:
    if found.anchors:
        return Status.OK, "anchored"
    age = (now - found.received_at) // 1000
    if age > (rules.unanchored_seconds or 0):
        return Status.FAILED, f"not anchored {age} s after it was received, {rules.unanchored_seconds} s are allowed"
    return Status.OK, f"not anchored {age} s after it was received"


_RULES: dict[str, _Rule] = {
    "environment": _environment,
    "log_keys": _log_keys,
    "assurance": _assurance,
    "record_types": _record_types,
    "chains": _chains,
    "confirmations": _confirmations,
    "final": _final,
    "unanchored_seconds": _unanchored_seconds,
}
