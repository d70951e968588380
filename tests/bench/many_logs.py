# SPDX-License-Identifier: Apache-2.0
"""What anchoring many logs costs, in the receipts of a real node: `python -m tests.bench.many_logs`.

Each of N logs has grown by as much, and is anchored by a transaction of its own, with all others in one transaction (by
a contract that operates them all), or as an entry of a log of heads that alone is anchored (a super-root). Writes that
part of docs/performance.md.
"""

import tempfile
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from eth_abi.abi import encode

from chain.artifact import load_artifact
from chain.embedded import EmbeddedNode
from notary.log.merkle import prove_consistency, root_hash
from tests.bench.paper import write_part
from tests.support.account import Account, call_data
from tests.support.solidity import compile_support
from tests.support.synthetic_tree import SyntheticTree

COUNTS = (1, 2, 10, 50)
EXPONENT, GROWTH = 14, 100
"""Each log has from 2^14 to 2^15 records, and 100 new ones: a lender's, rather than all lenders' together."""
_HEADS = 1 << 20
"""Entries of the log of heads."""
_ANCHOR = "anchor(bytes32,uint48,bytes32,bytes32,bytes32[])"


class Growth(NamedTuple):
    """What anchor() takes."""

    log: bytes
    size: int
    root: bytes
    previous: bytes
    proof: tuple[bytes, ...]


class Registry:
    """A registry on a node, in which every log is a new one."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._address = account.deploy(load_artifact().bytecode)
        self._many = account.deploy(compile_support("ManyLogs") + encode(["address"], [self._address]))
        self._logs = 0

    def one_by_one(self, growths: list[Growth]) -> int:
        """Return the gas of a transaction for each log."""
        return sum(self._account.send(self._address, call_data(_ANCHOR, *growth)).gas for growth in growths)

    def at_once(self, growths: list[Growth]) -> int:
        """Return the gas of one transaction for all logs, which the contract operates."""
        for growth in growths:
            offer = call_data("proposeOperator(bytes32,address)", growth.log, self._many)
            self._account.send(self._address, offer)
            self._account.send(self._many, call_data("accept(bytes32)", growth.log))
        signature = "anchorAll((bytes32,uint48,bytes32,bytes32,bytes32[])[])"
        return self._account.send(self._many, call_data(signature, [tuple(growth) for growth in growths])).gas

    def size(self, growth: Growth) -> int:
        """Return the size at which a log is anchored."""
        query = call_data("head(bytes32)", growth.log)
        return int(self._account.ask(self._address, query, "address", "uint48", "uint48")[1])

    def grown(self, size: int, new: int) -> Growth:
        """Open a log, anchor it at a size, and return what anchors it next."""
        self._logs += 1
        origin = f"notary.example/{self._logs:06}"
        self._account.send(self._address, call_data("register(string)", origin))
        query = call_data("logIdOf(address,string)", self._account.address, origin)
        [log] = self._account.ask(self._address, query, "bytes32")
        tree = SyntheticTree(origin.encode(), (size, size + new))
        old = root_hash(size, tree.read)
        self.one_by_one([Growth(log, size, old, bytes(32), ())])
        proof = prove_consistency(size, size + new, tree.read)
        return Growth(log, size + new, root_hash(size + new, tree.read), old, proof.hashes)


def measure(account: Account) -> str:
    """Return the table."""
    registry, lines = Registry(account), []
    for count in COUNTS:
        sizes = [(1 << EXPONENT) + (number * 10_007) % (1 << EXPONENT) for number in range(count)]
        apart = registry.one_by_one([registry.grown(size, GROWTH) for size in sizes])
        together = registry.at_once([registry.grown(size, GROWTH) for size in sizes])
        # Where the log of heads stands decides how long its proof is: the mean of some places.
        heads = mean(registry.one_by_one([registry.grown(_HEADS + at * 65_537, count)]) for at in range(8))
        cells = (apart / count, together / count, heads / count)
        lines.append(f"| {count} | {' | '.join(f'{cell:,.0f}' for cell in cells)} |")
    head = "| logs | a transaction each | all in one transaction | a log of heads alone |\n|---|---|---|---|\n"
    return (
        f"Gas a log, of logs with 2^{EXPONENT} to 2^{EXPONENT + 1} records and {GROWTH} new ones:\n\n{head}"
        + "\n".join(lines)
    )


def main() -> None:
    """Measure, and put the table into the paper."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedNode.start(Path(folder)) as node:
        table = measure(Account(node))
    write_part("many logs", "python -m tests.bench.many_logs", table + "\n")


if __name__ == "__main__":
    main()
