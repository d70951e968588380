# SPDX-License-Identifier: Apache-2.0
"""An auditor's pages over an anchored log, in a real browser: what was granted, findings, and audits of every kind."""

import csv
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from api.access.auth import hash_secret, new_api_key
from api.audits.audit import Order
from api.audits.worker import AuditWorker
from api.clock import now
from chain.rpc import Rpc
from notary.access import ROLES, ApiKey, key_id
from notary.audit.tie_out import COLUMNS
from notary.encoding import format_time
from tests.support.anchored import Anchored, anchored_log
from tests.support.api import Api, agreement, running_api
from tests.support.browser import LOOKS, Look, barriers, visiting
from tests.support.serving import serving_app

PAGES = (
    "",
    "/loans",
    "/findings",
    "/audits",
    *(f"/audits/new/{kind}" for kind in ("log", "records", "sample", "tie-out")),
)


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("auditor") / "data") as made:
        Rpc(made.rpc).call("anvil_mine", "0x2")
        yield made


@pytest.fixture(scope="module")
def url(anchored: Anchored) -> Iterator[str]:
    with serving_app(anchored.api.app) as url:
        yield url


@pytest.fixture(scope="module")
def auditor_key(anchored: Anchored) -> str:
    """The key of an auditor who may read all of the bank's loans."""
    number, secret = new_auditor(anchored.api)
    asked = {"auditor": number, "expires_at": format_time(now() + 3_600_000)}
    assert anchored.api.request("POST", "/v1/grants", orjson.dumps(asked)).status_code == 201
    return secret


def new_auditor(api: Api) -> tuple[int, str]:
    secret = new_api_key()
    digest = hash_secret(secret)
    made = api.services.access.add_organisation("Example Audit", "auditor", now())
    api.services.access.add_api_key(ApiKey(key_id(digest), made.number, "first", ROLES["auditor"], now()), digest)
    return made.number, secret


@contextmanager
def audits_running(api: Api) -> Iterator[None]:
    """Carry out audits as they are ordered."""
    stop = threading.Event()
    thread = threading.Thread(target=AuditWorker(api.folder, api.services.audits).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module", autouse=True)
def worker(anchored: Anchored) -> Iterator[None]:
    with audits_running(anchored.api):
        yield


@contextmanager
def entered(browser: Browser, url: str, key: str, look: Look | None = None) -> Iterator[Page]:
    with visiting(browser, url, look) as page:
        page.goto("/sign-in")
        page.locator("#api_key").fill(key)
        page.locator("form.card button").click()
        page.wait_for_url("**/auditor")
        yield page


def order(page: Page, kind: str) -> None:
    page.goto(f"/auditor/audits/new/{kind}")
    page.locator("form.card button").click()


def done(page: Page) -> None:
    """Wait until the page itself says that the audit is done."""
    page.locator("#audit .badge", has_text="Done").wait_for()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_page_is_for_everybody(browser: Browser, url: str, auditor_key: str, look: Look) -> None:
    with entered(browser, url, auditor_key, look) as page:
        for address in PAGES:
            page.goto(f"/auditor{address}")
            assert barriers(page) == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], address


def test_the_log_is_audited_and_the_page_follows(browser: Browser, url: str, auditor_key: str) -> None:
    with entered(browser, url, auditor_key) as page:
        order(page, "log")
        done(page)
        assert page.get_by_text("Everything that was checked fits together.").is_visible()
        assert barriers(page) == []
        with page.expect_download() as saved:
            page.get_by_role("link", name="Report as JSON").click()
        report = orjson.loads(Path(saved.value.path()).read_bytes())
        assert (report["verdict"], report["anchors"]["on_chain"]) == ("valid", 2)
        page.goto("/auditor")
        assert page.get_by_role("link", name="Log and anchors").count() == 1


def test_a_lenders_records_are_audited(browser: Browser, url: str, auditor_key: str) -> None:
    with entered(browser, url, auditor_key, Look("phone", "dark", "zh")) as page:
        order(page, "records")
        page.locator("#audit .badge", has_text="已完成").wait_for()
        assert page.get_by_text("所检查的内容全部一致。").is_visible()
        assert barriers(page) == []


