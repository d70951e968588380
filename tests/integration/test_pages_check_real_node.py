# SPDX-License-Identifier: Apache-2.0
"""The page that asks a node, before real ones: of the chain where the log is anchored, and of others."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from chain import toolchain
from chain.embedded import CHAIN_ID
from chain.errors import ChainUnavailableError
from chain.node_state import keep_state
from chain.rpc import Rpc
from tests.support.anchored import Anchored, anchored_log
from tests.support.browser import running_browser, visiting
from tests.support.service import until
from tests.support.serving import serving_app

BLOCKS_TO_FINAL = 64
"""What anvil takes two epochs for."""


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("real-node") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def url(anchored: Anchored) -> Iterator[str]:
    with serving_app(anchored.api.app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def address(browser: Browser, url: str, anchored: Anchored) -> str:
    """Where the check page leads from the receipt of a record that is anchored."""
    record = anchored.api.get("/v1/records?limit=1").json["records"][0]["id"]
    receipt: Any = {"name": "x.json", "mimeType": "", "buffer": anchored.api.get(f"/v1/records/{record}/receipt").data}
    with visiting(browser, url) as page:
        page.goto("/check")
        page.wait_for_selector("body[data-ready]")
        page.locator("#files").set_input_files([receipt])
        page.get_by_text("Check it again without us").click()
        found = page.get_by_role("link", name="Ask a node").get_attribute("href")
    assert found
    return found


@pytest.fixture(scope="module")
def state(anchored: Anchored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chain of the anchors as its node keeps it on disk."""
    newest, folder = Rpc(anchored.rpc).latest().number, anchored.folder.chain
    until(lambda: keep_state(folder, newest), "the chain is on disk")
    return Path(shutil.copy(folder / "state.json", tmp_path_factory.mktemp("state")))


@contextmanager
def public_node(*arguments: str | Path) -> Iterator[Rpc]:
    """Run an anvil that web pages may ask, as public nodes may be; the embedded one refuses them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (toolchain.anvil(), "--port", str(port), "--accounts", "0", "--quiet", *arguments)
    node, rpc = subprocess.Popen([str(item) for item in command]), Rpc(f"http://127.0.0.1:{port}")

    def answers() -> bool:
        try:
            return rpc.chain_id() > 0
        except ChainUnavailableError:
            return False

    try:
        until(answers, "the node answers")
        yield rpc
    finally:
        node.terminate()
        node.wait()


def asked(browser: Browser, url: str, address: str, node: str, kind: str, words: str) -> None:
    """Ask a node as a visitor does, and look what the page says."""
    with visiting(browser, url, elsewhere=node) as page:
        page.goto(address)
        page.locator("#url").fill(node)
        page.keyboard.press("Enter")
        expect(page.locator(f"#answer > .card.{kind}")).to_contain_text(words)


def test_the_anchor_s_own_chain_says_that_it_is_there_and_when_it_is_final(
    browser: Browser, url: str, address: str, state: Path
) -> None:
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).fragment).items()}
    with public_node("--chain-id", str(CHAIN_ID), "--load-state", state) as rpc:
        on_top = rpc.latest().number - int(given["block"])
        asked(browser, url, address, rpc.url, "waiting", "not final yet")
        rpc.call("anvil_mine", hex(BLOCKS_TO_FINAL))
        asked(browser, url, address, rpc.url, "recorded", f"{on_top + BLOCKS_TO_FINAL} blocks on top")
        # Whoever runs a test chain can empty the registry in it, with its blocks untouched.
        rpc.call("anvil_setCode", given["registry"], "0x")
        asked(browser, url, address, rpc.url, "altered", "no registry")


def test_another_chain_and_one_that_is_behind_are_told_apart(browser: Browser, url: str, address: str) -> None:
    with public_node("--chain-id", "1") as rpc:
        asked(browser, url, address, rpc.url, "unknown", "of chain 1")
    with public_node("--chain-id", str(CHAIN_ID)) as rpc:
        asked(browser, url, address, rpc.url, "unknown", "no block")
        rpc.call("anvil_mine", hex(100))
        asked(browser, url, address, rpc.url, "altered", "another one")


def test_a_node_that_no_page_may_ask_says_nothing_about_the_receipt(
    browser: Browser, url: str, address: str, anchored: Anchored
) -> None:
    # The browser notes in its console why it has kept the answer to itself.
    with pytest.raises(AssertionError, match="blocked by CORS policy"):
        asked(browser, url, address, anchored.rpc, "unknown", "not open to web pages")
