# SPDX-License-Identifier: Apache-2.0
"""The error tree of the chain package, the contract's custom errors in it, and what an import leaves behind."""

import inspect
import subprocess
import sys

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from chain import errors
from chain.abi import decode_anchored, decode_answer, decode_revert, encode_call, log_id
from chain.artifact import load_artifact
from chain.errors import ChainUnavailableError, RegistryRefusedError, place_of
from notary.errors import NotaryError

ADDRESS = "0x" + "2b" * 20
EXAMPLES = {"bytes32": b"\x17" * 32, "address": ADDRESS, "uint48": 5, "uint256": 6}


def contract_errors() -> list[dict[str, object]]:
    return [entry for entry in load_artifact().abi if entry["type"] == "error"]


def test_the_docstring_draws_every_error() -> None:
    drawn = inspect.getdoc(errors) or ""
    for name, value in vars(errors).items():
        if inspect.isclass(value) and value.__module__ == errors.__name__:
            assert issubclass(value, NotaryError)
            assert name.endswith("Error")
            assert f"── {name}" in drawn


@pytest.mark.parametrize("entry", contract_errors(), ids=lambda entry: str(entry["name"]))
def test_a_custom_error_carries_the_values_of_the_contract(entry: dict[str, list[dict[str, str]]]) -> None:
    types = [field["type"] for field in entry["inputs"]]
    values = [EXAMPLES[kind] for kind in types]
    selector = selector_of(f"{entry['name']}({','.join(types)})")
    raised = decode_revert(selector + encode(types, values))
    assert type(raised).__name__ == f"{entry['name']}Error"
    assert raised.values == tuple(values)
    members = {name: value for name, value in vars(raised).items() if name != "values"}
    assert list(members.values()) == values
    assert [name.replace("_", "") for name in members] == [field["name"].lower() for field in entry["inputs"]]


@pytest.mark.parametrize("data", [b"", b"\1", b"\1\2\3\4", b"\x08\xc3\x79\xa0" + bytes(64)])
def test_any_other_revert_is_a_refusal_too(data: bytes) -> None:
    assert type(decode_revert(data)) is RegistryRefusedError


def test_cut_off_revert_data_are_a_plain_refusal() -> None:
    data = selector_of("SizeNotGrowing(uint48,uint48)") + bytes(63)
    assert type(decode_revert(data)) is RegistryRefusedError


@pytest.mark.parametrize("data", [b"", bytes(95), b"\xff" * 96, bytes(12) + b"\1" * 20 + b"\xff" * 64])
def test_answers_of_another_form_are_value_errors(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_answer("head", data)
    with pytest.raises(ValueError, match=r"."):
        decode_anchored(b"\xff" + data)


def test_calls_are_abi_encoded() -> None:
    data = encode_call("head", b"\x17" * 32)
    assert data == selector_of("head(bytes32)") + b"\x17" * 32
    assert log_id(ADDRESS, "o") == log_id(ADDRESS.upper().replace("0X", "0x"), "o") != log_id(ADDRESS, "p")


def test_importing_the_package_leaves_the_recursion_limit_alone() -> None:
    script = "import chain.rpc, chain.wallet, sys; sys.exit(sys.getrecursionlimit() != 1000)"
    assert subprocess.run((sys.executable, "-c", script)).returncode == 0


def test_offline_verification_imports_no_web3() -> None:
    script = "import chain.evidence, chain.known_registries, sys; sys.exit('web3' in sys.modules)"
    assert subprocess.run((sys.executable, "-c", script)).returncode == 0


def selector_of(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://node.example/v3/SECRET", "https://node.example"),
        ("https://user:SECRET@node.example:1/x", "https://node.example:1"),
        ("https://a:b@SECRET@node.example/", "https://node.example"),
        ("wss://node.example?key=SECRET", "wss://node.example"),
        ("https://node.example#SECRET", "https://node.example"),
        ("SECRET", "an address that is none"),
        ("http://[", "http://["),
    ],
)
def test_no_more_of_a_node_s_address_is_told_than_its_place(url: str, place: str) -> None:
    assert place_of(url) == place
    assert str(ChainUnavailableError(url, "x")) == f"the chain node at {place} cannot be used: x"
