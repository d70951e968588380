# SPDX-License-Identifier: Apache-2.0
"""Every operation of the API's document, asked for by all who must get nothing: `python -m tests.support.isolation`.

One lender has all that the document's examples speak of, and canaries in every text of its own. Every operation is then
sent, with the ids of what that lender has, by each of those who may not see it, and once more with ids that are
nobody's. The two answers must be the same, so that no answer tells what there is; no canary may be in any of them.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import orjson
from werkzeug.test import TestResponse

from api.access.auth import hash_secret, new_api_key, new_pass_secret
from api.clock import now
from notary.access import ROLES, ApiKey, LoanPass, key_id
from tests.support.api import Api, agreement, answers, repayment
from tests.support.builders import signed
from tests.support.document import OPERATIONS, Operation, Prepared, example_api, prepared

CANARY = "CaNaRy-f3b1"
LOAN, OTHER_LOAN = f"{CANARY}-贷-1", "LN-other"
KINDS = ("webhooks", "api-keys", "passes", "grants", "drafts")
YEAR = 365 * 86_400_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PREFIXED = re.compile(r"([a-z]+_)([0-9a-f]+)")
_OWN_COPY = "documentsPut"
"""The one operation on a thing that its owner names by itself: whoever has a file may deposit it, whoever else has."""
_OPERATOR_S = frozenset({"grantsIndex", "grantsRevoke"})
"""The operator sees to all grants, and to nothing that they are for."""


@dataclass
class Isolation:
    """One run. `faults` are what an answer has told, and `counted` the requests by who made them."""

    api: Api
    random: Random
    faults: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Ask for everything, in an order of chance."""
        plant(self.api)
        before = self._own_view()
        assert len(before) == len(KINDS) + 1
        names = [name for name, item in OPERATIONS.items() if item.value["security"]]
        self.random.shuffle(names)
        # Last: whoever has deposited a file of his own finds it.
        for name in sorted(names, key=lambda name: name == _OWN_COPY):
            operation = OPERATIONS[name]
            number = self.random.randrange(len(operation.examples))
            item = prepared(self.api, name, number)
            for who, token, wanted in self._strangers(operation):
                self._ask(who, token, wanted, item)
        after = self._own_view()
        changed = [name for name, item in before.items() if after.get(name) != item]
        self.faults += [f"{name}, which is the lender's, was changed" for name in changed]

    def _ask(self, who: str, token: str | None, wanted: tuple[int, ...], item: Prepared) -> None:
        queries = [item.query]
        if any(part["name"] == "lender" for part in item.operation.value.get("parameters", [])):
            queries.append({**item.query, "lender": str(self.api.bank.lender.number)})
        for query in queries:
            asked = item._replace(query=query)
            foreign = self._send(who, token, asked)
            nobody_s = self._scrambled(asked)
            if nobody_s == asked or item.operation.id == _OWN_COPY:
                if foreign.status_code >= 500:
                    self._fault(who, asked, foreign, "is a fault of ours")
                continue
            none = self._send(who, token, nobody_s)
            if foreign.status_code not in wanted:
                self._fault(who, asked, foreign, f"is none of {wanted}")
            if _shape(foreign, asked) != _shape(none, nobody_s):
                self._fault(who, asked, foreign, f"differs from {none.status_code} {none.data[:300]!r}")

    def _send(self, who: str, token: str | None, item: Prepared) -> TestResponse:
        self.counted[who] += 1
        response = item.send(self.api, token)
        response.get_data()
        response.close()
        told = response.data + str(response.headers).encode()
        # What the asker himself has said may come back.
        said = (item.address + (item.data or "")).encode()
        for spelling in (CANARY.encode(), orjson.dumps(CANARY)[1:-1]):
            if spelling in told and spelling not in said:
                self._fault(who, item, response, "tells a canary")
        return response

    def _fault(self, who: str, item: Prepared, response: TestResponse, text: str) -> None:
        place = f"{item.operation.method} {item.address} by {who}"
        self.faults.append(f"{place}: {response.status_code} {response.data[:300]!r} {text}")

    def _scrambled(self, item: Prepared) -> Prepared:
        """Return the same request about things of the same form that are nobody's."""
        # What is attached is named by its own digest, which whoever sends it knows.
        kept = {"name"} if item.operation.id == "documentsAttach" else set()
        path = {name: value if name in kept else self._other(name, value) for name, value in item.path.items()}
        query = {**item.query, **({"lender": "999999"} if "lender" in item.query else {})}
        return item._replace(path=path, query=query)

    def _other(self, name: str, value: str) -> str:
        digits = self.random.randbytes(32).hex()
        if _UUID.fullmatch(value):
            return str(UUID(digits[:32], version=4))
        if found := _PREFIXED.fullmatch(value):
            return found[1] + (digits * 2)[: len(found[2])]
        if re.fullmatch("[0-9a-f]{64}", value):
            return digits
        if name == "number" and value.isdigit():
            return value
        return value[:-8] + digits[:8]

    def _strangers(self, operation: Operation) -> Iterator[tuple[str, str | None, tuple[int, ...]]]:
        """Yield who asks, with which token, and the statuses that this may be answered with."""
        [security] = operation.value["security"]
        yield "nobody", None, (401,)
        if "loanPass" in security:
            yield "an unknown pass", new_pass_secret(), (401,)
            yield "an API key", self.api.bank.api_key, (401,)
            yield "a pass that was withdrawn", self._pass(LOAN, revoked_at=now() - 1), (401,)
            yield "a pass that has expired", self._pass(LOAN, expires_at=now() - 1), (401,)
            yield "a pass of another loan", self._pass(OTHER_LOAN), (404,)
            return
        [scope] = security["apiKey"]
        yield "an unknown key", new_api_key(), (401,)
        yield "a pass", self._pass("LN-2026-0001"), (401,)
        yield "a key that was revoked", self._key(self.api.bank.lender.number, "lender", revoked_at=now() - 1), (401,)
        yield "a key that has expired", self._key(self.api.bank.lender.number, "lender", expires_at=now() - 1), (401,)
        yield "a key without the scope", self._key(self.api.bank.lender.number, "lender", without=scope), (403,)
        for role in ("lender", "auditor", "operator"):
            other = self.api.services.access.add_organisation(f"Another {role}", role, now()).number
            if role != "operator" or operation.id not in _OPERATOR_S:
                wanted = (404,) if role == "lender" else (403, 404)
                yield f"another {role}", self._key(other, role), wanted if scope in ROLES[role] else (403,)

    def _key(self, organisation: int, role: str, without: str = "", **ends: int) -> str:
        secret = new_api_key()
        scopes = tuple(scope for scope in ROLES[role] if scope != without)
        digest = hash_secret(secret)
        key = ApiKey(key_id(digest), organisation, "a test's", scopes, now() - YEAR, **ends)
        self.api.services.access.add_api_key(key, digest)
        return secret

    def _pass(self, loan: str, **ends: int) -> str:
        secret = new_pass_secret()
        made = {"created_at": now() - YEAR, "expires_at": now() + YEAR, **ends}
        identity = f"pass_{sha256(secret.encode()).hexdigest()[:16]}"
        made_pass = LoanPass(identity, self.api.bank.lender.number, loan, **made)
        self.api.services.access.add_pass(made_pass, hash_secret(secret))
        return secret

    def _own_view(self) -> dict[str, Any]:
        """Return what the lender has with a canary in it, by id; the examples are its own too, and change."""
        found = {}
        for name in KINDS:
            items = self.api.get(f"/v1/{name}").get_json()[name.replace("-", "_")]
            found |= {item["id"]: item for item in items if CANARY in str(item)}
        return {**found, LOAN: self.api.get(f"/v1/loans/{LOAN}").get_json()["records"]}


