# SPDX-License-Identifier: Apache-2.0
"""Many proofs put to the registry on a real node, in one call each time (tests/contracts/support/RegistryProbe.sol)."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.artifact import load_artifact
from chain.embedded import EmbeddedNode
from notary.log.merkle import ConsistencyProof, InclusionProof
from tests.support.account import Account, call_data
from tests.support.solidity import compile_support


@dataclass(frozen=True)
class Consistency:
    """A second anchor that is tried: `anchored` is the root that the log has, `old_root` the one that is claimed."""

    proof: ConsistencyProof
    old_root: bytes
    new_root: bytes
    anchored: bytes


@dataclass(frozen=True)
class Inclusion:
    """A leaf that is claimed to be under a root."""

    proof: InclusionProof
    leaf: bytes
    root: bytes


class Contract:
    """The registry, and the probe that puts many cases to it in one call."""

    def __init__(self, node: EmbeddedNode) -> None:
        self._account = Account(node)
        self._registry = self._account.deploy(load_artifact().bytecode)
        self._probe = self._account.deploy(compile_support("RegistryProbe"))

    def refusals(self, cases: Sequence[Consistency]) -> list[bytes]:
        """Return the selector of the error that each case is refused with; empty where it is accepted."""
        signature = "consistency(address,(uint48,uint48,bytes32,bytes32,bytes32[])[],bytes32[])"
        arguments = [(c.proof.old_size, c.proof.new_size, c.old_root, c.new_root, c.proof.hashes) for c in cases]
        data = call_data(signature, self._registry, arguments, [case.anchored for case in cases])
        return [reason[:4] for reason in self._account.ask(self._probe, data, "bytes[]")[0]]

    def verdicts(self, cases: Sequence[Inclusion]) -> list[bool]:
        """Return what verifyInclusion says to each case."""
        signature = "inclusion(address,(uint48,uint48,bytes32,bytes32,bytes32[])[])"
        arguments = [(c.proof.index, c.proof.size, c.leaf, c.root, c.proof.hashes) for c in cases]
        return list(self._account.ask(self._probe, call_data(signature, self._registry, arguments), "bool[]")[0])
