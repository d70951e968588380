# SPDX-License-Identifier: Apache-2.0
"""The lender's pages in a real browser: every story, without scripts where none are needed, and nothing for others."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from api.access.auth import hash_secret, new_api_key
from api.clock import now
from api.jobs.worker import Worker
from notary.access import ROLES, ApiKey, key_id
from notary.records.administration import ADMINISTRATION
from notary.webhooks import Delivery, Webhook
from tests.support.api import agreement
from tests.support.browser import PAIRS, SIZES, Look, barriers, sign_in, visiting
from tests.support.sample_site import Site

HOOK = "wh_" + "5f" * 16
PLACES = (
    "/lender",
    "/lender/loans",
    "/lender/uploads",
    "/lender/access",
    "/lender/webhooks",
    f"/lender/webhooks/{HOOK}",
)


@pytest.fixture(scope="module", autouse=True)
def webhook(site: Site) -> None:
    """A webhook with messages that were delivered, wait and failed."""
    store, lender, moment = site.api.services.webhooks, site.api.bank.lender.number, now()
    store.add_webhook(Webhook(HOOK, lender, "https://bank.example/hook", ("record.final",), "whsec_x", moment, 0, 0))
    for name, more in {
        "delivered": {"next_at": None, "delivered_at": moment, "status": 200},
        "waiting": {"next_at": moment + 60_000, "status": 503, "detail": "busy"},
        "failed": {"next_at": None, "status": 500, "detail": "gave up"},
    }.items():
        store.save_delivery(Delivery(f"msg_{name}", HOOK, "record.final", "{}", moment, attempts=1, **more))  # type: ignore[arg-type]


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    with visiting(browser, site.url) as page:
        sign_in(page, site.lender_key)
        yield page


@pytest.fixture
def plain(site: Site, browser: Browser) -> Iterator[Page]:
    """A browser without scripts."""
    with visiting(browser, site.url, java_script_enabled=False) as page:
        sign_in(page, site.lender_key)
        yield page


def acts(site: Site) -> list[str]:
    lines = site.api.get(f"/v1/loans/{ADMINISTRATION}").json["records"]
    return [site.api.get(f"/v1/records/{line['id']}").json["record"]["act"] for line in lines]


def figure(page: Page, name: str) -> str:
    return page.locator(".figure", has=page.locator(f"dt:text-is('{name}')")).locator(".value").inner_text()


@pytest.mark.parametrize("look", PAIRS, ids=lambda look: look.name)
def test_every_page_is_for_everybody(site: Site, browser: Browser, look: Look) -> None:
    with visiting(browser, site.url, look) as page:
        sign_in(page, site.lender_key)
        loan = f"/lender/loan?number={quote(site.loans['silent'])}"
        for address in (*PLACES, loan, "/account"):
            page.goto(address)
            assert barriers(page) == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[look.device]["width"], address
        page.goto(f"/lender/access?loan={quote(site.loans['silent'])}")
        page.locator("#ends").press("Enter")
        page.wait_for_selector(".qr")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[look.device]["width"]


def test_the_overview_counts_today(site: Site, page: Page) -> None:
    listed = site.api.get("/v1/records?limit=1000").json["records"]
    ours = [line for line in listed if line["loan"] != ADMINISTRATION]
    sizes: list[int] = []
    page.on("requestfinished", lambda item: sizes.append(item.sizes()["responseBodySize"]))
    page.goto("/lender", wait_until="networkidle")
    assert sum(sizes) < 150_000
    assert figure(page, "Records") == str(len(ours))
    for name, state in (("Recorded", "recorded"), ("Anchored", "mined"), ("Final", "final")):
        assert figure(page, name) == str(sum(line["state"] == state for line in ours))
    found = [orjson.loads(line) for line in site.api.get("/v1/findings").data.splitlines()]
    for code in {item["code"] for item in found}:
        assert page.get_by_role("link", name=code, exact=True).is_visible()
    assert page.locator("svg.chart rect").count() == 6


def test_loans_are_found_by_number_stage_and_finding(site: Site, plain: Page) -> None:
    plain.goto("/lender/loans")
    assert plain.locator("tbody tr").count() == len(site.loans) + len(site.ordinary)
    plain.get_by_label("With the finding").select_option("F22")
    plain.get_by_role("button", name="Show").click()
    expect(plain.locator("tbody a")).to_have_text([site.loans["silent"]])
    plain.goto("/lender/loans?state=recovered")
    assert plain.locator("tbody a").all_inner_texts() == [site.loans["defaulter"]]
    plain.get_by_label("Loan number").fill(site.loans["over-limit"])
    plain.keyboard.press("Enter")
    expect(plain.locator("h1")).to_have_text(site.loans["over-limit"])
    plain.goto("/lender/loans?number=none")
    expect(plain.locator("main")).to_contain_text("There is no loan of the number none.")


def test_a_loan_shows_its_findings_and_gives_its_proofs(site: Site, plain: Page) -> None:
    plain.goto(f"/lender/loan?number={quote(site.loans['over-limit'])}")
    expect(plain.locator("main")).to_contain_text("F7")
    with plain.expect_download() as saved:
        plain.get_by_role("link", name="Receipt of record 0").click()
    assert orjson.loads(Path(saved.value.path()).read_bytes())["format"] == "loan-notary/receipt@1"
    with plain.expect_download() as saved:
        plain.get_by_role("link", name="Download all evidence").click()
    assert Path(saved.value.path()).read_bytes()[:2] == b"PK"


def test_a_pass_is_made_shown_once_and_withdrawn(site: Site, plain: Page, browser: Browser) -> None:
    plain.goto(f"/lender/loan?number={quote(site.loans['assigned'])}")
    plain.get_by_role("link", name="Make a pass").click()
    plain.get_by_role("button", name="Make a pass").click()
    link = plain.locator(".pass a").get_attribute("href")
    assert link
    assert link.startswith(f"{site.url}/loan#lp_")
    assert plain.locator(".qr svg path").count() >= 1
    with visiting(browser, site.url) as borrower:
        borrower.goto(link)
        expect(borrower.locator("#loan h1")).to_have_text(site.loans["assigned"])
        plain.get_by_role("link", name="Back").click()
        assert "lp_" not in plain.content()
        row = plain.locator("tr", has_text=site.loans["assigned"]).first
        row.locator("summary").click()
        row.get_by_role("button", name="Withdraw").click()
        expect(plain.locator("tr", has_text=site.loans["assigned"]).first).to_contain_text("ended")
        borrower.reload()
        expect(borrower.locator("#loan h1")).to_have_text("This pass was withdrawn")
    assert {"pass.mint", "pass.revoke"} <= set(acts(site))


@pytest.mark.parametrize(
    ("loan", "ends", "told"),
    [("none", "2999-01-01", "no loan of this number"), ("", "2020-01-01", "a day to come"), ("", "x", "a day to come")],
)
def test_a_pass_that_cannot_be_made_says_why(site: Site, loan: str, ends: str, told: str) -> None:
    client = site.api.app.test_client()
    token = enter(client, site.lender_key)
    form = {"form_token": token, "loan": loan or site.loans["assigned"], "ends": ends}
    before = len(site.api.services.access.passes(site.api.bank.lender.number))
    answer = client.post("/lender/access/passes", data=form, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert told in answer.text
    assert len(site.api.services.access.passes(site.api.bank.lender.number)) == before


def enter(client: FlaskClient, api_key: str) -> str:
    """Sign in without a browser; return the session's form token."""
    token = re.search('name="form_token" value="([^"]+)"', client.get("/sign-in").text)[1]  # type: ignore[index]
    form = {"api_key": api_key, "form_token": token}
    assert client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": "10.9.9.9"}).status_code == 303
    return str(re.search('name="form_token" value="([^"]+)"', client.get("/account").text)[1])  # type: ignore[index]


