# SPDX-License-Identifier: Apache-2.0
"""Single POSTs, each durable and answered with a receipt, as a ratio to an empty Flask echo under the same server.

Echo and notary take turns, because a machine's speed changes from one second to the next. What one request costs in
processor time stands beside the rates: it hardly changes with what else the machine does.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import orjson

from notary.schemes import generate_key
from notary.schemes.sodium import FAST_SCHEMES
from tests.bench.figures import Figure, over_rounds, spread
from tests.bench.load import Load, drive, http_request
from tests.bench.notary import BenchNotary, repayments, running_notary
from tests.bench.spent import processes, spent
from tests.bench.targets import running_target
from tests.support.builders import signed

TITLE = "Single POSTs: durable, with a receipt"
ROUNDS = 3
CONNECTIONS, MANY = 64, 512
PLAIN, SIGNED, COSIGNED, CROWDED = "plain", "one signature", "two signatures", "plain, 512 connections"
SIGNATURES = {PLAIN: 0, SIGNED: 1, COSIGNED: 2, CROWDED: 0}
"""How many parties sign a record of each kind, with Ed25519."""
ECHOES, POSTS, LONE = 30_000, 12_000, 500
VERIFICATIONS = 2_000


@dataclass
class _Kind:
    """Loads of one kind of request, and the processor time of all of them by part of the service."""

    loads: list[Load] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def counting(self, root: int) -> Iterator[None]:
        """Add the processor time that the processes below `root` use meanwhile."""
        before = processes(root)
        yield
        for part, seconds in spent(before, processes(root)).items():
            self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    @property
    def cost(self) -> float:
        """Processor time of one request, in seconds."""
        return sum(self.seconds.values()) / sum(len(load.latencies) for load in self.loads)


def run(folder: Path) -> list[Figure]:
    """Measure."""
    with running_target("nothing") as nothing:
        ceiling = drive(nothing.address, [http_request("/", b"{}")] * ECHOES, CONNECTIONS, 200)
    echo_load = _Kind()
    kinds = {name: _Kind() for name in (PLAIN, SIGNED, COSIGNED, CROWDED)}
    with running_target("echo") as echo, running_notary(folder) as notary:
        poster = _Poster(notary)
        poster.post(PLAIN, CONNECTIONS * (os.cpu_count() or 1))
        for _ in range(ROUNDS):
            with echo_load.counting(echo.pid):
                body = repayments(0, 1)[0]
                echo_load.loads.append(drive(echo.address, [http_request("/echo", body)] * ECHOES, CONNECTIONS, 200))
            for name, kind in kinds.items():
                with kind.counting(notary.pid):
                    kind.loads.append(poster.post(name, POSTS, MANY if name == CROWDED else CONNECTIONS))
        lone = poster.post(PLAIN, LONE, connections=1)
    verifying = _seconds_to_verify()
    figures = [
        Figure("load generator against a blind responder", ceiling.rate, "/s"),
        over_rounds("echo", [load.rate for load in echo_load.loads], "/s"),
        *spread("echo", [one for load in echo_load.loads for one in load.latencies]),
        Figure("echo: processor time", echo_load.cost * 1e6, "µs a request"),
    ]
    for name, kind in kinds.items():
        figures += _figures(name, kind, echo_load, verifying)
    crowded = [many.rate / few.rate for many, few in zip(kinds[CROWDED].loads, kinds[PLAIN].loads, strict=True)]
    return [
        *figures,
        over_rounds(f"{MANY} connections: ratio to {CONNECTIONS}", crowded, aim=">= 1"),
        *spread("a lone client", lone.latencies, "< 2"),
    ]


def _figures(name: str, kind: _Kind, echo: _Kind, verifying: float) -> list[Figure]:
    echoes = echo.loads
    ratios = [load.rate / base.rate for load, base in zip(kind.loads, echoes, strict=True)]
    figures = [over_rounds(f"{name}: ratio to echo", ratios, aim={PLAIN: ">= 0.5", SIGNED: ">= 0.3"}.get(name, ""))]
    if signatures := SIGNATURES[name]:
        # A signed POST can be no faster than an echo and its verifications one after the other, on all cores.
        allowed = [1 / (1 / base.rate + signatures * verifying / (os.cpu_count() or 1)) for base in echoes]
        shares = [load.rate / most for load, most in zip(kind.loads, allowed, strict=True)]
        aim = ">= 0.8" if name == SIGNED else ""
        figures.append(over_rounds(f"{name}: ratio to what echo and raw verification allow", shares, aim=aim))
    requests = ROUNDS * POSTS
    late = "< 50" if name == PLAIN else ""
    figures += [
        over_rounds(f"{name}: rate", [load.rate for load in kind.loads], "/s"),
        *spread(name, [one for load in kind.loads for one in load.latencies], late=late),
    ]
    for part in ("api.server", "api.writer"):
        figures.append(Figure(f"{name}: processor time, {part}", kind.seconds[part] / requests * 1e6, "µs a request"))
    figures.append(Figure(f"{name}: processor time, all parts", kind.cost * 1e6, "µs a request"))
    return [*figures, Figure(f"{name}: ratio of the echo's processor time to that", echo.cost / kind.cost)]


def _seconds_to_verify() -> float:
    """Return what one verification of a repayment's signature takes of one core."""
    key, message = generate_key("EdDSA"), bytes(800)
    scheme = FAST_SCHEMES[key.public.alg]
    loaded, signature = scheme.load(key.public), key.sign(message)
    began = perf_counter()
    for _ in range(VERIFICATIONS):
        scheme.verify(loaded, message, signature)
    return (perf_counter() - began) / VERIFICATIONS


class _Poster:
    """Posts repayments, each one new."""

    def __init__(self, notary: BenchNotary) -> None:
        self._notary = notary
        self._keys = [generate_key("EdDSA") for _ in ("lender", "borrower")]
        self._made = 0
        for party, key in zip(("lender", "borrower"), self._keys, strict=True):
            notary.client.register_key(party, key.public.jwk)

    def post(self, kind: str, count: int, connections: int = CONNECTIONS) -> Load:
        """Post so many records of a kind."""
        bodies = repayments(self._made, count)
        self._made += count
        if signers := self._keys[: SIGNATURES[kind]]:
            bodies = [signed(orjson.loads(body), *signers) for body in bodies]
        requests = [http_request("/v1/records", body, api_key=self._notary.api_key) for body in bodies]
        return drive(self._notary.address, requests, connections, 201)
