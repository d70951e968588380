# SPDX-License-Identifier: Apache-2.0
"""`POST /v1/records:batch`: records a second from the first byte sent to the last answer read, and what that takes.

Repayments over as many connections as `loan-notary submit` opens: plain, each signed, and all of a connection's under
one signature; then one batch of many lines, for the server's memory. The files are made before the clock starts, and
answers are only counted, so that the client takes little of the machine.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

import orjson

from notary.canonical import canonical_json
from notary.schemes import PrivateKey, generate_key
from notary.schemes.sodium import FAST_SCHEMES
from tests.bench.figures import Figure, over_rounds
from tests.bench.notary import BenchNotary, repayments, running_notary
from tests.bench.spent import peak, processes, spent
from tests.support.batches import batch_of
from tests.support.builders import signed

TITLE = "Batches over HTTP"
ROUNDS = 3
CONNECTIONS = 4
"""With no more than there are server processes all would often meet in one of them."""
LINES = {"plain": 50_000, "signed": 20_000, "under one signature": 20_000}
LONG = 1_000_000
_PIECE = 1 << 18
_PATIENCE = 1800.0
_CORES = os.cpu_count() or 1


def run(folder: Path) -> list[Figure]:
    """Measure."""
    key = generate_key("EdDSA")
    rates: dict[str, list[float]] = {kind: [] for kind in LINES}
    used: dict[str, float] = {}
    made = 0
    with running_notary(folder) as notary:
        notary.client.register_key("lender", key.public.jwk)
        for _ in range(ROUNDS):
            for kind, count in LINES.items():
                shares = _shares(repayments(made, count), kind, key)
                made += count
                before = processes(notary.pid)
                rates[kind].append(count / _submit(notary, shares, count))
                for part, seconds in spent(before, processes(notary.pid)).items():
                    name = f"{kind}: processor time, {part}"
                    used[name] = used.get(name, 0.0) + seconds / count / ROUNDS
        verified = _verifications(key)
        seconds = _stream(notary, made, LONG)
        found = processes(notary.pid)
    return [
        over_rounds("plain repayments", rates["plain"], "records/s", ">= 60,000"),
        over_rounds("signed repayments", rates["signed"], "records/s"),
        over_rounds("repayments under one signature", rates["under one signature"], "records/s"),
        Figure("raw verification of all cores", verified, "/s"),
        over_rounds(
            "signed: ratio to raw verification on all cores",
            [rate / verified for rate in rates["signed"]],
            "",
            ">= 0.85",
        ),
        *(Figure(name, value * 1e6, "µs a record") for name, value in sorted(used.items()) if value >= 1e-6),
        Figure(f"one batch of {LONG:,} lines", LONG / seconds, "records/s"),
        Figure("largest server process after it", peak(found, "api.server"), "MiB", "< 300"),
        Figure("writer process after it", peak(found, "api.writer"), "MiB"),
    ]


def _shares(lines: Sequence[bytes], kind: str, key: PrivateKey) -> list[bytes]:
    """Return the bodies for the connections, each with loans of its own."""
    shares = [lines[start::CONNECTIONS] for start in range(CONNECTIONS)]
    if kind == "signed":
        shares = [[signed(orjson.loads(line), key) for line in share] for share in shares]
    elif kind == "under one signature":
        canonical = [[canonical_json(orjson.loads(line)) for line in share] for share in shares]
        shares = [[batch_of(share, key).to_line(), *share] for share in canonical]
    return [b"\n".join(share) for share in shares]


def _submit(notary: BenchNotary, shares: Sequence[bytes], count: int) -> float:
    """Submit `count` lines over a connection for each share; return the seconds it took."""
    began = perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        placed = sum(pool.map(lambda share: exchange(notary, iter([share])), shares))
    seconds = perf_counter() - began
    if placed != count:
        raise RuntimeError(f"of {count} lines {placed} were placed")
    return seconds


def _stream(notary: BenchNotary, first: int, count: int) -> float:
    """Submit many lines in one request as they are made; return the seconds it took."""

    def pieces() -> Iterator[bytes]:
        for start in range(first, first + count, 1000):
            yield b"\n".join(repayments(start, min(1000, first + count - start))) + b"\n"

    began = perf_counter()
    placed = exchange(notary, pieces())
    if placed != count:
        raise RuntimeError(f"of {count} lines {placed} were placed")
    return perf_counter() - began


def exchange(notary: BenchNotary, pieces: Iterator[bytes]) -> int:
    """Send the body in chunks, reading the answers meanwhile; return how many lines were placed."""
    link = HTTPConnection(*notary.address, timeout=_PATIENCE)
    link.putrequest("POST", "/v1/records:batch")
    link.putheader("Authorization", f"Bearer {notary.api_key}")
    link.putheader("Content-Type", "application/x-ndjson")
    link.putheader("Transfer-Encoding", "chunked")
    link.endheaders()

    def send() -> None:
        for piece in pieces:
            link.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        link.send(b"0\r\n\r\n")

    sender = threading.Thread(target=send)
    sender.start()
    response, placed, rest = link.getresponse(), 0, b""
    while part := response.read1(_PIECE):
        whole, _, rest = (rest + part).rpartition(b"\n")
        placed += whole.count(b'"status":201')
    sender.join()
    link.close()
    return placed


def _verifications(key: PrivateKey) -> float:
    """Return how many signatures of repayments all cores together verify a second, with nothing else to do."""
    count = 20_000
    scheme, message = FAST_SCHEMES[key.public.alg], bytes(800)
    loaded, signature = scheme.load(key.public), key.sign(message)

    def verify(_: int) -> None:
        for _ in range(count // _CORES):
            scheme.verify(loaded, message, signature)

    began = perf_counter()
    # Threads do: the library lets the interpreter go while it computes.
    with ThreadPoolExecutor(_CORES) as pool:
        list(pool.map(verify, range(_CORES)))
    return count / (perf_counter() - began)
