# SPDX-License-Identifier: Apache-2.0
"""Who may do what through the API: keys and scopes, auditors and grants, loan passes, and the log of it all."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key
from api.access.oauth import ASSERTION_TYPE
from api.access.scopes import ANYBODY, SCOPES
from api.clock import now
from notary.access import ROLES, ApiKey, key_id
from notary.encoding import format_time
from notary.receipts.report import Verdict
from notary.records.administration import ADMINISTRATION
from tests.support.api import PROBLEM, Api, agreement, repayment, running_api
from tests.support.builders import ORIGIN

DAY = 24 * 3_600_000


@dataclass(frozen=True)
class Key:
    """An API key by itself, as a caller has it."""

    api_key: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("access") / "data") as api:
        for loan in ("G-1", "G-2"):
            assert api.submit(agreement(loan, api.bank)).status_code == 201
            assert api.submit(repayment(loan)).status_code == 201
        assert api.submit(agreement("O-1", api.other), by=api.other).status_code == 201
        yield api


def post(api: Api, path: str, members: object = None, by: Any = None) -> TestResponse:
    return api.request("POST", path, orjson.dumps({} if members is None else members), by=by)


@pytest.fixture(scope="module")
def operator(api: Api) -> Key:
    made, secret = api.services.access.add_organisation("The operator", "operator", now()), new_api_key()
    digest = hash_secret(secret)
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["operator"], now()), digest)
    return Key(secret)


def organisation(api: Api, operator: Key, role: str) -> tuple[int, Key]:
    answer = post(api, "/v1/organisations", {"name": f"The {role}", "role": role}, by=operator)
    assert (answer.status_code, answer.json["role"]) == (201, role)
    return answer.json["number"], Key(answer.json["api_key"])


def soon(days: int = 1) -> str:
    return format_time(now() + days * DAY)


def acts(api: Api, by: Any = None) -> list[tuple[str, str]]:
    """Return the acts in an organisation's administration, with their subjects."""
    timeline = api.get(f"/v1/loans/{ADMINISTRATION}", by=by)
    if timeline.status_code == 404:
        return []
    records = [api.get(f"/v1/records/{line['id']}", by=by).json["record"] for line in timeline.json["records"]]
    return [(record["act"], record["subject"]) for record in records]


# --- keys and scopes


def test_every_endpoint_has_a_line_in_the_table_of_scopes(api: Api) -> None:
    public = {"log", "health", "pages", "document"}
    endpoints = {rule.endpoint for rule in api.app.url_map.iter_rules() if rule.endpoint.split(".")[0] not in public}
    assert endpoints == SCOPES.keys()


