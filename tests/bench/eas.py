# SPDX-License-Identifier: Apache-2.0
"""The Ethereum Attestation Service, deployed from the code in its npm package, for comparison in docs/gas.md."""

import io
import json
import subprocess
import tarfile
import tempfile
from base64 import b64encode
from hashlib import sha256, sha512
from pathlib import Path

from eth_hash.auto import keccak

from chain import toolchain
from tests.support.account import Account, call_data

PACKAGE = "@ethereum-attestation-service/eas-contracts@1.9.0"
_INTEGRITY = "L60y1fgKlY3a45xxnPlgRbiGQY8RF/lF+AzF1iVoR7/aEzitS0Nuyyjq8+IXs1sSSU0dl2+yGSmELxVeB6FelA=="
_NOBODY = "0x" + 20 * "00"
_SCHEMA = "bytes32 root"
_REQUEST = "(address,uint64,bool,bytes32,bytes,uint256)"
BATCH = 50
"""Records in one multiAttest or multiTimestamp: 100 attestations do not fit into the gas that a transaction may use."""


def measure(account: Account) -> dict[str, int]:
    """Deploy EAS and attest: one record, many at once, and many timestamps at once (the last two as gas a record)."""
    package = _fetch()
    registry = account.deploy(_code(package, "SchemaRegistry"))
    service = account.deploy(_code(package, "EAS") + bytes(12) + bytes.fromhex(registry[2:]))
    account.send(registry, call_data("register(string,address,bool)", _SCHEMA, _NOBODY, False))
    schema = keccak(_SCHEMA.encode() + bytes(20) + b"\x00")
    requests = [(_NOBODY, 0, False, bytes(32), digest, 0) for digest in _digests("attest")]
    one = call_data(f"attest((bytes32,{_REQUEST}))", (schema, requests[0]))
    many = call_data(f"multiAttest((bytes32,{_REQUEST}[])[])", [(schema, requests)])
    timestamps = call_data("multiTimestamp(bytes32[])", _digests("timestamp"))
    return {
        "EAS attest": account.send(service, one).gas,
        "EAS multiAttest a record": account.send(service, many).gas // BATCH,
        "EAS multiTimestamp a record": account.send(service, timestamps).gas // BATCH,
    }


def _digests(purpose: str) -> list[bytes]:
    return [sha256(f"{purpose} {n}".encode()).digest() for n in range(BATCH)]


def _fetch() -> bytes:
    """Return the package as the registry has it: unpacked only here, installed nowhere."""
    node = toolchain.node()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    with tempfile.TemporaryDirectory() as folder:
        command: list[str | Path] = [node, npm, "pack", "--silent", "--pack-destination", folder, PACKAGE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (package,) = Path(folder).iterdir()
        content = package.read_bytes()
    if b64encode(sha512(content).digest()).decode() != _INTEGRITY:
        raise ValueError(f"{PACKAGE} is not the package that it was")
    return content


def _code(package: bytes, contract: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        member = archive.extractfile(f"package/artifacts/contracts/{contract}.sol/{contract}.json")
        assert member is not None
        return bytes.fromhex(json.load(member)["bytecode"][2:])
