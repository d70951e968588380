# SPDX-License-Identifier: Apache-2.0
"""A real browser for tests: Chromium as the system has it, driven by Playwright, and axe to look for barriers.

Open a page with `visiting`: it fails whatever the test did if the page broke its own policy, met an error in a script,
or asked another host for anything.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
"""What Chromium is called on a PATH."""
PATIENCE = 30_000
"""Milliseconds that anything in a page may take on a busy machine."""
# What a test expects may take as long as anything else.
expect.set_options(timeout=PATIENCE)
_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")
_AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Look:
    """How somebody looks at a page: a device, a theme, a language."""

    device: str = "desk"
    theme: str = "light"
    language: str = "en"

    @property
    def name(self) -> str:
        return f"{self.device}-{self.theme}-{self.language}"


SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
LOOKS = tuple(Look(*look) for look in product(SIZES, ("light", "dark"), ("zh", "en")))
"""Both widths, both themes, both languages."""
PAIRS = (LOOKS[0], LOOKS[3], LOOKS[5], LOOKS[6])
"""Of these the fewest in which each two choices meet: what takes long is tried in them."""


def browser_path() -> str | None:
    """Return where Chromium is, None where it is not installed."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def running_browser(*arguments: str) -> Iterator[Browser]:
    """Start a browser, with more `arguments` if any are given. Skips the test where there is none.

    For one module of tests at most: while it runs, its thread has an event loop, and `asyncio.run` refuses to work.
    """
    path = browser_path()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(
    browser: Browser, url: str, look: Look | None = None, *, elsewhere: str = "", **options: Any
) -> Iterator[Page]:
    """Yield a page of a new visitor to the site at `url`, whose addresses may be given without it.

    `elsewhere` is the address of another server that the page may ask; `options` are those of a Playwright context.
    """
    look = look or Look()
    context = browser.new_context(
        base_url=url,
        viewport=SIZES[look.device],  # type: ignore[arg-type]
        color_scheme=look.theme,  # type: ignore[arg-type]
        locale={"zh": "zh-CN", "en": "en-GB"}[look.language],
        has_touch=look.device == "phone",
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    hosts = {urlsplit(url).netloc, urlsplit(elsewhere).netloc}
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if _is_fault(said) else None)
    page.on("request", lambda asked: wrong.append(f"asked {asked.url}") if _is_elsewhere(asked.url, hosts) else None)
    try:
        yield page
        assert wrong == [], wrong
    finally:
        context.close()


def sign_in(page: Page, api_key: str) -> None:
    """Sign in as whoever has this API key."""
    page.goto("/sign-in")
    page.locator("#api_key").fill(api_key)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: not address.endswith("/sign-in"))


def barriers(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it is now: WCAG 2.2 AA and good practice, one line each."""
    # Not as a script of the page, which its policy would refuse.
    page.evaluate(_AXE.read_text("utf-8"))
    found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", _RULES)
    return [
        f"{item['id']}: {node['target']} {node['failureSummary']}"
        for item in found["violations"]
        for node in item["nodes"]
    ]


def _is_fault(said: ConsoleMessage) -> bool:
    # A browser notes every answer of 400 and more as an error; tests look at those themselves.
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text


def _is_elsewhere(address: str, hosts: set[str]) -> bool:
    parts = urlsplit(address)
    return parts.scheme not in ("data", "blob") and parts.netloc not in hosts
