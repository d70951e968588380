# SPDX-License-Identifier: Apache-2.0
"""The page that asks a node: what it says of every answer, and that nothing but public values goes out."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from chain.artifact import load_artifact
from chain.evidence import anchor_slot, commitment
from notary.canonical import canonical_json
from notary.encoding import parse_b64
from tests.support import vector_receipts as make
from tests.support.api import running_api
from tests.support.browser import Look, barriers, running_browser, visiting
from tests.support.node_stub import running_node
from tests.support.serving import serving_app
from tests.support.synthetic_chain import LOG_ID, NUMBER, TIME
from tests.support.vector_cases import LOG_KEY

RECEIPT = make.anchored(make.agreement())
ANCHOR = RECEIPT["anchors"][0]
SIZE, ROOT = make.checkpoint_of(RECEIPT)
SLOT = "0x" + anchor_slot(LOG_ID, SIZE).hex()


def block(number: int, block_hash: str) -> dict[str, str]:
    return {"number": hex(number), "hash": block_hash}


THIS = f"eth_getBlockByNumber {hex(NUMBER)}"
GOOD: dict[str, Any] = {
    "eth_chainId": "0x1",
    THIS: block(NUMBER, ANCHOR["block_hash"]),
    "eth_getBlockByNumber latest": block(NUMBER + 70, "0x" + "ab" * 32),
    "eth_getBlockByNumber finalized": block(NUMBER + 6, "0x" + "cd" * 32),
    "eth_getCode": "0x" + load_artifact().deployed_bytecode.hex(),
    "eth_getStorageAt": "0x" + commitment(ROOT, TIME).hex(),
}
ANSWERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "final": ({}, "recorded", "70 blocks on top"),
    "not final yet": ({"eth_getBlockByNumber finalized": block(NUMBER - 1, "0x" + "cd" * 32)}, "waiting", "not final"),
    "a node without finality": ({"eth_getBlockByNumber finalized": None}, "waiting", "not final yet"),
    "another block": (
        {f"eth_getBlockByNumber {hex(NUMBER)}": block(NUMBER, "0x" + "ee" * 32)},
        "altered",
        "another one",
    ),
    "another contract": ({"eth_getCode": "0x6000"}, "altered", "no registry"),
    "no contract": ({"eth_getCode": "0x"}, "altered", "no registry"),
    "another root": ({"eth_getStorageAt": "0x" + "00" * 32}, "altered", "another root"),
    "another chain": ({"eth_chainId": "0xa"}, "unknown", "of chain 10"),
    "behind": ({THIS: None}, "unknown", "no block"),
    "nonsense": ({"eth_chainId": ["x"]}, "unknown", "no answer that can be used"),
    "half a block": ({THIS: {}}, "unknown", "no answer that can be used"),
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_api(tmp_path_factory.mktemp("node") / "data") as api, serving_app(api.app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def address(browser: Browser, url: str) -> str:
    """Where the check page leads from a receipt."""
    with visiting(browser, url) as page:
        page.goto("/check")
        page.wait_for_selector("body[data-ready]")
        page.get_by_text("Advanced").click()
        page.locator("#log-key").fill(LOG_KEY)
        given: Any = [{"name": "x.json", "mimeType": "", "buffer": canonical_json(RECEIPT)}]
        page.locator("#files").set_input_files(given)
        page.get_by_text("Check it again without us").click()
        link = page.get_by_role("link", name="Ask a node")
        assert link.get_attribute("rel") == "noopener"
        found = link.get_attribute("href")
    assert found
    return found


def test_all_that_the_page_is_told_stands_behind_the_hash(address: str) -> None:
    parts = urlsplit(address)
    assert (parts.path, parts.query) == ("/check/node", "")
    given = {name: values[0] for name, values in parse_qs(parts.fragment).items()}
    assert given == {
        "chain": "1",
        "block": str(NUMBER),
        "hash": ANCHOR["block_hash"],
        "time": str(TIME),
        "registry": ANCHOR["registry"],
        "log": ANCHOR["log_id"],
        "size": str(SIZE),
        "root": parse_b64(ANCHOR["root"]).hex(),
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_said_of_a_nodes_answer(browser: Browser, url: str, address: str, name: str) -> None:
    changes, kind, words = ANSWERS[name]
    with running_node(GOOD | changes) as node, visiting(browser, url, elsewhere=node.url) as page:
        page.goto(address)
        page.locator("#url").fill(node.url)
        page.keyboard.press("Enter")
        expect(page.locator(f"#answer > .card.{kind}")).to_contain_text(words)


def test_nothing_but_public_values_goes_out_and_nothing_before_the_button(
    browser: Browser, url: str, address: str
) -> None:
    with running_node(GOOD) as node, visiting(browser, url, elsewhere=node.url) as page:
        sent: list[tuple[str, Any]] = []
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        page.on("request", lambda asked: sent.append((asked.url, asked.post_data_json)))
        page.locator("#url").fill(node.url)
        assert sent == node.asked == []
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#answer > .card")).to_be_visible()
        assert {to for to, _ in sent} == {node.url}
        assert {"cookie", "referer", "authorization"}.isdisjoint(node.headers)
        assert [body for _, body in sent] == node.asked
        assert [(asked["method"], asked["params"]) for asked in node.asked] == [
            ("eth_chainId", []),
            ("eth_getBlockByNumber", [hex(NUMBER), False]),
            ("eth_getCode", [ANCHOR["registry"], "latest"]),
            ("eth_getStorageAt", [ANCHOR["registry"], SLOT, "latest"]),
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getBlockByNumber", ["finalized", False]),
        ]
        assert all(asked.keys() == {"jsonrpc", "id", "method", "params"} for asked in node.asked)


@pytest.mark.parametrize("look", [Look("phone", "dark", "zh"), Look("desk", "light", "en")], ids=lambda look: look.name)
def test_the_page_is_for_everybody(browser: Browser, url: str, address: str, look: Look) -> None:
    with running_node(GOOD) as node, visiting(browser, url, look, elsewhere=node.url) as page:
        page.goto(address)
        page.locator("#url").fill(node.url)
        page.keyboard.press("Enter")
        expect(page.locator("#answer > .recorded")).to_be_visible()
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("fragment", ["", "#", "#chain=1", "#chain=x&block=1"])
def test_values_that_are_none_are_said_to_be_so(browser: Browser, url: str, fragment: str) -> None:
    with visiting(browser, url) as page:
        page.goto(f"/check/node{fragment}")
        expect(page.locator("#answer > .unknown")).to_contain_text("not given all values")
        assert not page.locator("#ask").is_visible()