def test_a_key_is_made_with_what_the_own_key_may_and_revoked(site: Site, plain: Page) -> None:
    plain.goto("/lender/access")
    plain.get_by_label("Name").fill("nightly")
    plain.get_by_label("records:read").check()
    plain.get_by_role("button", name="Make a key").click()
    secret = plain.locator("dt:text-is('API key') + dd").inner_text()
    caller, _ = site.api.services.access.caller_with(hash_secret(secret))
    assert caller.scopes == {"records:read"}
    plain.get_by_role("link", name="Back").click()
    assert secret not in plain.content()
    row = plain.locator("tr", has_text="nightly")
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke").click()
    assert site.api.services.access.api_key(caller.organisation.number, caller.key).refusal(now()) == "was revoked"
    plain.get_by_label("Name").fill("nothing")
    plain.get_by_role("button", name="Make a key").click()
    expect(plain.locator("main")).to_contain_text("Choose what the key may do")


def test_a_key_hands_out_no_more_than_it_has(site: Site) -> None:
    client, secret = site.api.app.test_client(), new_api_key()
    digest = hash_secret(secret)
    scopes = ("access:write",)
    site.api.services.access.add_api_key(
        ApiKey(key_id(digest), site.api.bank.lender.number, "narrow", scopes, now()), digest
    )
    form = {"form_token": enter(client, secret), "name": "wide", "scopes": "records:write"}
    assert client.post("/lender/access/keys", data=form).status_code == 422
    for address in ("/lender", "/lender/loans", "/lender/uploads", "/lender/webhooks"):
        assert client.get(address).status_code == 403, address
    form = {"form_token": form["form_token"], "loan": site.loans["assigned"], "ends": "2999-01-01"}
    assert client.post("/lender/access/passes", data=form).status_code == 403


def test_a_message_that_failed_is_sent_again(site: Site, plain: Page) -> None:
    plain.goto("/lender/webhooks")
    plain.get_by_role("link", name="https://bank.example/hook").click()
    expect(plain.locator("tbody tr")).to_have_count(3)
    plain.get_by_role("link", name="failed").click()
    expect(plain.locator("tbody tr")).to_have_count(1)
    plain.get_by_role("button", name="Send again: msg_failed").click()
    found = site.api.services.webhooks.find_delivery(HOOK, "msg_failed")
    assert (found.state, found.attempts) == ("waiting", 0)
    expect(plain.locator("tbody")).to_contain_text("gave up")


