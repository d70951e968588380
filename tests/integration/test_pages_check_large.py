# SPDX-License-Identifier: Apache-2.0
"""Large files on the check page: hashed piece by piece, with progress, in flat memory, and given up when asked."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.api import running_api
from tests.support.browser import running_browser, visiting
from tests.support.serving import serving_app

MIB = 1024 * 1024
WAIT = 600_000
"""Milliseconds that hashing may take on a busy machine."""
HEAP = 60 * MIB
"""What scripts may hold at most, however large the file is."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_api(tmp_path_factory.mktemp("large") / "data") as api, serving_app(api.app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


def sparse(path: Path, size: int) -> Path:
    """Make a file of zeros that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def opened(page: Page) -> None:
    page.goto("/check")
    page.wait_for_selector("body[data-ready]")


def heap(page: Page) -> int:
    """Return the bytes that scripts hold after what is garbage was thrown away."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return int(session.send("Runtime.getHeapUsage")["usedSize"])


def test_a_file_of_two_gigabytes_shows_how_far_it_is_and_can_be_given_up(
    browser: Browser, url: str, tmp_path: Path
) -> None:
    with visiting(browser, url) as page:
        opened(page)
        page.locator("#files").set_input_files(sparse(tmp_path / "huge.bin", 2 * 1024 * MIB))
        bar = page.locator("#results progress")
        expect(bar).not_to_have_attribute("value", "0")
        assert heap(page) < HEAP
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#results > .card")).to_have_count(0)
        page.locator("#files").set_input_files(sparse(tmp_path / "small.bin", 3))
        expect(page.locator("#results > .card.unknown")).to_have_count(1)


@pytest.mark.slow
def test_a_file_of_500_megabytes_is_hashed_in_flat_memory(browser: Browser, url: str, tmp_path: Path) -> None:
    size, digest = 500 * MIB, hashlib.sha256()
    for _ in range(500):
        digest.update(bytes(MIB))
    with visiting(browser, url) as page:
        opened(page)
        page.locator("#files").set_input_files(sparse(tmp_path / "large.bin", size))
        seen = []
        while page.locator("#results progress").count():
            seen.append((float(page.locator("#results progress").get_attribute("value") or 0), heap(page)))
            page.wait_for_timeout(500)
        expect(page.locator("#results .facts")).to_contain_text(digest.hexdigest(), timeout=WAIT)
    parts, heaps = zip(*seen, strict=True)
    assert list(parts) == sorted(parts)
    assert len(set(parts)) > 5
    assert max(heaps) < HEAP
