# SPDX-License-Identifier: Apache-2.0
"""Webhooks through the API."""

import base64
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from notary.webhooks import Delivery
from tests.support.api import PROBLEM, Api, running_api
from tests.support.builders import NOW

URL = "https://example.com/hook"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("webhooks") / "data") as api:
        yield api


@pytest.fixture
def hook(api: Api) -> Iterator[dict[str, Any]]:
    made = send(api, "POST", "", {"url": URL, "events": ["record.final", "record.recorded"]})
    assert made.status_code == 201
    yield made.json
    send(api, "DELETE", f"/{made.json['id']}")


def send(api: Api, method: str, path: str, members: object = None) -> TestResponse:
    body = None if members is None else orjson.dumps(members)
    return api.request(method, f"/v1/webhooks{path}", body)


def test_the_secret_is_shown_once(api: Api, hook: dict[str, Any]) -> None:
    assert len(base64.b64decode(hook["secret"].removeprefix("whsec_"))) == 32
    shown = api.get(f"/v1/webhooks/{hook['id']}").json
    assert shown == {name: value for name, value in hook.items() if name != "secret"}
    assert shown["events"] == ["record.recorded", "record.final"]
    assert (shown["url"], shown["state"], shown["disabled_because"]) == (URL, "active", None)
    assert api.get("/v1/webhooks").json == {"webhooks": [shown]}


def test_a_secret_of_one_s_own(api: Api) -> None:
    secret = "whsec_" + base64.b64encode(b"x" * 24).decode()
    made = send(api, "POST", "", {"url": URL, "events": ["record.final"], "secret": secret})
    assert made.json["secret"] == secret
    assert send(api, "DELETE", f"/{made.json['id']}").status_code == 204
    assert api.get(f"/v1/webhooks/{made.json['id']}").status_code == 404


def test_changes(api: Api, hook: dict[str, Any]) -> None:
    path = f"/{hook['id']}"
    changed = send(api, "PATCH", path, {"url": "https://b.example/", "events": ["finding.raised"], "state": "disabled"})
    assert (changed.json["url"], changed.json["events"]) == ("https://b.example/", ["finding.raised"])
    assert (changed.json["state"], changed.json["disabled_because"]) == ("disabled", "by its lender")
    assert send(api, "PATCH", path, {}).json == changed.json
    assert send(api, "PATCH", path, {"state": "active"}).json["state"] == "active"
    assert api.get(f"/v1/webhooks/{hook['id']}").json["url"] == "https://b.example/"


def test_a_new_secret_signs_beside_the_old_one(api: Api, hook: dict[str, Any]) -> None:
    new = send(api, "POST", f"/{hook['id']}/secret", {}).json["secret"]
    assert new != hook["secret"]
    kept = api.services.webhooks.find_webhook(api.bank.lender.number, hook["id"])
    assert kept.secrets(kept.old_secret_until - 1) == (new, hook["secret"])


def test_messages_are_listed_page_by_page_and_replayed(api: Api, hook: dict[str, Any]) -> None:
    store = api.services.webhooks
    for number in range(103):
        state = {"delivered_at": NOW, "next_at": None} if number % 2 else {"next_at": None, "status": 500}
        store.save_delivery(Delivery(f"msg_{hook['id']}_{number}", hook["id"], "webhook.test", "{}", NOW, **state))
    path = f"/v1/webhooks/{hook['id']}/deliveries"
    first = api.get(path).json
    rest = api.get(f"{path}?cursor={first['next']}").json
    ids = [item["id"] for item in first["deliveries"] + rest["deliveries"]]
    assert ids == [f"msg_{hook['id']}_{number}" for number in range(102, -1, -1)]
    assert "next" not in rest
    failed = api.get(f"{path}?state=failed").json["deliveries"]
    assert len(failed) == 52
    assert {item["last_status"] for item in failed} == {500}
    again = send(api, "POST", f"/{hook['id']}/deliveries/{ids[0]}/replay")
    assert (again.status_code, again.json["state"], again.json["attempts"]) == (202, "waiting", 0)
    one = api.get(f"{path}/{ids[0]}").json
    assert (one["state"], one["body"]) == ("waiting", "{}")


def test_a_test_message_is_put_in_line(api: Api, hook: dict[str, Any]) -> None:
    made = send(api, "POST", f"/{hook['id']}/test")
    assert (made.status_code, made.json["type"], made.json["state"]) == (202, "webhook.test", "waiting")


def test_another_lender_finds_nothing(api: Api, hook: dict[str, Any]) -> None:
    send(api, "POST", f"/{hook['id']}/test")
    message = api.get(f"/v1/webhooks/{hook['id']}/deliveries").json["deliveries"][0]["id"]
    before = api.get(f"/v1/webhooks/{hook['id']}").json
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/secret"), ("POST", "/test"), ("GET", "/deliveries"),
        ("GET", f"/deliveries/{message}"), ("POST", f"/deliveries/{message}/replay"),
    ):  # fmt: skip
        body = b"{}" if method in ("PATCH", "POST") else None
        answer = api.request(method, f"/v1/webhooks/{hook['id']}{path}", body, by=api.other)
        assert (answer.status_code, answer.mimetype) == (404, PROBLEM), (method, path)
    assert api.get("/v1/webhooks", by=api.other).json == {"webhooks": []}
    assert api.get(f"/v1/webhooks/{hook['id']}").json == before


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ([], ""),
        ({"url": URL}, ""),
        ({"url": URL, "events": ["record.final"], "more": 1}, ""),
        ({"url": 5, "events": ["record.final"]}, "/url"),
        ({"url": "http://example.com/", "events": ["record.final"]}, "/url"),
        ({"url": "https://169.254.169.254/latest/meta-data", "events": ["record.final"]}, "/url"),
        ({"url": "https://[::1]/", "events": ["record.final"]}, "/url"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "events": ["record.eaten"]}, "/events"),
        ({"url": URL, "events": "record.final"}, "/events"),
        ({"url": URL, "events": ["record.final"], "secret": 7}, "/secret"),
        ({"url": URL, "events": ["record.final"], "secret": "whsec_short"}, "/secret"),
    ],
)
def test_bad_input_makes_no_webhook(api: Api, members: object, pointer: str) -> None:
    answer = send(api, "POST", "", members)
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert api.get("/v1/webhooks").json == {"webhooks": []}


@pytest.mark.parametrize("members", [{"state": "asleep"}, {"url": "ftp://x/"}, {"events": ["x"]}, {"id": "wh_2"}])
def test_bad_changes_change_nothing(api: Api, hook: dict[str, Any], members: dict[str, Any]) -> None:
    assert send(api, "PATCH", f"/{hook['id']}", members).status_code == 422
    assert api.get(f"/v1/webhooks/{hook['id']}").json["state"] == "active"


@pytest.mark.parametrize("query", ["state=lost", "cursor=x", "cursor=-1", "cursor=" + "9" * 19])
def test_bad_lists(api: Api, hook: dict[str, Any], query: str) -> None:
    assert api.get(f"/v1/webhooks/{hook['id']}/deliveries?{query}").status_code == 422


def test_there_is_an_end_to_webhooks(api: Api) -> None:
    made = [send(api, "POST", "", {"url": URL, "events": ["record.final"]}) for _ in range(21)]
    assert [item.status_code for item in made] == [201] * 20 + [409]
    for item in made[:20]:
        send(api, "DELETE", f"/{item.json['id']}")
