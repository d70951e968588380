# SPDX-License-Identifier: Apache-2.0
"""Single POSTs, each durable and answered with a receipt, as a ratio to an empty Flask echo under the same server.

Echo and notary take turns, because a machine's speed changes from one second to the next.
"""

import os
from pathlib import Path

import orjson

from notary.schemes import PrivateKey, generate_key
from tests.bench.figures import Figure, over_rounds, spread
from tests.bench.load import Load, drive, http_request
from tests.bench.notary import BenchNotary, repayments, running_notary
from tests.bench.targets import running_target
from tests.support.builders import signed

TITLE = "Single POSTs: durable, with a receipt"
ROUNDS = 3
CONNECTIONS = 64
ECHOES, POSTS, LONE = 30_000, 12_000, 500


def run(folder: Path) -> list[Figure]:
    """Measure."""
    with running_target("nothing") as address:
        ceiling = drive(address, [http_request("/", b"{}")] * ECHOES, CONNECTIONS, 200)
    echoes: list[Load] = []
    kinds: dict[str, list[Load]] = {"plain": [], "signed": []}
    with running_target("echo") as echo, running_notary(folder) as notary:
        poster = _Poster(notary)
        poster.post("plain", CONNECTIONS * (os.cpu_count() or 1))
        for _ in range(ROUNDS):
            echoes.append(drive(echo, [http_request("/echo", repayments(0, 1)[0])] * ECHOES, CONNECTIONS, 200))
            for kind, loads in kinds.items():
                loads.append(poster.post(kind, POSTS))
        lone = poster.post("plain", LONE, connections=1)
    figures = [
        Figure("load generator against a blind responder", ceiling.rate, "/s"),
        over_rounds("echo", [load.rate for load in echoes], "/s"),
        *spread("echo", [one for load in echoes for one in load.latencies]),
    ]
    for kind, aim in (("plain", ">= 0.35"), ("signed", "")):
        loads = kinds[kind]
        ratios = [load.rate / base.rate for load, base in zip(loads, echoes, strict=True)]
        figures += [
            over_rounds(f"{kind} repayment, ratio to echo", ratios, aim=aim),
            over_rounds(f"{kind} repayment", [load.rate for load in loads], "/s"),
            *spread(f"{kind} repayment", [one for load in loads for one in load.latencies]),
        ]
    return [*figures, *spread("a lone client", lone.latencies)]


class _Poster:
    """Posts repayments, each one new."""

    def __init__(self, notary: BenchNotary) -> None:
        self._notary = notary
        self._key: PrivateKey = generate_key("EdDSA")
        self._made = 0
        notary.client.register_key("lender", self._key.public.jwk)

    def post(self, kind: str, count: int, connections: int = CONNECTIONS) -> Load:
        """Post so many records of a kind: "plain", or "signed" by the lender."""
        bodies = repayments(self._made, count)
        self._made += count
        if kind == "signed":
            bodies = [signed(orjson.loads(body), self._key) for body in bodies]
        requests = [http_request("/v1/records", body, api_key=self._notary.api_key) for body in bodies]
        return drive(self._notary.address, requests, connections, 201)
