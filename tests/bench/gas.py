# SPDX-License-Identifier: Apache-2.0
"""What the registry costs, measured in the receipts of a real node: `python -m tests.bench.gas`.

Writes docs/gas.json (the snapshot) and docs/gas.md (the report made from it). With `--check` it writes nothing,
measures the registry again, and fails when anything costs over 1 % more than in the snapshot.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from statistics import mean

from chain.artifact import load_artifact
from chain.embedded import EmbeddedNode
from chain.toolchain import ROOT
from notary.log.merkle import (
    ConsistencyProof,
    InclusionProof,
    Node,
    prove_consistency,
    prove_inclusion,
    root_hash,
)
from tests.bench import eas
from tests.bench.gas_report import format_report
from tests.support.account import CALL_GAS, Account, call_data
from tests.support.solidity import compile_support
from tests.support.synthetic_tree import SyntheticTree

SNAPSHOT = ROOT / "docs" / "gas.json"
REPORT = ROOT / "docs" / "gas.md"
SIZES = (10, 20, 30)
"""Exponents: a log "at 2^n" has at least 2^n records and fewer than 2^(n+1), each size as likely as any other."""
GROWTHS = (1, 100, 1_000, 10_000)
SAMPLES = 32
TOLERANCE = 1.01

Costs = dict[str, int]
"""Gas by what it was used for; every name says "mean" or "worst" where there is more than one sample."""


class RegistryBench:
    """A registry of its own on the node; each sample opens a new log in it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._registry = account.deploy(load_artifact().bytecode)
        self._probe = account.deploy(compile_support("GasProbe"))
        self._library = account.deploy(compile_support("MerkleProofsHarness"))
        self._logs = 0

    def single_steps(self) -> Costs:
        """Deployment, and each transaction that a log needs once."""
        deployment = self._account.send(None, load_artifact().bytecode).gas
        log, registration = self._open_log()
        root = sha256(b"root").digest()
        to_self = self._account.address
        return {
            "deployment": deployment,
            "register": registration,
            "anchor the first": self._anchor(log, 1 << 20, root, bytes(32), ()),
            "propose operator": self._send("proposeOperator(bytes32,address)", log, to_self),
            "accept operator": self._send("acceptOperator(bytes32)", log),
        }

    def anchor(self, exponent: int, growth: int) -> Costs:
        """anchor() from random sizes, and what the proof alone takes: by the library, and in plain Solidity."""
        transactions, library, plain = [], [], []
        for size, seed in _samples("anchor", exponent, growth):
            tree = SyntheticTree(seed, (size, size + growth))
            old, new = root_hash(size, tree.read), root_hash(size + growth, tree.read)
            proof = prove_consistency(size, size + growth, tree.read)
            log, _ = self._open_log()
            self._anchor(log, size, old, bytes(32), ())
            transactions.append(self._anchor(log, size + growth, new, old, proof.hashes))
            library.append(self._library_gas(proof, old))
            plain.append(self._plain_gas(proof, old, new))
        name = f"2^{exponent} + {growth}"
        return {
            **_summary(f"anchor {name}", transactions),
            f"proof in the library {name} mean": round(mean(library)),
            f"proof in plain Solidity {name} mean": round(mean(plain)),
        }

    def verify_inclusion(self, exponent: int) -> Costs:
        """verifyInclusion() of random leaves: as a transaction, and as a call by another contract."""
        transactions, calls = [], []
        for size, seed in _samples("inclusion", exponent, 0):
            index = random.Random(seed).randrange(size)
            tree = SyntheticTree(seed, (index, index + 1, size))
            root, leaf = root_hash(size, tree.read), tree.read([Node(0, index)])[0]
            log, _ = self._open_log()
            self._anchor(log, size, root, bytes(32), ())
            (_, _, time) = self._account.ask(
                self._registry, call_data("head(bytes32)", log), "address", "uint48", "uint48"
            )
            data = _inclusion_data(log, root, time, leaf, prove_inclusion(index, size, tree.read))
            transactions.append(self._account.send(self._registry, data).gas)
            calls.append(self._gas_of_call(self._registry, data))
        return {
            **_summary(f"verifyInclusion transaction 2^{exponent}", transactions),
            **_summary(f"verifyInclusion call 2^{exponent}", calls),
        }

    def _open_log(self) -> tuple[bytes, int]:
        self._logs += 1
        origin = f"notary.example/{self._logs:06}"
        gas = self._send("register(string)", origin)
        query = call_data("logIdOf(address,string)", self._account.address, origin)
        return self._account.ask(self._registry, query, "bytes32")[0], gas

    def _anchor(self, log: bytes, size: int, root: bytes, previous: bytes, proof: Iterable[bytes]) -> int:
        return self._send("anchor(bytes32,uint48,bytes32,bytes32,bytes32[])", log, size, root, previous, proof)

    def _send(self, signature: str, *arguments: object) -> int:
        return self._account.send(self._registry, call_data(signature, *arguments)).gas

    def _library_gas(self, proof: ConsistencyProof, old: bytes) -> int:
        signature = "consistencyRoots(uint256,uint256,bytes32,bytes32[])"
        arguments = (proof.old_size, proof.new_size, old, proof.hashes)
        return self._gas_of_call(self._library, call_data(signature, *arguments))

    def _plain_gas(self, proof: ConsistencyProof, old: bytes, new: bytes) -> int:
        signature = "plainConsistency(uint256,uint256,bytes32,bytes32,bytes32[])"
        arguments = (proof.old_size, proof.new_size, old, new, proof.hashes)
        return self._gas_of_call(self._library, call_data(signature, *arguments))

    def _gas_of_call(self, contract: str, data: bytes) -> int:
        query = call_data("gasOf(address,bytes)", contract, data)
        return int(self._account.ask(self._probe, query, "uint256")[0])


