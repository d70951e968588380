# SPDX-License-Identifier: Apache-2.0
"""Every error that the chain package raises on purpose; the roots are those of `notary.errors`.

::

    NotaryError
    ├── UnavailableError
    │   ├── ChainUnavailableError        the node is down, hangs, or answers with garbage
    │   │   ├── NodeRefusedError         the node answered a request with a JSON-RPC error
    │   │   └── EmbeddedNodeError        the embedded node does not start
    │   ├── ToolMissingError             node, solc or anvil is not installed
    │   └── UnknownHeaderError           a block header of a fork that this code does not know
    ├── RefusedError
    │   └── RegistryRefusedError         the registry contract would revert, or has reverted
    │       ├── UnknownLogError
    │       ├── LogExistsError
    │       ├── EmptyOriginError
    │       ├── NotOperatorError
    │       ├── NotProposedOperatorError
    │       ├── SizeNotGrowingError
    │       ├── SizeTooLargeError
    │       ├── ZeroRootError
    │       ├── PreviousRootMismatchError
    │       ├── ProofLengthError
    │       ├── InconsistentRootsError
    │       └── UnexpectedProofError
    ├── ProofError
    │   └── EvidenceError                header and trie proofs do not show that the registry holds an anchor
    ├── CorruptLogError
    │   └── AnchorConflictError          the registry holds what this log never had
    ├── WrongChainError                  another chain, or other code, is behind the URL
    ├── DeploymentError                  the saved deployment cannot be read
    ├── WalletError                      the key file cannot be used
    ├── DigestSignatureError             a signature is not by the account it should be by
    └── CompileError                     the contracts do not compile, or there is no artifact
"""

import re
from pathlib import Path

from notary.errors import CorruptLogError, NotaryError, ProofError, RefusedError, UnavailableError

_PLACE = re.compile(r"([a-z]+://)(?:[^/?#]*@)?([^/?#@]+)")


def place_of(url: str) -> str:
    """Return scheme, host and port of a node's URL: what else is in it is, with most who rent nodes out, a secret."""
    found = _PLACE.match(url)
    return found[1] + found[2] if found else "an address that is none"


class ChainUnavailableError(UnavailableError):
    """Raised when a node is down, does not answer in time, or answers with something that is not an answer."""

    def __init__(self, url: str, detail: str) -> None:
        self.url, self.detail = url, detail
        super().__init__(f"the chain node at {place_of(url)} cannot be used: {detail}")


class NodeRefusedError(ChainUnavailableError):
    """Raised when a node answers a request with a JSON-RPC error; `data` is the revert data, if there is any."""

    def __init__(self, url: str, method: str, code: int, message: str, data: bytes = b"") -> None:
        self.method, self.code, self.message, self.data = method, code, message, data
        super().__init__(url, f"{method} was refused with {code}: {message}")


class EmbeddedNodeError(ChainUnavailableError):
    """Raised when the embedded node does not start; the detail ends with the tail of its log."""


class ToolMissingError(UnavailableError):
    """Raised when a program that `make setup` installs is not there."""

    def __init__(self, tool: str, path: Path | None) -> None:
        self.tool, self.path = tool, path
        place = f" (looked for {path})" if path else ""
        super().__init__(f"{tool} is not installed{place}: run `make setup`")


class UnknownHeaderError(UnavailableError):
    """Raised when a block header has as many fields as no fork known here: a newer verifier may know it."""

    def __init__(self, fields: int) -> None:
        self.fields = fields
        super().__init__(f"block headers of {fields} fields are not known here, but may be to a newer verifier")


class WrongChainError(NotaryError):
    """Raised when the chain behind the URL is not the one that the deployment was made on.

    `what` is "chain id", "genesis hash", "registry code" or "log"; never cured by a silent new start.
    """

    def __init__(self, what: str, found: object, wanted: object) -> None:
        self.what, self.found, self.wanted = what, found, wanted
        super().__init__(f"another chain is behind the URL: its {what} is {found}, not {wanted}")


class DeploymentError(NotaryError):
    """Raised when the file that remembers the deployment is missing or malformed."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path, self.detail = path, detail
        super().__init__(f"the deployment record {path} cannot be used: {detail}")


class WalletError(NotaryError):
    """Raised when a key file cannot be used."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path, self.detail = path, detail
        super().__init__(f"the key file {path} cannot be used: {detail}")


