# SPDX-License-Identifier: Apache-2.0
"""Requests that make something, cut short between what they do and their answer, and repeated with their key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from api.access.auth import hash_secret, new_api_key
from api.app import create_app
from api.clock import now
from api.traffic.hooks import NEEDED
from api.traffic.repeats import Answer, Repeats, Request
from api.wiring import Services
from notary.access import ROLES, ApiKey, key_id
from notary.canonical import canonical_json
from notary.encoding import format_time
from tests.support.api import Api, agreement, running_api

LATER = format_time(now() + 3_600_000)
DIES_BEFORE = {
    "api_keys.create": ("access", "add_api_key"),
    "api_keys.rotate": ("access", "end_api_key"),
    "deliveries.test": ("webhooks", "save_delivery"),
    "grants.make": ("access", "add_grant"),
    "organisations.add": ("access", "add_api_key"),
    "passes.mint": ("access", "add_pass"),
    "webhooks.add": ("webhooks", "add_webhook"),
    "webhooks.rotate": ("webhooks", "change_webhook"),
}
"""The last thing that an endpoint does; what makes one folder is cut short before its answer only."""


class KilledError(BaseException):
    """Stands for the end of the process: nothing that handles errors sees it."""


class KilledBeforeKeeping(Repeats):
    """Keeps no answer: there the process is killed."""

    def finish(self, request: Request, answer: Answer) -> None:  # noqa: ARG002 - its port's
        raise KilledError


class KilledAt:
    """A store whose process is killed as one of its methods is called."""

    def __init__(self, store: object, method: str) -> None:
        self._store, self._method = store, method

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            raise KilledError
        return getattr(self._store, name)


@dataclass(frozen=True)
class Stage:
    """An API with all kinds of callers; `keys` are API keys by role."""

    api: Api
    keys: dict[str, str]
    auditor: int

    def ask(self, app: Flask, path: str, body: object, key: str) -> Any:
        role = "operator" if path == "/v1/organisations" else "lender"
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": key}
        return app.test_client().post(
            path, data=orjson.dumps(body), headers=headers, content_type="application/json"
        )  # fmt: skip

    def things(self) -> dict[str, int]:
        """Count what there is of each kind, and what the log holds."""
        services, lender = self.api.services, self.api.bank.lender.number
        hooks = services.webhooks.webhooks(lender)
        return {
            "API keys": len(services.access.api_keys(lender)),
            "API keys that have ended": sum(key.refusal(now()) is not None for key in services.access.api_keys(lender)),
            "organisations": len(services.access.organisations()),
            "API keys of organisations": sum(
                len(services.access.api_keys(item.number)) for item in services.access.organisations()
            ),
            "grants": len(services.access.grants(lender=lender)),
            "passes": len(services.access.passes(lender)),
            "webhooks": len(hooks),
            "messages": sum(len(services.webhooks.deliveries(hook.id, None, 2**60, 1000)) for hook in hooks),
            "jobs": len(services.jobs.all_of(lender)),
            "audits": len(services.audits.all_of(lender)),
            "entries of the log": services.log.head().size,
        }

    def made_by(self, act: Callable[[], object]) -> dict[str, int]:
        """Return how many more things there are after an act."""
        before = self.things()
        act()
        return {kind: number - before[kind] for kind, number in self.things().items() if number != before[kind]}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_api(tmp_path_factory.mktemp("cut") / "data") as api:
        assert api.submit(agreement("C-1", api.bank)).status_code == 201
        keys, store = {"lender": api.bank.api_key, "operator": new_api_key()}, api.services.access
        operator = store.add_organisation("The operator", "operator", now())
        auditor = store.add_organisation("Audit Ltd", "auditor", now())
        digest = hash_secret(keys["operator"])
        store.add_api_key(ApiKey(key_id(digest), operator.number, "its", ROLES["operator"], now()), digest)
        yield Stage(api, keys, auditor.number)


def request_of(stage: Stage, endpoint: str) -> tuple[str, object]:
    """Return path and body of a request that makes something; each call of this one makes what that needs."""
    services, lender = stage.api.services, stage.api.bank.lender.number
    hook = {"url": "https://example.com/", "events": ["record.final"]}
    if endpoint == "api_keys.rotate":
        digest = hash_secret(new_api_key())
        services.access.add_api_key(ApiKey(key_id(digest), lender, "old", ("records:read",), now()), digest)
        return f"/v1/api-keys/{key_id(digest)}/rotation", {"overlap_seconds": 0}
    if endpoint in ("webhooks.rotate", "deliveries.test"):
        made = stage.ask(stage.api.app, "/v1/webhooks", hook, f"a hook for {endpoint}".replace(" ", "-"))
        return f"/v1/webhooks/{made.json['id']}/{'secret' if endpoint == 'webhooks.rotate' else 'test'}", {}
    return {
        "api_keys.create": ("/v1/api-keys", {"name": "nightly", "scopes": ["records:read"]}),
        "audits.order": ("/v1/audits", {"kind": "log"}),
        "grants.make": ("/v1/grants", {"auditor": stage.auditor, "expires_at": LATER, "loan": "C-1"}),
        "jobs.create": ("/v1/jobs", {}),
        "organisations.add": ("/v1/organisations", {"name": "Third Bank", "role": "lender"}),
        "passes.mint": ("/v1/passes", {"loan": "C-1", "expires_at": LATER}),
        "webhooks.add": ("/v1/webhooks", hook),
    }[endpoint]


def cut_short(stage: Stage, services: Services, path: str, body: object, key: str) -> None:
    """Send a request to a process that is killed over it, and start the service again."""
    with pytest.raises(KilledError):
        stage.ask(create_app(services), path, body, key)
    stage.api.services.repeats.release_all()


@pytest.mark.parametrize("endpoint", sorted(NEEDED))
def test_what_was_cut_short_before_its_answer_was_made_twice(stage: Stage, endpoint: str) -> None:
    services = stage.api.services
    without_answer = replace(services, repeats=KilledBeforeKeeping(services.repeats._file, services.store.owner_keys))
    path, body = request_of(stage, endpoint)
    at_once = stage.made_by(lambda: stage.ask(stage.api.app, path, body, f"{endpoint}-at-once"))
    path, body = request_of(stage, endpoint)

    def interrupted() -> None:
        for _ in range(2):
            cut_short(stage, without_answer, path, body, endpoint)
        if endpoint in DIES_BEFORE:
            port, method = DIES_BEFORE[endpoint]
            dying = replace(without_answer, **{port: KilledAt(getattr(services, port), method)})
            with pytest.raises(KilledError):
                stage.ask(create_app(dying), path, body, endpoint)
            services.repeats.release_all()
        answers.append(stage.ask(stage.api.app, path, body, endpoint))

    answers: list[Any] = []
    assert stage.made_by(interrupted) == at_once
    assert answers[0].status_code in (200, 201, 202)
    assert "Idempotency-Replayed" not in answers[0].headers
    again = stage.ask(stage.api.app, path, body, endpoint)
    assert (again.headers["Idempotency-Replayed"], again.data) == ("true", answers[0].data)


@pytest.mark.parametrize("endpoint", sorted(DIES_BEFORE))
def test_what_was_cut_short_half_way_is_made_once_and_noted_once(stage: Stage, endpoint: str) -> None:
    services = stage.api.services
    path, body = request_of(stage, endpoint)
    at_once = stage.made_by(lambda: stage.ask(stage.api.app, path, body, f"{endpoint}-whole"))
    path, body = request_of(stage, endpoint)
    port, method = DIES_BEFORE[endpoint]
    dying = replace(services, **{port: KilledAt(getattr(services, port), method)})

    def interrupted() -> None:
        for _ in range(2):
            cut_short(stage, dying, path, body, f"{endpoint}-half")
        assert stage.ask(stage.api.app, path, body, f"{endpoint}-half").status_code in (200, 201, 202)

    assert stage.made_by(interrupted) == at_once


def test_secrets_that_were_never_shown_are_shown_and_open(stage: Stage) -> None:
    services = stage.api.services
    dead = replace(services, repeats=KilledBeforeKeeping(services.repeats._file, services.store.owner_keys))
    secrets = {}
    for endpoint, member in (
        ("api_keys.create", "api_key"),
        ("passes.mint", "secret"),
        ("organisations.add", "api_key"),
    ):
        path, body = request_of(stage, endpoint)
        cut_short(stage, dead, path, body, f"{endpoint}-secret")
        secrets[endpoint] = stage.ask(stage.api.app, path, body, f"{endpoint}-secret").json[member]
    client = stage.api.app.test_client()
    for endpoint, path in (
        ("api_keys.create", "/v1/loans/C-1"), ("passes.mint", "/v1/my-loan"), ("organisations.add", "/v1/loans"),
    ):  # fmt: skip
        assert client.get(path, headers={"Authorization": f"Bearer {secrets[endpoint]}"}).status_code == 200
    assert len({secret[3:] for secret in secrets.values()}) == 3
    path, body = request_of(stage, "webhooks.rotate")
    identity = path.split("/")[3]
    lender = stage.api.bank.lender.number
    old = services.webhooks.find_webhook(lender, identity).secret
    cut_short(stage, dead, path, body, "rotated")
    new = stage.ask(stage.api.app, path, body, "rotated").json["secret"]
    assert services.webhooks.find_webhook(lender, identity).secrets(now()) == (new, old)


def test_a_full_list_does_not_refuse_what_is_in_it(stage: Stage, tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        full = replace(stage, api=api, keys={"lender": api.bank.api_key})
        dead = replace(
            api.services, repeats=KilledBeforeKeeping(api.services.repeats._file, api.services.store.owner_keys)
        )
        for endpoint, most in (("webhooks.add", 20), ("jobs.create", 8)):
            path, body = request_of(full, endpoint)
            for number in range(most - 1):
                assert full.ask(api.app, path, body, f"{endpoint}-{number}").status_code == 201
            cut_short(full, dead, path, body, f"{endpoint}-last")
            assert full.ask(api.app, path, body, f"{endpoint}-last").status_code == 201
            assert full.ask(api.app, path, body, f"{endpoint}-one-more").status_code == 409


def test_a_record_is_still_a_record(stage: Stage) -> None:
    body = agreement("C-2", stage.api.bank)
    services = stage.api.services
    dead = replace(services, repeats=KilledBeforeKeeping(services.repeats._file, services.store.owner_keys))
    cut_short(stage, dead, "/v1/records", orjson.loads(canonical_json(body)), "a-record")
    again = stage.ask(stage.api.app, "/v1/records", orjson.loads(canonical_json(body)), "a-record")
    assert (again.status_code, stage.api.get("/v1/loans/C-2").status_code) == (200, 200)
