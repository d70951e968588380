# SPDX-License-Identifier: Apache-2.0
"""Bad envelopes for the API: what is wrong with their form, and with who signed them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson

from notary.canonical import canonical_json
from notary.encoding import b64url, parse_b64url
from notary.envelope import EnvelopeSigner, sign_envelope
from notary.schemes import PrivateKey, generate_key
from tests.support.api import Api, agreement, repayment
from tests.support.bad_records import OPEN, Body, Row, invalid, malformed
from tests.support.builders import signed

PROTECTED = "/signatures/0/protected"


def envelope(
    *keys: str, change: Callable[[dict[str, Any]], None] = lambda value: None, payload: bytes | None = None
) -> Callable[[Api], bytes]:
    """Make a body: a new agreement, signed by the named keys of the fixture, changed afterwards."""

    def make(api: Api) -> bytes:
        known = {"lender": api.bank.key, "borrower": api.bank.borrower, "stranger": STRANGER, "other": api.other.key}
        value = orjson.loads(signed(agreement(str(uuid4()), api.bank), *(known[key] for key in keys)))
        if payload is not None:
            value["payload"] = b64url(payload)
        change(value)
        return orjson.dumps(value)

    return make


STRANGER = generate_key("EdDSA")


def header(alg: str | None = None, **members: Any) -> Callable[[dict[str, Any]], None]:
    """Write the first signature's protected header anew, without signing it again."""

    def change(value: dict[str, Any]) -> None:
        first = value["signatures"][0]
        old = orjson.loads(parse_b64url(first["protected"]))
        first["protected"] = b64url(canonical_json({**old, **({"alg": alg} if alg else {}), **members}))

    return change