def test_every_endpoint_that_wants_a_key_refuses_without_one(api: Api) -> None:
    for rule in api.app.url_map.iter_rules():
        if SCOPES.get(rule.endpoint, ANYBODY) == ANYBODY:
            continue
        path = "/".join("x" if part.startswith("<") else part for part in rule.rule.split("/"))
        [method] = rule.methods - {"HEAD", "OPTIONS"}
        for header in ({}, {"Authorization": "Bearer ln_nobody"}, {"Authorization": "Basic eA=="}):
            answer = api.app.test_client().open(path, method=method, headers=header, data=b"{}")
            assert (answer.status_code, answer.mimetype) == (401, PROBLEM), (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_with_fewer_scopes_does_less(api: Api) -> None:
    made = post(api, "/v1/api-keys", {"name": "reports", "scopes": ["records:read"], "expires_at": soon()})
    assert made.status_code == 201
    reports = Key(made.json["api_key"])
    assert api.get("/v1/loans/G-1", by=reports).status_code == 200
    for answer in (
        api.submit(repayment("G-1"), by=reports),
        post(api, "/v1/api-keys", {"name": "x", "scopes": ["records:read"]}, by=reports),
        api.get("/v1/passes", by=reports),
    ):
        assert (answer.status_code, answer.mimetype) == (403, PROBLEM)
        assert "has not the scope" in answer.json["detail"]
    listed = {item["id"]: item for item in api.get("/v1/api-keys").json["api_keys"]}[made.json["id"]]
    assert (listed["name"], listed["scopes"]) == ("reports", ["records:read"])
    assert listed["last_used_at"] is not None
    assert "api_key" not in listed
    assert ("api_key.create", made.json["id"]) in acts(api)


def test_nobody_hands_out_more_than_he_has(api: Api) -> None:
    made = post(api, "/v1/api-keys", {"name": "keys only", "scopes": ["access:write"]})
    keys_only = Key(made.json["api_key"])
    more = post(api, "/v1/api-keys", {"name": "more", "scopes": ["access:write", "records:read"]}, by=keys_only)
    assert (more.status_code, more.json["errors"][0]["pointer"]) == (422, "/scopes/1")
    first = api.get("/v1/api-keys").json["api_keys"][0]
    assert post(api, f"/v1/api-keys/{first['id']}/rotation", {}, by=keys_only).status_code == 409


def test_a_rotated_key_and_the_old_one_overlap(api: Api) -> None:
    old = post(api, "/v1/api-keys", {"name": "a", "scopes": ["records:read"]}).json
    new = post(api, f"/v1/api-keys/{old['id']}/rotation", {"overlap_seconds": 3600}).json
    assert (new["name"], new["scopes"]) == (old["name"], old["scopes"])
    for key in (old, new):
        assert api.get("/v1/loans/G-1", by=Key(key["api_key"])).status_code == 200
    at_once = post(api, f"/v1/api-keys/{new['id']}/rotation", {"overlap_seconds": 0}).json
    answer = api.get("/v1/loans/G-1", by=Key(new["api_key"]))
    assert (answer.status_code, answer.json["detail"]) == (401, "this API key has expired")
    assert api.get("/v1/loans/G-1", by=Key(at_once["api_key"])).status_code == 200
    assert post(api, f"/v1/api-keys/{new['id']}/rotation").status_code == 409


def test_a_revoked_key_opens_nothing(api: Api) -> None:
    made = post(api, "/v1/api-keys", {"name": "a", "scopes": ["records:read"]}).json
    for _ in range(2):
        assert post(api, f"/v1/api-keys/{made['id']}/revocation").json["revoked_at"] is not None
    answer = api.get("/v1/loans/G-1", by=Key(made["api_key"]))
    assert (answer.status_code, answer.json["detail"]) == (401, "this API key was revoked")
    assert post(api, f"/v1/api-keys/{made['id']}/revocation", by=api.other).status_code == 404


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"name": "x"}, ""),
        ({"name": "", "scopes": ["records:read"]}, "/name"),
        ({"name": "x" * 257, "scopes": ["records:read"]}, "/name"),
        ({"name": "a\nb", "scopes": ["records:read"]}, "/name"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": "records:read"}, "/scopes"),
        ({"name": "x", "scopes": ["records:eat"]}, "/scopes/0"),
        ({"name": "x", "scopes": ["organisations:write"]}, "/scopes/0"),
        ({"name": "x", "scopes": ["records:read"], "expires_at": "tomorrow"}, "/expires_at"),
        ({"name": "x", "scopes": ["records:read"], "expires_at": 5}, "/expires_at"),
        ({"name": "x", "scopes": ["records:read"], "expires_at": "2020-01-01T00:00:00.000Z"}, "/expires_at"),
    ],
)
def test_bad_keys(api: Api, members: dict[str, Any], pointer: str) -> None:
    before = len(api.get("/v1/api-keys").json["api_keys"])
    answer = post(api, "/v1/api-keys", members)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert len(api.get("/v1/api-keys").json["api_keys"]) == before


# --- auditors


def grant(api: Api, auditor: int, by: Any = None, **more: Any) -> TestResponse:
    return post(api, "/v1/grants", {"auditor": auditor, "expires_at": soon(), **more}, by=by)