def test_a_file_is_uploaded_followed_and_its_bad_lines_told(site: Site, page: Page, tmp_path: Path) -> None:
    good = [orjson.dumps(agreement(f"U-{number}", site.api.bank)) for number in range(3)]
    (tmp_path / "records.ndjson").write_bytes(b"\n".join([good[0], b"{}", good[1], b"not json", good[2], good[0]]))
    page.goto("/lender/uploads")
    page.get_by_label("File of records").set_input_files(tmp_path / "records.ndjson")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".badge").first).to_contain_text("in progress")
    worker = Worker(site.api.services, site.api.services.jobs)
    while worker.round():
        pass
    # The page follows by itself.
    expect(page.locator(".badge").first).to_contain_text("done")
    assert [figure(page, name) for name in ("Lines", "New records", "Known before", "Refused")] == ["6", "3", "1", "2"]
    assert page.locator("tbody td.number").all_inner_texts() == ["2", "4"]
    assert barriers(page) == []
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download all answers").click()
    assert len(Path(saved.value.path()).read_bytes().splitlines()) == 6


def test_an_upload_works_without_scripts_and_can_be_cancelled(site: Site, plain: Page, tmp_path: Path) -> None:
    (tmp_path / "records.ndjson").write_bytes(orjson.dumps(agreement("V-1", site.api.bank)))
    plain.goto("/lender/uploads")
    plain.get_by_label("File of records").set_input_files(tmp_path / "records.ndjson")
    plain.get_by_role("button", name="Upload").click()
    expect(plain.locator(".badge").first).to_contain_text("in progress")
    assert plain.get_by_role("link", name="Look again").is_visible()
    plain.locator("summary").click()
    plain.get_by_role("button", name="Cancel").click()
    expect(plain.locator(".badge").first).to_contain_text("cancelled")


def test_an_empty_file_is_told(plain: Page, tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").write_bytes(b"")
    plain.goto("/lender/uploads")
    plain.get_by_label("File of records").set_input_files(tmp_path / "empty.ndjson")
    plain.get_by_role("button", name="Upload").click()
    expect(plain.locator("main")).to_contain_text("Choose a file with one record")
    assert plain.locator("#records").get_attribute("aria-invalid") == "true"


def test_sample_loans_can_be_had_in_a_notary_for_tests(site: Site) -> None:
    client = site.api.app.test_client()
    token = enter(client, site.api.other.api_key)
    for _ in range(2):
        assert client.post("/lender/samples", data={"form_token": token}).headers["Location"] == "/lender/loans"
        listed = site.api.get("/v1/loans", by=site.api.other).json["loans"]
        assert len(listed) == 7
    assert {line["state"] for line in listed} >= {"settled", "active", "recovered"}


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_the_pages_are_for_lenders(site: Site, role: str) -> None:
    client, secret = site.api.app.test_client(), new_api_key()
    made = site.api.services.access.add_organisation(f"An {role}", role, now())
    digest = hash_secret(secret)
    site.api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "t", ROLES[role], now()), digest)
    token = enter(client, secret)
    for address in PLACES:
        assert client.get(address).status_code == 403, address
    assert client.post("/lender/samples", data={"form_token": token}).status_code == 403


def test_nobody_sees_or_does_anything_of_another_lender_s(site: Site) -> None:
    client = site.api.app.test_client()
    token = enter(client, site.api.other.api_key)
    loan = quote(site.ordinary[0])
    record = site.api.get(f"/v1/loans/{loan}").json["records"][0]["id"]
    job = site.api.services.jobs.create(site.api.bank.lender.number, False, now())
    passed = site.loan_pass(site.ordinary[0])
    mine = site.api.services.access.pass_with(hash_secret(passed))
    for address in (
        f"/lender/loan?number={loan}", f"/lender/evidence.zip?number={loan}", f"/lender/receipt.json?record={record}",
        f"/lender/certificate.pdf?record={record}", f"/lender/webhooks/{HOOK}", f"/lender/uploads/{job.id}",
        f"/lender/uploads/{job.id}/results.ndjson",
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    for address in (
        f"/lender/access/passes/{mine.id}/revocation", f"/lender/webhooks/{HOOK}/deliveries/msg_failed/replay",
        f"/lender/uploads/{job.id}/cancellation",
    ):  # fmt: skip
        assert client.post(address, data={"form_token": token}).status_code == 404, address
    assert site.api.services.access.pass_with(hash_secret(passed)) == mine


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_and_back(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url) as page:
        page.goto("/lender/loans?state=settled")
        page.locator("#api_key").fill(site.lender_key)
        page.keyboard.press("Enter")
        page.wait_for_url("**/lender/loans?state=settled")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        page.goto("/lender")
        assert page.url.endswith("/sign-in?next=%2Flender")
