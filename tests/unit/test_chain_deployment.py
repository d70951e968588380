# SPDX-License-Identifier: Apache-2.0
"""The deployment's file: what was saved comes back, and nothing else is taken."""

import json
from pathlib import Path

import pytest

from chain.deployment import Deployment
from chain.errors import DeploymentError

DEPLOYMENT = Deployment(
    chain_id=31337,
    genesis_hash="0x" + "1a" * 32,
    registry="0x" + "2b" * 20,
    log_id="0x" + "3c" * 32,
    origin="notary.example/贷款",
    operator="0x" + "4d" * 20,
    code_hash="0x" + "5e" * 32,
)


def test_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    DEPLOYMENT.save(tmp_path / "deployment.json")
    assert Deployment.load(tmp_path / "deployment.json") == DEPLOYMENT
    assert [path.name for path in tmp_path.iterdir()] == ["deployment.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": "31337"},
        {"chain_id": True},
        {"chain_id": 1.0},
        {"chain_id": None},
        {"origin": 7},
        {"registry": "0x" + "2B" * 20},
        {"registry": "0x" + "2b" * 21},
        {"registry": "2b" * 20},
        {"genesis_hash": 5},
        {"log_id": ""},
        {"code_hash": "0x" + "5e" * 32 + "\n"},
        {"more": 1},
    ],
    ids=str,
)
def test_refuses_other_members(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "deployment.json"
    DEPLOYMENT.save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DeploymentError):
        Deployment.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b'"x"'])
def test_refuses_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "deployment.json"
    path.write_bytes(content)
    with pytest.raises(DeploymentError):
        Deployment.load(path)


def test_a_file_that_cannot_be_used_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError):
        Deployment.load(tmp_path / "none")
    with pytest.raises(DeploymentError):
        DEPLOYMENT.save(tmp_path / "no" / "deployment.json")