def test_an_auditor_reads_what_was_granted_and_nothing_else(api: Api, operator: Key) -> None:
    number, auditor = organisation(api, operator, "auditor")
    bank = api.bank.lender.number
    paths = [f"/v1/loans/G-1?lender={bank}", f"/v1/loans/G-1/receipt?lender={bank}", f"/v1/findings?lender={bank}"]
    record = api.get("/v1/loans/G-1").json["records"][0]["id"]
    paths += [f"/v1/records/{record}?lender={bank}", f"/v1/records/{record}/receipt?lender={bank}"]
    assert {api.get(path, by=auditor).status_code for path in paths} == {404}
    made = grant(api, number, loan="G-1")
    assert made.status_code == 201
    assert {api.get(path, by=auditor).status_code for path in paths} == {200}
    moment = format_time(now())
    as_lender = api.get(f"/v1/loans/G-1?as_of={moment}").json
    assert api.get(f"{paths[0]}&as_of={moment}", by=auditor).json == as_lender
    verified = api.services.verifier.verify(api.get(paths[4], by=auditor).data)
    assert verified.verdict is Verdict.VALID
    other_record = api.get("/v1/loans/G-2").json["records"][0]["id"]
    for path in (
        f"/v1/loans/G-2?lender={bank}", f"/v1/loans/G-2/receipt?lender={bank}",
        f"/v1/records/{other_record}?lender={bank}", f"/v1/records/{other_record}/receipt?lender={bank}",
        f"/v1/loans/O-1?lender={api.other.lender.number}",
        "/v1/loans/G-1", f"/v1/loans/{ADMINISTRATION}?lender={bank}", "/v1/loans/G-1?lender=999999999",
    ):  # fmt: skip
        assert api.get(path, by=auditor).status_code == 404, path
    # What an auditor may not do is refused, and changes nothing.
    assert api.submit(repayment("G-1"), by=auditor).status_code == 403
    assert grant(api, number, by=auditor).status_code == 403
    assert post(api, f"/v1/grants/{made.json['id']}/revocation", by=auditor).status_code == 403
    assert api.get("/v1/grants", by=auditor).json == {"grants": [made.json]}
    assert post(api, f"/v1/grants/{made.json['id']}/revocation", by=api.other).status_code == 404
    assert post(api, f"/v1/grants/{made.json['id']}/revocation").json["revoked_at"] is not None
    assert {api.get(path, by=auditor).status_code for path in paths if "findings" not in path} == {404}
    assert api.get(f"/v1/findings?lender={bank}", by=auditor).data == b""
    assert [act for act in acts(api) if act[1] == made.json["id"]] == [
        ("grant.make", made.json["id"]), ("grant.revoke", made.json["id"]),
    ]  # fmt: skip


def test_a_grant_by_the_time_in_which_loans_began(api: Api, operator: Key) -> None:
    number, auditor = organisation(api, operator, "auditor")
    bank = api.bank.lender.number
    began = api.services.store.loan_began(bank, "G-1")
    assert began is not None
    made = grant(api, number, began_from=format_time(began + 1)).json
    assert api.get(f"/v1/loans/G-1?lender={bank}", by=auditor).status_code == 404
    post(api, f"/v1/grants/{made['id']}/revocation")
    grant(api, number, began_from=format_time(began), began_until=format_time(began + 1))
    assert api.get(f"/v1/loans/G-1?lender={bank}", by=auditor).status_code == 200
    grant(api, number, began_until=format_time(began))
    assert api.get(f"/v1/loans/G-1?lender={bank}", by=auditor).status_code == 200


def test_the_operator_grants_for_a_lender_and_reads_no_loan(api: Api, operator: Key) -> None:
    number, auditor = organisation(api, operator, "auditor")
    operator_number, operator = organisation(api, operator, "operator")
    bank = api.bank.lender.number
    assert grant(api, number, by=operator).status_code == 422
    assert grant(api, number, by=operator, lender=bank).status_code == 201
    assert api.get(f"/v1/loans/G-2?lender={bank}", by=auditor).status_code == 200
    assert api.get(f"/v1/loans/G-2?lender={bank}", by=operator).status_code == 404
    assert api.submit(repayment("G-1"), by=operator).status_code == 403
    names = {item["number"]: item["role"] for item in api.get("/v1/organisations", by=operator).json["organisations"]}
    assert (names[bank], names[number], names[operator_number]) == ("lender", "auditor", "operator")
    assert api.get("/v1/organisations").status_code == 403


@pytest.mark.parametrize(
    "more",
    [
        {"auditor": 999},
        {"auditor": "2"},
        {"lender": 999},
        {"expires_at": "2020-01-01T00:00:00.000Z"},
        {"loan": 5},
        {"x": 1},
    ],
)
def test_bad_grants(api: Api, operator: Key, more: dict[str, Any]) -> None:
    number, _ = organisation(api, operator, "auditor")
    before = api.get("/v1/grants").json
    assert grant(api, more.pop("auditor", number), **more).status_code == 422
    assert api.get("/v1/grants").json == before


# --- loan passes


