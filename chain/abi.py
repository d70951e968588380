# SPDX-License-Identifier: Apache-2.0
"""Calls, answers, reverts and events of the registry, between Python values and ABI bytes. No network."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from chain import errors
from chain.artifact import load_artifact
from chain.errors import RegistryRefusedError
from chain.keccak import keccak

MAXIMUM_SIZE = 2**48 - 1
"""The registry keeps sizes in 48 bits."""

_ERRORS: dict[str, type[RegistryRefusedError]] = {
    "UnknownLog": errors.UnknownLogError,
    "LogExists": errors.LogExistsError,
    "EmptyOrigin": errors.EmptyOriginError,
    "NotOperator": errors.NotOperatorError,
    "NotProposedOperator": errors.NotProposedOperatorError,
    "SizeNotGrowing": errors.SizeNotGrowingError,
    "ZeroRoot": errors.ZeroRootError,
    "PreviousRootMismatch": errors.PreviousRootMismatchError,
    "ProofLength": errors.ProofLengthError,
    "InconsistentRoots": errors.InconsistentRootsError,
    "UnexpectedProof": errors.UnexpectedProofError,
}


@dataclass(frozen=True)
class AnchoredEvent:
    """The event of one anchor, and where it is in the chain."""

    size: int
    root: bytes
    time: int
    transaction_hash: bytes
    block_number: int
    block_hash: bytes


def encode_call(function: str, *arguments: object) -> bytes:
    """Return the calldata of a call to the registry; addresses are hex with 0x."""
    entry = _entry("function", function)
    return keccak(_signature(entry))[:4] + encode(_types(entry["inputs"]), arguments)


def log_id(registrant: str, origin: str) -> bytes:
    """Return the id that the registry gives to a log: keccak256(abi.encode(registrant, origin))."""
    return keccak(encode(["address", "string"], [registrant, origin]))


def decode_answer(function: str, data: bytes) -> tuple[Any, ...]:
    """Return what a call returned; addresses are lower-case hex with 0x.

    Raises:
        ValueError: when the bytes are not the ABI encoding of the function's outputs.
    """
    return _decode(_entry("function", function)["outputs"], data)


def decode_anchored(data: bytes) -> tuple[int, bytes, int]:
    """Return (size, root, time) from the data of an Anchored event.

    Raises:
        ValueError: when the bytes are not that.
    """
    inputs = [field for field in _entry("event", "Anchored")["inputs"] if not field["indexed"]]
    return cast(tuple[int, bytes, int], _decode(inputs, data))


def anchored_topic() -> bytes:
    """Return the first topic of the Anchored event."""
    return keccak(_signature(_entry("event", "Anchored")))


def decode_revert(data: bytes) -> RegistryRefusedError:
    """Return the error that the registry's revert data stand for; a plain RegistryRefusedError for any other data."""
    for name, error in _ERRORS.items():
        entry = _entry("error", name)
        if data[:4] == keccak(_signature(entry))[:4]:
            try:
                return error(*_decode(entry["inputs"], data[4:]))
            except ValueError:
                break
    return RegistryRefusedError(f"the registry reverted with 0x{data[:256].hex()}")


def _decode(parameters: list[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    try:
        return decode(_types(parameters), data)
    except (DecodingError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _signature(entry: dict[str, Any]) -> bytes:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})".encode()


def _types(parameters: list[dict[str, Any]]) -> list[str]:
    return [parameter["type"] for parameter in parameters]


@cache
def _entry(kind: str, name: str) -> dict[str, Any]:
    (entry,) = (entry for entry in load_artifact().abi if entry["type"] == kind and entry["name"] == name)
    return entry