def signature(**members: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["signatures"][0].update(members)


def member(name: str, new: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value.update({name: new})


def twice(value: dict[str, Any]) -> None:
    value["signatures"].append(value["signatures"][0])


def flipped(value: dict[str, Any]) -> None:
    text = value["signatures"][0]["signature"]
    value["signatures"][0]["signature"] = ("A" if text[0] != "A" else "B") + text[1:]


def swapped(value: dict[str, Any]) -> None:
    first, second = value["signatures"]
    first["signature"], second["signature"] = second["signature"], first["signature"]


def resigned(alg: str) -> Callable[[Api], bytes]:
    """Sign properly, but under the name of another algorithm."""

    def make(api: Api) -> bytes:
        key: PrivateKey = api.bank.key
        payload = canonical_json(agreement(str(uuid4()), api.bank))
        return sign_envelope(payload, EnvelopeSigner(alg, key.public.kid, key.sign)).encode()

    return make


def wrong_type(api: Api) -> bytes:
    key = api.bank.key
    payload = b64url(canonical_json(agreement(str(uuid4()), api.bank)))
    protected = b64url(canonical_json({"alg": "EdDSA", "kid": key.public.kid, "typ": "JWT"}))
    made = {"protected": protected, "signature": b64url(key.sign(f"{protected}.{payload}".encode()))}
    return orjson.dumps({"payload": payload, "signatures": [made]})


def spaced_payload(api: Api) -> bytes:
    key = api.bank.key
    signer = EnvelopeSigner("EdDSA", key.public.kid, key.sign)
    payload = orjson.dumps(agreement(str(uuid4()), api.bank), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return sign_envelope(payload, signer).encode()


def other_borrower(api: Api) -> bytes:
    """Sign by a registered borrower's key that is not the one in the agreement."""
    stranger = generate_key("EdDSA")
    value = agreement(str(uuid4()), api.bank)
    value["parties"][1]["key"] = stranger.public.kid
    return signed(value, api.bank.key, api.bank.borrower)


def bad_envelope(body: Body, pointer: str) -> Row:
    return Row(body, 422, "invalid-envelope", (pointer,))


def unknown_key(body: Body, pointer: str) -> Row:
    return Row(body, 422, "unknown-key", (pointer,))


def bad_signature(body: Body, pointer: str) -> Row:
    return Row(body, 422, "invalid-signature", (pointer,))


ENVELOPE_ROWS = {
    "flipped signature": bad_signature(envelope("lender", "borrower", change=flipped), "/signatures/0"),
    "signatures swapped": bad_signature(envelope("lender", "borrower", change=swapped), "/signatures/0"),
    "no bytes for a signature": bad_signature(envelope("lender", change=signature(signature="")), "/signatures/0"),
    "unknown key": unknown_key(envelope("lender", "stranger"), "/signatures/1"),
    "key of another lender": unknown_key(envelope("other"), "/signatures/0"),
    "borrower only": bad_signature(envelope("borrower"), "/signatures"),
    "a borrower that the agreement does not name": bad_signature(other_borrower, "/signatures/1"),
    "other payload": bad_signature(
        envelope("lender", payload=canonical_json(repayment(OPEN))), "/signatures/0"
    ),
    "alg of the other scheme": bad_signature(resigned("ES256"), "/signatures/0"),
    "alg none": bad_signature(resigned("none"), "/signatures/0"),
    "alg HS256": bad_signature(resigned("HS256"), "/signatures/0"),
    "alg swapped afterwards": bad_signature(envelope("lender", change=header(alg="ES256")), "/signatures/0"),
    "one signer twice": bad_envelope(envelope("lender", change=twice), "/signatures"),
    "unprotected header": bad_envelope(envelope("lender", change=signature(header={"kid": "x"})), "/signatures/0"),
    "unprotected header that is empty": bad_envelope(envelope("lender", change=signature(header={})), "/signatures/0"),
    "crit in the header": bad_envelope(envelope("lender", change=header(crit=["b64"], b64=False)), PROTECTED),
    "jwk in the header": bad_envelope(envelope("lender", change=header(jwk=STRANGER.public.jwk)), PROTECTED),
    "kid as a number": bad_envelope(envelope("lender", change=header(kid=7)), PROTECTED),
    "another typ": bad_envelope(wrong_type, PROTECTED),
    "header not canonical": bad_envelope(
        envelope("lender", change=signature(protected=b64url(b'{ "alg":"EdDSA","kid":"x","typ":"y"}'))),
        PROTECTED,
    ),
    "header that is no JSON": bad_envelope(envelope("lender", change=signature(protected="AAAA")), PROTECTED),
    "padding": bad_envelope(envelope("lender", change=signature(signature="AA==")), "/signatures/0/signature"),
    "signature as a number": bad_envelope(envelope("lender", change=signature(signature=1)), "/signatures/0/signature"),
    "signature as null": bad_envelope(envelope("lender", change=signature(signature=None)), "/signatures/0/signature"),
    "no signatures member": bad_envelope(b'{"payload":"e30"}', ""),
    "another member": bad_envelope(envelope("lender", change=member("extra", 1)), ""),
    "signatures as an object": bad_envelope(envelope("lender", change=member("signatures", {})), "/signatures"),
    "signatures as strings": bad_envelope(envelope("lender", change=member("signatures", ["x"])), "/signatures/0"),
    "17 signatures": bad_envelope(
        envelope("lender", change=lambda value: value.update(signatures=value["signatures"] * 17)), "/signatures"
    ),
    "payload as an object": bad_envelope(envelope(change=member("payload", {})), "/payload"),
    "payload not base64url": bad_envelope(envelope(change=member("payload", "e3+0")), "/payload"),
    "payload with loose bits": bad_envelope(envelope(change=member("payload", "e31")), "/payload"),
    "payload that is no JSON": malformed(orjson.dumps({"payload": "AAAA", "signatures": []})),
    "payload too long": bad_envelope(
        orjson.dumps({"payload": b64url(b" " * (64 * 1024 + 1)), "signatures": []}), "/payload"
    ),
    "payload no record": invalid(orjson.dumps({"payload": b64url(b"[]"), "signatures": []}), ""),
    "signed payload not canonical": Row(spaced_payload, 400, "malformed-json", ("",)),
    "unsigned payload not canonical": Row(envelope(payload=b' {"a":1}'), 400, "malformed-json", ("",)),
}  # fmt: skip