def test_a_sample_is_drawn_filled_in_and_evaluated(
    browser: Browser, url: str, auditor_key: str, tmp_path: Path
) -> None:
    with entered(browser, url, auditor_key) as page:
        order(page, "sample")
        done(page)
        with page.expect_download() as saved:
            page.get_by_role("link", name="Table to fill in").click()
        rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
        assert len(rows) == 59
        for name, deviating, said in (("good", 0, "can be tolerated"), ("bad", 9, "cannot be tolerated")):
            table = tmp_path / f"{name}.csv"
            table.write_text("index,deviation\n" + "".join(
                f"{row['index']},{'yes' if place < deviating else 'no'}\n" for place, row in enumerate(rows)
            ))  # fmt: skip
            page.locator("#results").set_input_files(table)
            page.get_by_role("button", name="Evaluate").click()
            assert page.get_by_text(said).is_visible()
            assert barriers(page) == []
        table.write_text("index,deviation\n1,maybe\n")
        page.locator("#results").set_input_files(table)
        page.get_by_role("button", name="Evaluate").click()
        assert "line 2" in page.get_by_role("alert").text_content()


def test_a_sample_that_cannot_be_asked_for_keeps_what_was_typed(browser: Browser, url: str, auditor_key: str) -> None:
    with entered(browser, url, auditor_key) as page:
        page.goto("/auditor/audits/new/sample")
        page.locator("#tolerable").fill("a lot")
        page.locator("#confidence").fill("0.9")
        page.locator("form.card button").click()
        assert "tolerable" in page.get_by_role("alert").text_content()
        assert (page.locator("#tolerable").input_value(), page.locator("#confidence").input_value()) == ("a lot", "0.9")
        assert barriers(page) == []