def measure_registry(account: Account) -> Costs:
    """Everything about the registry itself; what `--check` compares."""
    bench = RegistryBench(account)
    costs = bench.single_steps()
    for exponent in SIZES:
        for growth in GROWTHS:
            costs |= bench.anchor(exponent, growth)
        costs |= bench.verify_inclusion(exponent)
    return costs


def measure_others(account: Account) -> Costs:
    """What else could be done with a root or a record."""
    digest = sha256(b"record").digest()
    mapping = account.deploy(compile_support("MappingRegistry"))
    return {
        "floor": account.send(account.address, digest).gas,
        "mapping": account.send(mapping, call_data("record(bytes32)", digest)).gas,
        **eas.measure(account),
    }


def compare(old: Costs, new: Costs) -> list[str]:
    """Return a line for each cost that grew by more than the tolerance, or that the snapshot does not know."""
    return [
        f"{name}: {old.get(name, 'not in the snapshot')} -> {gas}"
        for name, gas in new.items()
        if name not in old or gas > old[name] * TOLERANCE
    ]


def _summary(name: str, gas: list[int]) -> Costs:
    return {f"{name} mean": round(mean(gas)), f"{name} worst": max(gas)}


def _samples(what: str, exponent: int, growth: int) -> Iterator[tuple[int, bytes]]:
    # In pairs whose low bits are each other's complement: where one proof is long the other is short, so that the mean
    # of a few samples lies near the mean of all sizes.
    source = random.Random(f"{what} {exponent} {growth}")
    for _ in range(SAMPLES // 2):
        above = source.randrange(1 << exponent)
        yield (1 << exponent) + above, source.randbytes(16)
        yield (2 << exponent) - 1 - above, source.randbytes(16)


def _inclusion_data(log: bytes, root: bytes, time: int, leaf: bytes, proof: InclusionProof) -> bytes:
    signature = "verifyInclusion(bytes32,uint48,bytes32,uint48,uint48,bytes32,bytes32[])"
    return call_data(signature, log, proof.size, root, time, proof.index, leaf, proof.hashes)


@contextmanager
def _account() -> Iterator[Account]:
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedNode.start(Path(folder), "--gas-limit", str(CALL_GAS)) as node,
    ):
        yield Account(node)


def _measure(*parts: Callable[[Account], Costs]) -> Costs:
    costs: Costs = {}
    for part in parts:
        with _account() as account:
            costs |= part(account)
    return costs


def main() -> None:
    """Measure, then write or compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with docs/gas.json instead of writing it")
    if parser.parse_args().check:
        grown = compare(json.loads(SNAPSHOT.read_text()), _measure(measure_registry))
        sys.exit("\n".join(["costs more than docs/gas.json says:", *grown]) if grown else 0)
    costs = _measure(measure_registry, measure_others)
    SNAPSHOT.write_text(json.dumps(costs, indent=2) + "\n")
    REPORT.write_text(format_report(costs, SIZES, GROWTHS, SAMPLES))


if __name__ == "__main__":
    main()
