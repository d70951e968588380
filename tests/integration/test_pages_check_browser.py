# SPDX-License-Identifier: Apache-2.0
"""The check page in a real browser: every answer, in both languages, on a phone and at a desk; nothing leaves it."""

import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
import segno
from playwright.sync_api import Browser, Page, expect

from notary.canonical import canonical_json
from notary.receipts.qr_proof import write_qr
from tests.support import vector_receipts as make
from tests.support.api import Api, running_api
from tests.support.browser import Look, barriers, running_browser, visiting
from tests.support.builders import record
from tests.support.serving import serving_app
from tests.support.vector_cases import LOG_KEY
from tests.support.vector_histories import TRANSFERRED, history_of
from tests.support.vector_key_histories import HISTORY, STRANGER, THIRD, key_of
from tests.support.vector_packages import DOCUMENT, files_of, history, packed, with_manifest

Files = dict[str, bytes]
AGREEMENT = make.agreement()
RECEIPT = canonical_json(make.anchored(AGREEMENT))
CODE = write_qr(RECEIPT, make.LOG)
NAMED = record("agreement")["documents"][0]["name"]
FILES: Files = {
    "final.json": RECEIPT,
    "pending.json": canonical_json(AGREEMENT),
    "altered.json": RECEIPT.replace(b'"final"', b'"mined"', 1),
    "stranger.json": canonical_json(make.receipt_by(make.OTHER_LOG)),
    "loan.json": canonical_json(make.anchored(history_of(TRANSFERRED))),
    "evidence.zip": packed(with_manifest(files_of(history()))),
    "cut.zip": packed(with_manifest(files_of(history())))[:-1],
    "voucher.pdf": DOCUMENT,
    NAMED: b"another agreement",
    "unrelated.pdf": b"%PDF-1.7 unrelated",
    "empty.txt": b"",
}
KINDS = {
    "final.json": "recorded",
    "pending.json": "waiting",
    "altered.json": "altered",
    "stranger.json": "unknown",
    "loan.json": "recorded",
    "evidence.zip": "recorded",
    "cut.zip": "altered",
    "voucher.pdf": "recorded",
    NAMED: "altered",
    "unrelated.pdf": "missing",
    "empty.txt": "missing",
}
WORDS = {
    "zh": {
        "recorded": "已存证",
        "waiting": "等待上链",
        "missing": "未找到",
        "altered": "内容被改动",
        "unknown": "无法判断",
    },
    "en": {
        "recorded": "On record",
        "waiting": "Waiting for the chain",
        "missing": "Not found",
        "altered": "Content altered",
        "unknown": "Cannot tell",
    },
}
SOME_LOOKS = (Look("phone", "dark", "zh"), Look("desk", "light", "en"), Look("phone", "light", "en"))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("check") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def url(api: Api) -> Iterator[str]:
    with serving_app(api.app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


def opened(page: Page, log_key: str = LOG_KEY) -> Page:
    """Open the check page and let it trust the log of the vectors."""
    page.goto("/check")
    page.wait_for_selector("body[data-ready]")
    page.locator("details", has=page.locator("#log-key")).locator("summary").click()
    page.locator("#log-key").fill(log_key)
    return page


def add(page: Page, **files: bytes) -> None:
    give(page, files)


def give(page: Page, files: Files, place: str = "#files") -> None:
    """Choose files, and wait for their answers."""
    before = page.locator("#results > .card:not(.working)").count()
    given: Any = [{"name": name, "mimeType": "", "buffer": data} for name, data in files.items()]
    page.locator(place).set_input_files(given)
    expect(page.locator("#results > .card:not(.working)")).to_have_count(before + len(files))


def kinds(page: Page) -> dict[str, str]:
    """Return the answer on each card, by its title."""
    found = {}
    for card in page.locator("#results > .card").all():
        names = set((card.get_attribute("class") or "").split()) - {"card", "test"}
        found[card.locator("h3").text_content() or ""] = names.pop()
    return found


def paste(page: Page, text: str) -> None:
    page.locator("#digest").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#results > .card")).not_to_have_count(0)


@pytest.mark.parametrize("look", SOME_LOOKS, ids=lambda look: look.name)
def test_every_answer_is_told_and_nothing_is_sent(browser: Browser, url: str, look: Look) -> None:
    with visiting(browser, url, look) as page:
        opened(page)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
        give(page, FILES)
        assert kinds(page) == KINDS
        for card in page.locator("#results > .card").all():
            kind = KINDS[card.locator("h3").text_content() or ""]
            assert WORDS[look.language][kind] in (card.locator(".answer").text_content() or "")
        for summary in page.locator("#results > .card > details > summary").all():
            summary.click()
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert requests == []


def test_no_request_of_a_visit_has_a_body(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        bodies: list[Any] = []
        methods: set[str] = set()
        page.on("request", lambda request: bodies.append(request.post_data_buffer))
        page.on("request", lambda request: methods.add(request.method))
        opened(page)
        give(page, FILES)
        paste(page, "ab" * 32)
        assert len(bodies) > 60
        assert (set(bodies), methods) == ({None}, {"GET"})


def test_it_works_without_a_connection_once_it_is_open(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        page.context.set_offline(True)
        give(page, FILES)
        paste(page, CODE)
        expect(page.locator("#results > .card")).to_have_count(len(FILES) + 1)
        assert kinds(page) == KINDS | {"QR code of a certificate": "recorded"}


def test_what_is_pasted(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        digest = hashlib.sha256(DOCUMENT).hexdigest()
        paste(page, digest)
        card = page.locator("#results > .card").first
        assert "looks it up nowhere" in (card.text_content() or "")
        give(page, {"evidence.zip": FILES["evidence.zip"]})
        assert kinds(page)[digest] == "recorded"
        paste(page, "nonsense")
        expect(page.locator("#results > .card")).to_have_count(3)
        assert kinds(page)["nonsense"] == "unknown"


def test_the_proof_is_drawn_and_told_in_words(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        give(page, {"final.json": RECEIPT})
        page.get_by_text("The proof drawn").click()
        drawing = page.get_by_role("img", name="From entry 6 to the root of a tree of 307 entries, in 9 steps")
        expect(drawing).to_be_visible()
        assert drawing.locator("rect").count() == 9 * 2 + 1 + 3
        page.get_by_text("The same in words").click()
        steps = page.locator(".hashes li").all_text_contents()
        assert len(steps) == 1 + 9 + 2
        root = AGREEMENT["checkpoint"].split("\n")[2]
        assert make.parse_b64(root).hex() in steps[-3]


def test_a_loan_is_told_by_its_records(browser: Browser, url: str) -> None:
    with visiting(browser, url, Look(language="zh")) as page:
        opened(page)
        give(page, {"loan.json": FILES["loan.json"]})
        facts = page.locator(".facts").text_content() or ""
        assert "履约中" in facts
        assert "¥9,211.51" in facts
        assert "Example Credit Fund (1/3)" in facts
        page.get_by_text("全部 5 条记录").click()
        assert page.locator(".timeline > li").count() == 5


def test_it_is_said_that_nothing_odd_was_looked_for_in_a_loan(browser: Browser, url: str) -> None:
    sentences = {"en": "this page has not looked for that", "zh": "本页未查找异常"}
    for language, sentence in sentences.items():
        with visiting(browser, url, Look(language=language)) as page:
            for name, count in (("final.json", 0), ("loan.json", 1), ("evidence.zip", 1)):
                add(opened(page), **{name: FILES[name]})
                assert page.locator("#results").get_by_text(sentence).count() == count, name


def test_all_by_keyboard(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        page.goto("/check")
        page.wait_for_selector("body[data-ready]")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        reached = []
        for _ in range(6):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            reached.append(focused.get_attribute("id") or (focused.text_content() or "").strip())
        assert reached[:5] == ["files", "digest", "Add", "Scan a certificate's QR code", "Advanced"]
        page.locator("#digest").focus()
        page.keyboard.type("ab" * 32)
        page.keyboard.press("Enter")
        expect(page.locator("#results > .card")).to_have_count(1)
        page.locator("#clear").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#results > .card")).to_have_count(0)
        assert page.locator(":focus").get_attribute("id") == "files"


def test_on_paper_there_are_the_answers_and_not_the_form(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        give(page, {"final.json": RECEIPT})
        page.emulate_media(media="print")
        assert not page.locator("#inputs").is_visible()
        assert not page.locator("#print").is_visible()
        assert page.locator("#results .answer").is_visible()


def test_a_wrong_key_is_said_to_be_one(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page, "nonsense")
        give(page, {"final.json": RECEIPT})
        assert kinds(page) == {"final.json": "unknown"}
        assert "This is no log key" in (page.locator("#results").text_content() or "")
        page.locator("#log-key").fill(LOG_KEY)
        page.locator("#log-key").blur()
        expect(page.locator("#results > .recorded")).to_have_count(1)


def test_what_an_older_key_of_the_log_signed_is_on_record_too(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page, key_of(THIRD))
        give(page, {"final.json": RECEIPT, "evidence.zip": FILES["evidence.zip"]})
        assert set(kinds(page).values()) == {"unknown"}
        page.evaluate("history => (document.body.dataset.keyHistory = history)", HISTORY.decode())
        paste(page, CODE)
        expect(page.locator("#results > .recorded")).to_have_count(3)
        page.locator("#log-key").fill(key_of(STRANGER))
        page.locator("#log-key").blur()
        expect(page.locator("#results > .unknown")).to_have_count(3)


# --- codes


def picture(text: str) -> bytes:
    file = io.BytesIO()
    segno.make(text, micro=False, error="l").save(file, kind="png", scale=6, border=4)
    return file.getvalue()


def test_a_code_is_read_from_a_picture_by_a_library_that_comes_when_it_is_needed(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        page.get_by_text("Scan a certificate's QR code").click()
        give(page, {"code.png": picture(CODE)}, "#picture")
        assert kinds(page) == {"QR code of a certificate": "recorded"}
        assert [address.rsplit("/", 1)[1] for address in loaded] == ["jsQR.js"]
        assert page.locator("link[rel=modulepreload][href*=jsqr]").get_attribute("integrity")
        page.locator("#picture").set_input_files([{"name": "x.png", "mimeType": "", "buffer": picture("A" * 40)}])
        expect(page.locator("#results > .card")).to_have_count(2)
        assert len(loaded) == 1


def test_a_picture_without_a_code_and_a_reader_that_does_not_come(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        page.get_by_text("Scan a certificate's QR code").click()
        page.context.set_offline(True)
        page.locator("#picture").set_input_files([{"name": "x.png", "mimeType": "", "buffer": picture(CODE)}])
        expect(page.locator("#scan-status")).to_contain_text("could not be fetched")
        page.context.set_offline(False)
        page.locator("#picture").set_input_files([{"name": "x.txt", "mimeType": "", "buffer": b"no picture"}])
        expect(page.locator("#scan-status")).to_contain_text("did not work")
        assert page.locator("#results > .card").count() == 0


def test_a_camera_that_is_refused(browser: Browser, url: str) -> None:
    with visiting(browser, url) as page:
        opened(page)
        page.get_by_text("Scan a certificate's QR code").click()
        page.get_by_role("button", name="Use the camera").click()
        expect(page.locator("#scan-status")).to_contain_text(re.compile("does not let this page|did not work"))
        expect(page.locator("#camera")).not_to_be_visible()
