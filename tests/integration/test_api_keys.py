# SPDX-License-Identifier: Apache-2.0
"""Keys and roots through the API: registered, listed, replaced, revoked, and told apart from other lenders'."""

from collections.abc import Iterator

import orjson
import pytest
from werkzeug.test import TestResponse

from api.clock import now
from notary.encoding import format_time
from notary.envelope import sign_envelope
from notary.schemes import PrivateKey, generate_key
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.builders import signed
from tests.support.certificates import YEAR, Authority

HOUR = 3_600_000


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("keys") / "data") as api:
        yield api


def post(api: Api, path: str, **members: object) -> TestResponse:
    return api.request("POST", path, orjson.dumps(members))


def registered(api: Api, party: str, **times: object) -> PrivateKey:
    key = generate_key("EdDSA")
    assert post(api, "/v1/keys", party=party, jwk=key.public.jwk, **times).status_code == 201
    return key


def refused(response: TestResponse, kind: str) -> str:
    assert response.status_code in (409, 422), response.data
    assert response.json["type"] == f"urn:loan-notary:problem:{kind}"
    return str(response.json["detail"])


def test_a_key_is_shown_with_its_time(api: Api) -> None:
    begin, end = format_time(now() - HOUR), format_time(now() + HOUR)
    key = registered(api, "lender", valid_from=begin, valid_until=end)
    shown = api.get(f"/v1/keys/{key.public.kid}").json
    assert (shown["valid_from"], shown["valid_until"]) == (begin, end)
    assert shown["revoked_from"] is shown["revoked_at"] is None
    again = post(api, "/v1/keys", party="lender", jwk=key.public.jwk)
    assert (again.status_code, again.json) == (200, shown)


def test_keys_are_listed_by_party(api: Api) -> None:
    key = registered(api, "guarantor")
    listed = api.get("/v1/keys?party=guarantor").json
    assert listed == {"keys": [api.get(f"/v1/keys/{key.public.kid}").json], "after": None}
    kids = [item["kid"] for item in api.get("/v1/keys").json["keys"]]
    assert {key.public.kid, api.bank.key.public.kid, api.bank.borrower.public.kid} <= set(kids)
    assert api.other.key.public.kid not in kids
    assert kids == sorted(kids)
    assert api.get(f"/v1/keys?after={kids[-2]}").json["keys"][0]["kid"] == kids[-1]
    assert api.get("/v1/keys?party=judge").status_code == 422


def test_a_replaced_key_goes_on_for_the_overlap(api: Api) -> None:
    old = registered(api, "lender")
    begin = now() + HOUR
    new = registered(api, "lender", valid_from=format_time(begin), replaces=old.public.kid, overlap_seconds=600)
    shown = api.get(f"/v1/keys/{old.public.kid}").json
    assert shown["valid_until"] == format_time(begin + 600_000)
    assert api.submit(agreement("K-1", api.bank)).status_code == 201
    assert api.submit(signed(repayment("K-1"), old)).status_code == 201
    detail = refused(api.submit(signed(repayment("K-1"), new)), "key-not-valid")
    assert f"key {new.public.kid} is valid only from {format_time(begin)} on, and the record was received at" in detail


def test_a_revoked_key_is_refused_at_once_in_every_thread(api: Api) -> None:
    assert api.submit(agreement("K-2", api.bank)).status_code == 201
    key = registered(api, "lender")
    before = signed(repayment("K-2"), key)
    assert api.submit(before).status_code == 201
    path = f"/v1/keys/{key.public.kid}/revocation"
    moment = format_time(now())
    revoked = post(api, path, **{"from": moment})
    assert (revoked.status_code, revoked.json["revoked_from"]) == (200, moment)
    assert post(api, path, **{"from": moment}).json == revoked.json
    state = api.state()
    assert f"is revoked from {moment} on" in refused(api.submit(signed(repayment("K-2"), key)), "key-not-valid")
    later = post(api, path, **{"from": format_time(now() + HOUR)})
    assert f"is revoked from {moment} on" in refused(later, "revoked-before")
    assert api.state() == state
    # What was taken before stays, and is the same when it is sent again by a client that heard no answer.
    assert post(api, path, **{"from": format_time(0)}).json["revoked_from"] == format_time(0)
    receipt = api.get(f"/v1/records/{orjson.loads(api.get('/v1/loans/K-2').data)['records'][1]['id']}/receipt").data
    report = api.services.verifier.verify(receipt)
    assert report.verdict.value == "cannot tell"


@pytest.mark.parametrize("kid", ["x", "another lender's"])
def test_a_key_that_is_not_there_is_not_revoked(api: Api, kid: str) -> None:
    name = api.other.key.public.kid if kid != "x" else kid
    answer = post(api, f"/v1/keys/{name}/revocation", **{"from": format_time(0)})
    assert (answer.status_code, answer.json["detail"]) == (404, "you have no key of this id")
    assert api.request("GET", f"/v1/keys/{api.other.key.public.kid}", by=api.other).json["revoked_from"] is None


@pytest.mark.parametrize("members", [{}, {"from": None}, {"from": "now"}, {"from": 5}, {"from": "x", "to": "y"}])
def test_a_revocation_names_its_moment(api: Api, members: dict[str, object]) -> None:
    before = api.state()
    for path in (f"/v1/keys/{api.bank.key.public.kid}/revocation", "/v1/roots/x/revocation"):
        answer = post(api, path, **members)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert api.state() == before


def test_a_certificate_of_a_registered_root_signs(api: Api) -> None:
    root = Authority.create(begin=now() - YEAR, end=now() + YEAR)
    body = {"party": "lender", "certificate": root.pem, "organization": "示范银行"}
    made, again = (post(api, "/v1/roots", **body) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json == again.json
    assert api.get("/v1/roots").json == {"roots": [made.json]}
    assert api.request("GET", "/v1/roots", by=api.other).json == {"roots": []}
    certified = root.certify("示范银行", begin=now() - HOUR, end=now() + YEAR)
    assert api.submit(agreement("K-3", api.bank)).status_code == 201
    value = repayment("K-3")
    envelope = sign_envelope(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), certified.signer).encode()
    taken = api.submit(envelope)
    assert taken.status_code == 201, taken.data
    # Every place shows what the certificate makes of the record.
    assert api.services.verifier.verify(taken.data).facts["assurance"] == "lender-signed"
    assert api.get(f"/v1/records/{value['id']}").json["assurance"] == "lender-signed"
    assert [item["assurance"] for item in api.get("/v1/loans/K-3").json["records"]] == ["received", "lender-signed"]
    stored = api.get(f"/v1/records/{value['id']}/receipt").json
    assert (stored["keys"][0]["party"], stored["keys"][0]["root"]) == ("lender", made.json["certificate"])

    moment = format_time(now())
    revoked = post(api, f"/v1/roots/{root.fingerprint}/revocation", **{"from": moment})
    assert [item["revoked_from"] for item in revoked.json["roots"]] == [moment]
    again_signed = sign_envelope(orjson.dumps(repayment("K-3"), option=orjson.OPT_SORT_KEYS), certified.signer)
    state = api.state()
    assert f"is revoked from {moment} on" in refused(api.submit(again_signed.encode()), "key-not-valid")
    assert api.state() == state
    assert post(api, "/v1/roots/x/revocation", **{"from": moment}).status_code == 404
