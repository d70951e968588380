# SPDX-License-Identifier: Apache-2.0
"""Signing in with an API key: what opens a session, what ends it, and what no other site can do with it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key
from api.clock import now
from api.pages.sessions import IDLE, LONGEST, RENEWED
from api.wiring import SIGN_INS_A_MINUTE
from notary.access import ROLES, ApiKey, key_id
from notary.sessions import Session
from tests.support.api import Api, running_api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("sign-in") / "data") as api:
        yield api


def token_on(client: FlaskClient, address: str) -> str:
    found = re.search('name="form_token" value="([^"]+)"', client.get(address).text)
    assert found
    return found[1]


def enter(client: FlaskClient, api_key: str, place: int = 1, **more: str) -> TestResponse:
    """Sign in from an address of its own, as attempts are counted by address."""
    form = {"api_key": api_key, "form_token": token_on(client, "/sign-in"), **more}
    return client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"10.0.0.{place}"})


def signed_in(api: Api, api_key: str = "", place: int = 1) -> FlaskClient:
    client = api.app.test_client()
    assert enter(client, api_key or api.bank.api_key, place).status_code == 303
    return client


def new_key(api: Api, role: str = "lender", **changes: Any) -> tuple[str, ApiKey]:
    secret = new_api_key()
    digest = hash_secret(secret)
    number = api.bank.lender.number
    if role != "lender":
        number = api.services.access.add_organisation(f"An {role}", role, now()).number
    key = replace(ApiKey(key_id(digest), number, "test", ROLES[role], now()), **changes)
    api.services.access.add_api_key(key, digest)
    return secret, key


def session_cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie
    return str(cookie.value)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


# --- in and out


def test_a_key_opens_a_session_and_stays_with_its_owner(api: Api) -> None:
    client = api.app.test_client()
    away = client.get("/account?x=1")
    assert (away.status_code, away.headers["Location"]) == (303, "/sign-in?next=%2Faccount%3Fx%3D1")
    answer = enter(client, f" {api.bank.api_key}\n", next="/account?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?x=1")
    [cookie] = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("session=")]
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    assert not any(part.startswith(("Max-Age", "Expires")) for part in cookie.split("; "))
    page = client.get("/account")
    assert api.bank.lender.name in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    for text in (page.text, cookie):
        assert api.bank.api_key not in text
        assert hash_secret(api.bank.api_key).hex() not in text


def test_over_https_the_cookies_are_bound_to_it(api: Api) -> None:
    client = api.app.test_client()
    proxied = {"X-Forwarded-Proto": "https"}
    page = client.get("/sign-in", headers=proxied)
    [cookie] = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-form=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    token = re.search('name="form_token" value="([^"]+)"', page.text)
    assert token
    form = {"api_key": api.bank.api_key, "form_token": token[1]}
    answer = client.post("/sign-in", data=form, headers=proxied, base_url="https://localhost")
    assert answer.status_code == 303
    [cookie] = [value for value in answer.headers.getlist("Set-Cookie") if "session" in value]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize("role", list(ROLES))
def test_everybody_comes_to_pages_of_his_own(api: Api, role: str) -> None:
    secret, _ = new_key(api, role)
    client = api.app.test_client()
    home = enter(client, secret, 2).headers["Location"]
    assert client.get("/sign-in").headers["Location"] == home
    assert is_in(client)


@pytest.mark.parametrize("wrong", ["", "ln_nobody", "lp_x", "示范", "x" * 10_000])
def test_what_is_no_key_opens_nothing_and_is_not_shown_again(api: Api, wrong: str) -> None:
    client = api.app.test_client()
    answer = enter(client, wrong, 3)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert not wrong or wrong not in answer.text
    assert not is_in(client)


def test_a_key_that_has_ended_opens_nothing(api: Api) -> None:
    for changes in ({"expires_at": now() - 1}, {"revoked_at": now() - 1}):
        assert enter(api.app.test_client(), new_key(api, **changes)[0], 4).status_code == 422


def test_a_session_ends_with_its_key(api: Api) -> None:
    secret, key = new_key(api)
    client, others = signed_in(api, secret), signed_in(api)
    assert is_in(client)
    api.services.access.end_api_key(key.organisation, key.id, expires_at=None, revoked_at=now())
    assert client.get("/account").headers["Location"].startswith("/sign-in")
    assert is_in(others)


def test_whoever_leaves_has_left_and_cannot_come_back_with_the_old_cookie(api: Api) -> None:
    client = signed_in(api)
    old = session_cookie(client)
    answer = client.post("/sign-out", data={"form_token": token_on(client, "/account")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert client.get_cookie("session") is None
    client.set_cookie("session", old)
    assert not is_in(client)
    assert client.post("/sign-out").status_code == 303


def test_a_new_sign_in_ends_the_session_before(api: Api) -> None:
    client = signed_in(api)
    old = session_cookie(client)
    form = {"api_key": api.bank.api_key, "form_token": token_on(client, "/account")}
    assert client.post("/sign-in", data=form).status_code == 303
    assert session_cookie(client) != old
    client.set_cookie("session", old)
    assert not is_in(client)


# --- how long


def session(api: Api, began: int, issued: int, expires: int) -> FlaskClient:
    """Return a browser with a session of another age."""
    client, secret = api.app.test_client(), new_api_key()
    made = Session(hash_secret(secret).hex(), hash_secret(api.bank.api_key), "token", began, issued, expires)
    api.services.sessions.add_session(made, hash_secret(secret), now())
    client.set_cookie("session", secret)
    return client


def test_a_session_goes_on_with_new_secrets(api: Api) -> None:
    moment = now()
    fresh = session(api, moment, moment, moment + IDLE)
    before = session_cookie(fresh)
    assert is_in(fresh)
    assert session_cookie(fresh) == before
    old = session(api, moment - RENEWED, moment - RENEWED, moment + IDLE - RENEWED)
    before = session_cookie(old)
    assert is_in(old)
    assert session_cookie(old) != before
    after = api.services.sessions.session_with(hash_secret(session_cookie(old)))
    assert moment + IDLE <= after.expires_at <= now() + IDLE
    assert (after.began_at, after.form_token) == (moment - RENEWED, "token")
    # A request that was under way still comes through, and the old secret ends soon.
    old.set_cookie("session", before)
    assert is_in(old)
    assert api.services.sessions.session_with(hash_secret(before)).expires_at <= now() + 60_000


def test_a_session_ends_when_nobody_comes_and_at_the_end_of_the_day(api: Api) -> None:
    moment = now()
    assert not is_in(session(api, moment - IDLE, moment - IDLE, moment))
    late = session(api, moment - LONGEST + 5000, moment - RENEWED, moment + 5000)
    assert is_in(late)
    assert api.services.sessions.session_with(hash_secret(session_cookie(late))).expires_at <= moment + 5000


# --- forms


def test_a_form_without_its_token_does_nothing(api: Api) -> None:
    client, other = signed_in(api), signed_in(api)
    for token in (None, "", "x", "示", token_on(other, "/account")):
        data = {} if token is None else {"form_token": token}
        answer = client.post("/sign-out", data=data, headers={"Accept-Language": "en"})
        assert answer.status_code == 403, token
        assert "Nothing was done" in answer.text
    assert is_in(client)


def test_nobody_is_signed_in_by_another_site(api: Api) -> None:
    for cookie in (None, "x"):
        client = api.app.test_client()
        if cookie:
            client.set_cookie("form", cookie)
        token = token_on(api.app.test_client(), "/sign-in")
        answer = client.post("/sign-in", data={"api_key": api.bank.api_key, "form_token": token})
        assert answer.status_code == 403
        assert not is_in(client)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", "javascript:alert(1)", "/\nx", ""]
)
def test_the_way_back_leads_to_this_site_only(api: Api, elsewhere: str) -> None:
    answer = enter(api.app.test_client(), api.bank.api_key, 5, next=elsewhere)
    assert answer.headers["Location"] == "/lender"


def test_a_form_can_only_be_so_long(api: Api) -> None:
    client = api.app.test_client()
    form = {"api_key": "x" * 100_000, "form_token": token_on(client, "/sign-in")}
    assert client.post("/sign-in", data=form).status_code == 413


def test_attempts_from_one_address_are_counted(api: Api) -> None:
    client = api.app.test_client()
    answers = [enter(client, "ln_guess", 9).status_code for _ in range(2 * SIGN_INS_A_MINUTE + 1)]
    assert set(answers) == {422, 429}
    assert answers[0] == 422
    refused = enter(client, api.bank.api_key, 9)
    # Unless a new minute has begun meanwhile.
    if refused.status_code == 429:
        assert int(refused.headers["Retry-After"]) <= 60
    assert enter(client, api.bank.api_key, 10).status_code == 303