class DigestSignatureError(NotaryError):
    """Raised when a signature is not by the account that it should be by."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"the signature is not by the account {address}")


class CompileError(NotaryError):
    """Raised when the contracts do not compile, or the compiled artifact is missing."""


class AnchorConflictError(CorruptLogError):
    """Raised when the registry's newest anchor is no tree of this log: a fork, or a log restored from an old copy."""

    def __init__(self, size: int, detail: str) -> None:
        self.size, self.detail = size, detail
        super().__init__(f"the registry's anchor of size {size} does not belong to this log: {detail}")


class EvidenceError(ProofError):
    """Raised when a header and its trie proofs do not show that the registry holds an anchor."""


class RegistryRefusedError(RefusedError):
    """Raised when the registry refuses a call; the subclasses carry the values of the contract's custom errors.

    Raised itself only for a revert that is none of them.
    """


class UnknownLogError(RegistryRefusedError):
    """Raised when nobody has registered the log."""

    def __init__(self, log: bytes) -> None:
        self.log = log
        super().__init__(f"nobody has registered log 0x{log.hex()}", log)


class LogExistsError(RegistryRefusedError):
    """Raised when the caller has registered this origin before."""

    def __init__(self, log: bytes) -> None:
        self.log = log
        super().__init__(f"the caller has registered log 0x{log.hex()} before", log)


class EmptyOriginError(RegistryRefusedError):
    """Raised when a log is registered without a name."""

    def __init__(self) -> None:
        super().__init__("a log needs a name")


class NotOperatorError(RegistryRefusedError):
    """Raised when the caller is not the operator of the log."""

    def __init__(self, log: bytes, caller: str, operator: str) -> None:
        self.log, self.caller, self.operator = log, caller, operator
        super().__init__(f"{caller} is not the operator of log 0x{log.hex()}, {operator} is", log, caller, operator)


class NotProposedOperatorError(RegistryRefusedError):
    """Raised when somebody else, or nobody (the zero address), was offered the log."""

    def __init__(self, log: bytes, caller: str, proposed: str) -> None:
        self.log, self.caller, self.proposed = log, caller, proposed
        super().__init__(f"log 0x{log.hex()} was not offered to {caller} but to {proposed}", log, caller, proposed)


class SizeNotGrowingError(RegistryRefusedError):
    """Raised when the new size does not exceed the size of the head."""

    def __init__(self, size: int, head_size: int) -> None:
        self.size, self.head_size = size, head_size
        super().__init__(f"size {size} does not exceed the anchored size {head_size}", size, head_size)


class SizeTooLargeError(RegistryRefusedError):
    """Raised when a size does not fit into the 48 bits that the registry keeps; it is refused before it is sent."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"size {size} does not fit into 48 bits", size)


class ZeroRootError(RegistryRefusedError):
    """Raised when the root is zero, which no SHA-256 tree has."""

    def __init__(self) -> None:
        super().__init__("the root is zero")


class PreviousRootMismatchError(RegistryRefusedError):
    """Raised when the previous root is not the root anchored at the head's size."""

    def __init__(self, log: bytes, head_size: int, previous_root: bytes) -> None:
        self.log, self.head_size, self.previous_root = log, head_size, previous_root
        text = f"0x{previous_root.hex()} is not the root that log 0x{log.hex()} anchored at {head_size}"
        super().__init__(text, log, head_size, previous_root)


class ProofLengthError(RegistryRefusedError):
    """Raised when the consistency proof has not exactly the length that the two sizes ask for."""

    def __init__(self, given: int, wanted: int) -> None:
        self.given, self.wanted = given, wanted
        super().__init__(f"the consistency proof has {given} hashes, the sizes ask for {wanted}", given, wanted)


class InconsistentRootsError(RegistryRefusedError):
    """Raised when the consistency proof leads to other roots than the ones claimed."""

    def __init__(self, proven_previous: bytes, proven_root: bytes) -> None:
        self.proven_previous, self.proven_root = proven_previous, proven_root
        text = f"the proof leads from root 0x{proven_previous.hex()} to 0x{proven_root.hex()}"
        super().__init__(text, proven_previous, proven_root)


class UnexpectedProofError(RegistryRefusedError):
    """Raised when the first anchor of a log comes with a proof or a previous root."""

    def __init__(self) -> None:
        super().__init__("nothing precedes the first anchor, so it takes neither proof nor previous root")