def test_a_pass_opens_one_loan(api: Api) -> None:
    made = post(api, "/v1/passes", {"loan": "G-1", "expires_at": soon()})
    assert made.status_code == 201
    assert made.json["link"] == f"/loan#{made.json['secret']}"
    borrower = Key(made.json["secret"])
    moment = format_time(now())
    shown = api.get(f"/v1/my-loan?as_of={moment}", by=borrower)
    assert shown.status_code == 200
    whole = api.get(f"/v1/loans/G-1?as_of={moment}").json
    assert {name: shown.json[name] for name in whole} == whole
    assert (shown.json["lender"], shown.json["pass"]["id"]) == ("示范银行", made.json["id"])
    receipt = api.get(f"/v1/my-loan/records/{whole['records'][0]['id']}/receipt", by=borrower)
    assert api.services.verifier.verify(receipt.data).verdict is Verdict.VALID
    other = api.get("/v1/loans/G-2").json["records"][0]["id"]
    assert api.get(f"/v1/my-loan/records/{other}/receipt", by=borrower).status_code == 404
    for path in ("/v1/loans/G-1", "/v1/passes", "/v1/api-keys"):
        assert api.get(path, by=borrower).status_code == 401
    assert api.get("/v1/my-loan").status_code == 401
    [listed] = [item for item in api.get("/v1/passes").json["passes"] if item["id"] == made.json["id"]]
    assert listed["last_used_at"] is not None
    assert "secret" not in listed
    assert api.get("/v1/passes", by=api.other).json == {"passes": []}
    assert post(api, f"/v1/passes/{made.json['id']}/revocation", by=api.other).status_code == 404
    assert post(api, f"/v1/passes/{made.json['id']}/revocation").json["revoked_at"] is not None
    answer = api.get("/v1/my-loan", by=borrower)
    assert (answer.status_code, answer.json["detail"]) == (401, "this loan pass was withdrawn by the lender")
    assert [act for act in acts(api) if act[1] == made.json["id"]] == [
        ("pass.mint", made.json["id"]), ("pass.revoke", made.json["id"]),
    ]  # fmt: skip


def test_no_pass_for_a_loan_that_is_not_there(api: Api) -> None:
    for loan in ("O-1", "G-9"):
        assert post(api, "/v1/passes", {"loan": loan, "expires_at": soon()}).status_code == 404
    assert post(api, "/v1/passes", {"loan": "G-1", "expires_at": "2020-01-01T00:00:00.000Z"}).status_code == 422
    assert post(api, "/v1/passes", {"loan": "G-1"}).status_code == 422


# --- OAuth


@pytest.fixture(scope="module")
def client_key(api: Api) -> OKPKey:
    key = OKPKey.generate_key("Ed25519")
    jwk = {name: key.as_dict()[name] for name in ("crv", "kty", "x")}
    made = post(api, "/v1/client-keys", {"jwk": jwk})
    assert (made.status_code, made.json["client_id"]) == (201, str(api.bank.lender.number))
    assert post(api, "/v1/client-keys", {"jwk": jwk}).status_code == 200
    return key


def assertion(api: Api, key: OKPKey, **changes: Any) -> str:
    client = str(api.bank.lender.number)
    claims = {"iss": client, "sub": client, "aud": ORIGIN, "exp": int(time.time()) + 60, "jti": f"jti-{time.time_ns()}"}
    return jwt.encode({"alg": "Ed25519"}, claims | changes, key, algorithms=["Ed25519"])


def token(api: Api, signed: str, **changes: str) -> TestResponse:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    return api.app.test_client().post("/v1/oauth/token", data=form | changes)


def test_a_token_for_a_signed_assertion(api: Api, client_key: OKPKey) -> None:
    signed = assertion(api, client_key)
    answer = token(api, signed, scope="records:read")
    assert answer.status_code == 200
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == (
        "Bearer",
        600,
        "records:read",
    )
    assert answer.headers["Cache-Control"] == "no-store"
    bearer = Key(answer.json["access_token"])
    assert api.get("/v1/loans/G-1", by=bearer).status_code == 200
    assert api.submit(repayment("G-1"), by=bearer).status_code == 403
    again = token(api, signed)
    assert (again.status_code, again.json["error"]) == (401, "invalid_client")
    assert (
        api.submit(repayment("G-1"), by=Key(token(api, assertion(api, client_key)).json["access_token"])).status_code
        == 201
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "2"}, {"sub": "2"}, {"aud": "another.example/log"}, {"aud": []}, {"exp": 5}, {"exp": 2**40},
        {"exp": "soon"}, {"jti": "short"}, {"jti": 7}, {"jti": "x" * 200}, {"iss": "99999"},
        {"iss": "x"}, {"iss": None},
    ],
)  # fmt: skip
def test_assertions_that_are_refused(api: Api, client_key: OKPKey, changes: dict[str, Any]) -> None:
    answer = token(api, assertion(api, client_key, **changes))
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_other_keys_and_algorithms_are_refused(api: Api, client_key: OKPKey) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    good = assertion(api, client_key)
    header, payload, _ = good.split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{payload}."
    for bad in (
        assertion(api, stranger),
        unsigned,
        f"{header}.{payload}.",
        "a.b.c",
        "",
        "x" * 5000,
        "é.é.é",
        good[:-4] + "AAAA",
    ):
        answer = token(api, bad)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), bad[:40]