def test_a_ledger_is_held_against_the_log(browser: Browser, url: str, auditor_key: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(f"{','.join(COLUMNS)}\nA-1,repayment,,NONE,2026-01-31,CNY,12.00\n")
    with entered(browser, url, auditor_key) as page:
        page.goto("/auditor/audits/new/tie-out")
        page.locator("#ledger").set_input_files(ledger)
        page.locator("form.card button").click()
        done(page)
        assert page.get_by_text("298 lines do not tie out.").is_visible()
        assert page.get_by_role("cell", name="line 2", exact=True).is_visible()
        assert barriers(page) == []


def test_a_ledger_that_is_none_says_which_line(browser: Browser, url: str, auditor_key: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    with entered(browser, url, auditor_key) as page:
        page.goto("/auditor/audits")
        before = page.locator("tbody tr").count()
        ledger.write_bytes(b"\x89PNG")
        page.goto("/auditor/audits/new/tie-out")
        page.locator("#ledger").set_input_files(ledger)
        page.locator("form.card button").click()
        assert "line 1 must be the header" in page.get_by_role("alert").text_content()
        # What is no ledger at all begins no audit.
        page.goto("/auditor/audits")
        assert page.locator("tbody tr").count() == before
        ledger.write_text(f"{','.join(COLUMNS)}\nA-1\n")
        page.goto("/auditor/audits/new/tie-out")
        page.locator("#ledger").set_input_files(ledger)
        page.locator("form.card button").click()
        page.locator("#audit .badge", has_text="Failed").wait_for()
        assert "line 2" in page.get_by_role("alert").text_content()


def test_somebody_without_a_grant_is_told_what_to_do(browser: Browser, url: str, anchored: Anchored) -> None:
    with entered(browser, url, new_auditor(anchored.api)[1]) as page:
        assert page.get_by_text("Nobody has granted you loans.").is_visible()
        for address in ("/loans", "/findings", "/audits/new/records"):
            page.goto(f"/auditor{address}")
            assert page.get_by_text("Nobody has granted you loans.").is_visible()
        assert barriers(page) == []


def test_a_loan_is_found_read_and_taken_along(browser: Browser, url: str, auditor_key: str) -> None:
    with entered(browser, url, auditor_key) as page:
        page.goto("/auditor/loans")
        page.locator("#number").fill("-2")
        page.get_by_role("button", name="Show").click()
        assert page.locator("tbody tr").count() == 1
        page.locator("#number").fill("A-2")
        page.get_by_role("button", name="Show").click()
        assert page.locator(".timeline > li").count() == 199
        assert barriers(page) == []
        for link, ending in (("Receipt of record 0", ".receipt.json"), ("Certificate of record 1", ".pdf")):
            with page.expect_download() as saved:
                page.get_by_role("link", name=link, exact=True).click()
            assert saved.value.suggested_filename.endswith(ending)
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download all evidence").click()
        assert Path(saved.value.path()).read_bytes().startswith(b"PK")
        page.goto("/auditor/loans?state=settled")
        assert page.get_by_text("No loan is like this.").is_visible()
        assert barriers(page) == []


def test_what_was_not_granted_is_not_there(anchored: Anchored) -> None:
    api = anchored.api
    number, secret = new_auditor(api)
    asked = {"auditor": number, "loan": "A-1", "expires_at": format_time(now() + 3_600_000)}
    assert api.request("POST", "/v1/grants", orjson.dumps(asked)).status_code == 201
    client = client_of(api, secret)
    lender = api.bank.lender.number
    listed = client.get(f"/auditor/loans?lender={lender}").text
    assert ("A-1" in listed, "A-2" in listed) == (True, False)
    assert client.get(f"/auditor/loan?lender={lender}&number=A-1").status_code == 200
    other = api.get("/v1/records?loan=A-2&limit=1").json["records"][0]["id"]
    own = api.get("/v1/records?loan=A-1&limit=1").json["records"][0]["id"]
    assert client.get(f"/auditor/receipt.json?lender={lender}&record={own}").status_code == 200
    for address in (f"loan?lender={lender}&number=A-2", f"loan?lender={lender}&number=%2Fadministration",
                    f"evidence.zip?lender={lender}&number=A-2", f"receipt.json?lender={lender}&record={other}",
                    f"certificate.pdf?lender={lender}&record={other}", f"receipt.json?record={own}",
                    f"loan?lender={api.other.lender.number}&number=A-1"):  # fmt: skip
        assert client.get(f"/auditor/{address}").status_code == 404, address


def test_an_erased_loan_is_said_to_be_erased(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        record = agreement("E-1", api.bank)
        assert api.submit(record).status_code == 201
        number, secret = new_auditor(api)
        asked = {"auditor": number, "expires_at": format_time(now() + 3_600_000)}
        assert api.request("POST", "/v1/grants", orjson.dumps(asked)).status_code == 201
        client, lender = client_of(api, secret), api.bank.lender.number
        addresses = [f"loan?lender={lender}&number=E-1", f"evidence.zip?lender={lender}&number=E-1",
                     f"receipt.json?lender={lender}&record={record['id']}",
                     f"certificate.pdf?lender={lender}&record={record['id']}"]  # fmt: skip
        assert statuses(client, addresses) == {200}
        assert api.request("DELETE", "/v1/loans/E-1").status_code == 200
        assert statuses(client, addresses) == {410}
        assert "E-1" not in client.get(f"/auditor/loans?lender={lender}").text


def statuses(client: FlaskClient, addresses: list[str]) -> set[int]:
    found = set()
    for address in addresses:
        with client.get(f"/auditor/{address}") as answer:
            found.add(answer.status_code)
    return found


def client_of(api: Api, key: str) -> FlaskClient:
    client = api.app.test_client()
    token = re.search('name="form_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token
    answer = client.post("/sign-in", data={"api_key": key, "form_token": token[1]})
    assert answer.status_code == 303
    return client


def test_findings_are_shown_for_what_was_granted_only(anchored: Anchored, auditor_key: str) -> None:
    api = anchored.api
    client = client_of(api, auditor_key)
    lender = api.bank.lender.number
    shown = client.get(f"/auditor/findings?lender={lender}&lang=en")
    wanted = {line["code"] for line in map(orjson.loads, api.get("/v1/findings").data.splitlines())}
    assert wanted == set(re.findall("<option>(F[0-9]+)</option>", shown.text))
    assert client.get("/auditor/findings").headers["Location"] == f"/auditor/findings?lender={lender}"
    for number in (api.other.lender.number, 10**8, "x"):
        assert client.get(f"/auditor/findings?lender={number}").status_code in (404, 422)
    # Of another kind of organisation no page is shown, and of somebody else's audits none.
    files = api.services.audits
    files_of_other = files.create(api.other.lender.number, Order("log"), now())
    files.cancel(api.other.lender.number, files_of_other.id, now())
    assert client.get(f"/auditor/audits/{files_of_other.id}").status_code == 404


def test_a_lender_is_not_an_auditor(anchored: Anchored) -> None:
    client = client_of(anchored.api, anchored.api.bank.api_key)
    for address in PAGES:
        assert client.get(f"/auditor{address}").status_code == 403
    assert anchored.api.app.test_client().get("/auditor").headers["Location"] == "/sign-in?next=%2Fauditor"