def plant(api: Api) -> None:
    """Give the lender something of every kind, with a canary in it."""
    made = agreement(LOAN, api.bank)
    lines = [made, repayment(LOAN, reference=f"{CANARY}-REF"), agreement(OTHER_LOAN, api.bank)]
    assert {item["status"] for item in answers(api.batch(b"\n".join(map(orjson.dumps, lines))))} == {201}
    for path, body in (
        ("/v1/webhooks", {"url": f"https://{CANARY.lower()}.example/{CANARY}", "events": ["record.recorded"]}),
        ("/v1/api-keys", {"name": CANARY, "scopes": ["records:read"]}),
        ("/v1/passes", {"loan": LOAN, "expires_at": "2040-01-01T00:00:00.000Z"}),
        ("/v1/grants", {"auditor": 3, "loan": LOAN, "expires_at": "2040-01-01T00:00:00.000Z"}),
    ):
        assert api.request("POST", path, orjson.dumps(body)).status_code == 201
    draft = signed(agreement(f"{CANARY}-draft", api.bank), api.bank.key)
    assert api.request("POST", "/v1/drafts", draft).status_code == 202
    data = f"{CANARY} document".encode()
    document = f"/v1/documents/{sha256(data).hexdigest()}"
    assert api.request("PUT", document, data, media_type="text/plain").status_code == 201


def _shape(response: TestResponse, item: Prepared) -> tuple[Any, ...]:
    """Return what of an answer tells anything: all but its trace id, and the ids that were asked for."""
    text = response.data
    for value in sorted({*item.path.values(), *item.query.values()}, key=len, reverse=True):
        if len(value) > 4:
            text = text.replace(orjson.dumps(value)[1:-1], b"<asked>")
    text = re.sub(rb'"trace_id":"[0-9a-f]+"', b"", text)
    headers = {name for name, _ in response.headers}
    return response.status_code, response.mimetype, text, headers


def isolated(seed: int, folder: Path) -> Isolation:
    """Make one run in a folder of its own."""
    with example_api(folder) as api:
        run = Isolation(api, Random(seed))
        run.run()
    return run


def main() -> None:
    """Make twenty runs and count the requests."""
    total: Counter[str] = Counter()
    faults = []
    for seed in range(20):
        with TemporaryDirectory() as folder:
            run = isolated(seed, Path(folder) / "data")
        total.update(run.counted)
        faults += run.faults
    lines = [f"{who}: {count}" for who, count in total.most_common()]
    sys.stdout.write("\n".join([*faults, *lines, f"all: {total.total()}, faults: {len(faults)}\n"]))


if __name__ == "__main__":
    main()
