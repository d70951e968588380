# SPDX-License-Identifier: Apache-2.0
"""Every page in a real browser, in both widths, themes and languages: no barrier, no fault, nothing cut off."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import PAIRS, Look, barriers, visiting
from tests.support.sample_site import Site

PAGES = ("/", "/check", "/explorer", "/sign-in", "/nowhere", "/problems", "/problems/not-found")
"""What anybody may visit."""
COLOURS = """['--ground', '--accent'].map((name) => {
  const one = document.body.appendChild(document.createElement('i'));
  one.style.color = `var(${name})`;
  return getComputedStyle(one).color;
})"""


@pytest.mark.parametrize("look", PAIRS, ids=lambda look: look.name)
def test_every_page_is_for_everybody(site: Site, browser: Browser, look: Look) -> None:
    with visiting(browser, site.url, look) as page:
        for address in PAGES:
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[look.language]
            assert barriers(page) == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], address


def test_the_first_stop_of_the_keyboard_leads_to_the_content(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url) as page:
        page.goto("/problems")
        page.keyboard.press("Tab")
        assert page.locator(":focus").text_content() == "Skip to content"
        page.keyboard.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "main"


def test_language_and_appearance_can_be_chosen_and_are_remembered(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url) as page:
        page.goto("/")
        page.get_by_role("link", name="中文").click()
        page.get_by_role("link", name="深色").click()
        page.goto("/problems")
        assert page.locator("h1").text_content() == "错误类型"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 26)"
        page.get_by_role("link", name="浅色").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 248)"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_device_s_colours_are_taken_until_others_are_chosen_and_paper_is_light(
    site: Site, browser: Browser, theme: str
) -> None:
    screen = {"light": ["rgb(246, 247, 248)", "rgb(11, 93, 107)"], "dark": ["rgb(18, 23, 26)", "rgb(108, 199, 214)"]}
    with visiting(browser, site.url, Look(theme=theme)) as page:
        page.goto("/")
        assert page.evaluate(COLOURS) == screen[theme]
        for chosen, name in (("light", "Light"), ("dark", "Dark")):
            page.get_by_role("link", name=name, exact=True).click()
            assert page.evaluate(COLOURS) == screen[chosen]
            page.emulate_media(media="print")
            assert page.evaluate(COLOURS) == ["rgb(255, 255, 255)", "rgb(11, 93, 107)"]
            page.emulate_media(media="screen")


def test_people_get_pages_and_programs_get_documents(site: Site) -> None:
    client = site.api.app.test_client()
    for accepted in ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"):
        answer = client.get("/nowhere", headers={"Accept": accepted, "Accept-Language": "en"})
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
        assert "What to do" in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
        for address in ("/v1/loans", "/log/tile/x/0", "/static/x/y"):
            assert client.get(address, headers={"Accept": accepted}).mimetype == "application/problem+json"
    for accepted in ("*/*", "application/json", ""):
        assert client.get("/nowhere", headers={"Accept": accepted}).mimetype == "application/problem+json"
    answer = client.post("/check", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "GET" in answer.headers["Allow"]