def test_bad_token_requests(api: Api, client_key: OKPKey) -> None:
    signed = assertion(api, client_key)
    for change, code in (
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"scope": "organisations:write"}, "invalid_scope"),
    ):
        answer = token(api, signed, **change)
        assert (answer.status_code, answer.json["error"]) == (400, code)
    assert api.request("POST", "/v1/oauth/token", b"{}").status_code == 415


def test_a_revoked_client_key_signs_nothing(api: Api) -> None:
    key = OKPKey.generate_key("Ed25519")
    made = post(api, "/v1/client-keys", {"jwk": {name: key.as_dict()[name] for name in ("crv", "kty", "x")}})
    assert token(api, assertion(api, key)).status_code == 200
    assert post(api, f"/v1/client-keys/{made.json['kid']}/revocation", by=api.other).status_code == 404
    assert post(api, f"/v1/client-keys/{made.json['kid']}/revocation").json["revoked_at"] is not None
    assert token(api, assertion(api, key)).status_code == 401
    wallet = {"kty": "urn:loan-notary:kty:ethereum-address", "address": "0x" + "ab" * 20}
    assert post(api, "/v1/client-keys", {"jwk": wallet}).status_code == 422


# --- the log of it all


def test_acts_of_other_kinds_are_written_down_too(api: Api) -> None:
    before = acts(api)
    made = post(api, "/v1/webhooks", {"url": "https://example.com/", "events": ["record.final"]}).json
    api.request("DELETE", f"/v1/webhooks/{made['id']}")
    assert api.request("PUT", "/v1/policy", b'{"thresholds":{"grace_days":12}}').status_code == 200
    assert api.request("PUT", "/v1/policy", b'{"thresholds":{"grace_days":12}}').status_code == 200
    kid = api.bank.borrower.public.kid
    assert post(api, f"/v1/keys/{kid}/revocation", {"from": soon(30)}).status_code == 200
    new = acts(api)[len(before) :]
    assert [act for act, _ in new] == ["webhook.add", "webhook.remove", "policy.set", "party_key.revoke"]
    assert [subject for _, subject in new] == [made["id"], made["id"], new[2][1], kid]


def test_nobody_but_the_notary_writes_administration(api: Api) -> None:
    real = api.get(f"/v1/loans/{ADMINISTRATION}").json["records"][0]["id"]
    record = api.get(f"/v1/records/{real}").json["record"] | {"id": "01998d2e-5c00-7a31-8f42-6d1f0c2c00ff"}
    answer = api.submit(record)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/type")
    answer = api.submit(repayment("urn:loan-notary:administration"))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/loan")
    assert json.loads(api.batch(orjson.dumps(record)).data)["status"] == 422


def test_administration_is_proved_like_any_record(api: Api) -> None:
    first = api.get(f"/v1/loans/{ADMINISTRATION}").json["records"][0]
    report = api.services.verifier.verify(api.get(f"/v1/records/{first['id']}/receipt").data)
    assert (report.verdict, report.facts["type"]) == (Verdict.VALID, "administration")


def test_no_secret_is_in_the_log(api: Api) -> None:
    key = post(api, "/v1/api-keys", {"name": "a", "scopes": ["records:read"]}).json["api_key"]
    secret = post(api, "/v1/passes", {"loan": "G-1", "expires_at": soon()}).json["secret"]
    written = b"".join(record.payload for record, _ in api.services.store.records())
    assert b"api_key.create" in written
    assert key.encode() not in written
    assert secret.encode() not in written
