# SPDX-License-Identifier: Apache-2.0
"""The borrower's page in a real browser: what it shows, what it sends where, what it says when something is wrong."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from api.access.auth import hash_secret
from tests.support.browser import PAIRS, SIZES, Look, barriers, visiting
from tests.support.sample_site import Site

READY = "body[data-ready=true]"


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    with visiting(browser, site.url) as page:
        yield page


def open_loan(page: Page, site: Site, story: str, secret: str = "") -> str:
    secret = secret or site.loan_pass(site.loans[story])
    # From elsewhere: another fragment alone is no new page.
    page.goto("about:blank")
    page.goto(f"/loan#{secret}")
    page.wait_for_selector(READY)
    return secret


def figure(page: Page, name: str) -> str:
    return page.locator(".figure", has=page.locator("dt", has_text=name)).locator(".value").inner_text()


@pytest.mark.parametrize("look", PAIRS, ids=lambda look: look.name)
def test_the_page_is_for_everybody(site: Site, browser: Browser, look: Look) -> None:
    with visiting(browser, site.url, look) as page:
        for story in ("assigned", "silent", "over-limit"):
            open_loan(page, site, story)
            assert barriers(page) == [], story
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[look.device]["width"], story
        open_loan(page, site, "", site.loan_pass(site.loans["assigned"], revoked=True))
        assert barriers(page) == []
        page.goto("/check")
        page.goto("/loan")
        page.wait_for_selector("#ask:visible")
        assert barriers(page) == []


def test_a_borrower_sees_where_his_loan_stands(site: Site, page: Page) -> None:
    open_loan(page, site, "assigned")
    shown = site.api.get(f"/v1/loans/{quote(site.loans['assigned'])}").json
    assert page.title().startswith(site.loans["assigned"])
    owed = shown["principal"]["outstanding"]["amount"]
    assert figure(page, "Still to be paid back") == f"CN¥{float(owed):,.2f}"
    assert figure(page, "Next payment") == f"CN¥{float(shown['next_due']['open']['amount']):,.2f}"
    agreed = site.api.get(f"/v1/records/{shown['records'][0]['id']}").json["record"]["apr"]["value"]
    assert figure(page, "Total cost a year") == f"{float(agreed):.2%}"
    # The loan was assigned: he owes somebody else now.
    holder = page.locator("dt:text-is('Owed to') + dd").inner_text()
    assert holder == shown["holders"][0]["name"] != site.api.bank.lender.name
    assert page.locator("#loan tbody tr").count() == len(shown["schedule"]["rows"])
    assert page.locator(".timeline > li").count() == len(shown["records"])
    assert page.locator("svg.chart path.real").get_attribute("d")


def test_each_record_says_how_far_its_proof_has_come(site: Site, page: Page) -> None:
    seen = set()
    for loan in (*site.loans.values(), *site.ordinary):
        lines = site.api.get(f"/v1/loans/{quote(loan)}").json["records"]
        if {line["state"] for line in lines} <= seen:
            continue
        open_loan(page, site, "", site.loan_pass(loan))
        for line, item in zip(lines, page.locator(".timeline > li").all(), strict=True):
            reached = {"recorded": 1, "mined": 2, "final": 3}[line["state"]]
            assert item.locator(".reached").count() == reached
            seen.add(line["state"])
    assert seen == {"recorded", "mined", "final"}


def test_the_pass_goes_nowhere_but_into_the_header(site: Site, page: Page) -> None:
    asked: list[Request] = []
    page.on("request", lambda item: asked.append(item))
    secret = open_loan(page, site, "assigned")
    with page.expect_download():
        page.get_by_role("button", name="Receipt of record 0").click()
    carried = [item.url for item in asked if secret in str(item.headers)]
    assert [url.split(site.url)[1].split("/")[1] for url in carried] == ["loan", "v1"]
    for item in asked:
        assert secret not in item.url
        assert secret not in (item.post_data or "")
    stored = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert secret not in stored


@pytest.mark.parametrize(
    ("button", "name", "begins"),
    [
        ("Receipt of record 0", ".receipt.json", b"{"),
        ("Certificate of record 0", ".certificate.pdf", b"%PDF"),
        ("Download all evidence", "evidence.zip", b"PK"),
    ],
)
def test_what_he_needs_can_be_kept(site: Site, page: Page, button: str, name: str, begins: bytes) -> None:
    open_loan(page, site, "early-payer")
    with page.expect_download() as saved:
        page.get_by_role("button", name=button, exact=True).click()
    assert saved.value.suggested_filename.endswith(name)
    assert Path(saved.value.path()).read_bytes().startswith(begins)


def test_a_dispute_goes_into_the_history_and_the_words_stay(site: Site, page: Page) -> None:
    asked: list[Request] = []
    open_loan(page, site, "over-repaid")
    page.on("request", lambda item: asked.append(item))
    words = "我已于十月二十八日还清。\u0065\u0301"
    page.get_by_label("What is wrong").select_option("not_mine")
    page.get_by_label("In your words").fill(words)
    files = []
    page.on("download", lambda item: files.append(item))
    page.get_by_role("button", name="Record the dispute").click()
    expect(page.locator("#said")).to_contain_text("on record")
    assert page.get_by_text("… Disputed").is_visible()
    assert not any("还清" in (item.post_data or "") for item in asked)
    kept = {item.suggested_filename.split(".", 1)[1]: json.loads(Path(item.path()).read_bytes()) for item in files}
    told = kept["words.json"]
    assert told["text"] == "我已于十月二十八日还清。é"
    found = hashlib.sha256(bytes.fromhex(told["salt"]) + told["text"].encode()).hexdigest()
    record = site.api.get(f"/v1/records/{told['record']}").json["record"]
    assert (record["type"], record["ground"], record["text_commitment"]) == ("dispute", "not_mine", found)
    assert found == told["text_commitment"]
    assert kept["receipt.json"]["format"] == "loan-notary/receipt@1"


@pytest.mark.parametrize(
    ("days", "revoked", "heading"), [(-1, False, "This pass has expired"), (1, True, "This pass was withdrawn")]
)
def test_a_pass_that_has_ended_says_so_and_what_to_do(
    site: Site, page: Page, days: float, revoked: bool, heading: str
) -> None:
    secret = site.loan_pass(site.loans["assigned"], days, revoked)
    open_loan(page, site, "", secret)
    assert page.locator("#loan h1").inner_text() == heading
    assert site.api.bank.lender.name in page.locator("#loan").inner_text()
    assert "CN¥" not in page.locator("#loan").inner_text()


def test_a_link_that_is_cut_is_told_from_one_that_was_withdrawn(site: Site, page: Page) -> None:
    secret = site.loan_pass(site.loans["assigned"])
    open_loan(page, site, "", secret[:-4])
    assert page.locator("#loan h1").inner_text() == "This pass is not known"


def test_a_pass_withdrawn_while_the_page_is_open_is_told(site: Site, page: Page) -> None:
    secret = open_loan(page, site, "assigned")
    store, lender = site.api.services.access, site.api.bank.lender.number
    store.revoke_pass(lender, store.pass_with(hash_secret(secret)).id, 1)
    page.get_by_role("button", name="Receipt of record 0").click()
    expect(page.locator("#loan h1")).to_have_text("This pass was withdrawn")


def test_a_service_that_is_away_is_never_the_borrower_s_fault(site: Site, page: Page) -> None:
    page.route("**/loan/view", lambda route: route.abort())
    secret = site.loan_pass(site.loans["assigned"])
    page.goto(f"/loan#{secret}")
    expect(page.locator("#unreachable h1")).to_be_visible()
    assert "Nothing is wrong with your loan" in page.locator("#unreachable").inner_text()
    assert barriers(page) == []
    page.unroute("**/loan/view")
    page.route("**/loan/view", lambda route: route.fulfill(status=503, body="<p>busy", content_type="text/html"))
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#unreachable h1")).to_be_visible()
    page.unroute("**/loan/view")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#loan h1")).to_have_text(site.loans["assigned"])


def test_a_link_can_be_pasted_and_the_language_changed_on_the_way(site: Site, page: Page) -> None:
    secret = site.loan_pass(site.loans["assigned"])
    page.goto("/loan")
    page.get_by_label("Link or pass").fill(f" https://notary.example/loan#{secret} ")
    page.keyboard.press("Enter")
    expect(page.locator("#loan h1")).to_have_text(site.loans["assigned"])
    page.get_by_role("link", name="中文").click()
    expect(page.locator("#loan h2").first).to_have_text("剩余本金")
    page.goto("/check")
    page.goto("/loan")
    page.get_by_label("链接或凭证").fill("随便写的")
    page.keyboard.press("Enter")
    expect(page.locator("#loan h1")).to_have_text("没有这个凭证")


def test_everything_can_be_reached_by_keyboard(site: Site, page: Page) -> None:
    open_loan(page, site, "over-limit")
    wanted = page.locator("#loan button, #loan select, #loan textarea, #loan a").count()
    reached = set()
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "[...document.querySelectorAll('#loan button, #loan select, #loan textarea, #loan a')]"
            ".indexOf(document.activeElement)"
        )
        if place >= 0:
            reached.add(place)
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert len(reached) == wanted


def test_a_first_visit_is_light(site: Site, page: Page) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda item: sizes.append(item.sizes()["responseBodySize"]))
    open_loan(page, site, "defaulter")
    assert 10_000 < sum(sizes) < 150_000


def test_without_scripts_the_page_says_what_it_needs(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url, java_script_enabled=False) as page:
        page.goto("/loan")
        assert "needs JavaScript" in page.locator("noscript").inner_text()
        assert page.get_by_text("Link or pass").is_hidden()


def test_what_is_printed_is_the_loan_and_not_the_page(site: Site, page: Page) -> None:
    open_loan(page, site, "assigned")
    page.emulate_media(media="print")
    assert page.locator("nav.places").is_hidden()
    assert page.locator("#dispute").is_hidden()
    assert page.locator("#loan h1").is_visible()


def test_a_loan_that_was_erased_is_told_apart_from_a_pass_that_has_ended(site: Site, page: Page) -> None:
    secret = site.loan_pass(site.loans["backdated"])
    assert site.api.request("DELETE", f"/v1/loans/{quote(site.loans['backdated'])}").status_code == 200
    open_loan(page, site, "", secret)
    expect(page.locator("#loan h1")).to_have_text("The loan was erased")
    assert "go on verifying" in page.locator("#loan").inner_text()
    assert barriers(page) == []
