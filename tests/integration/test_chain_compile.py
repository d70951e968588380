# SPDX-License-Identifier: Apache-2.0
"""The committed artifact is what the sources compile to, by py-solc-x and by Hardhat alike."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chain import artifact, toolchain
from chain.artifact import load_artifact
from chain.compile import CONTRACTS, compile_registry
from chain.errors import CompileError
from chain.known_registries import KNOWN_CODE_HASHES


def test_the_artifact_matches_the_sources() -> None:
    compiled = compile_registry()
    assert compiled == load_artifact()
    assert artifact.format_artifact(compiled) == artifact.PATH.read_text()


def test_the_code_is_one_that_verifiers_know() -> None:
    assert load_artifact().code_hash in KNOWN_CODE_HASHES


def test_hardhat_compiles_the_same_code(tmp_path: Path) -> None:
    for name in ("contracts", "hardhat.config.js", "package.json"):
        source = toolchain.ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(toolchain.ROOT / "node_modules")
    subprocess.run(
        (str(toolchain.node()), "node_modules/hardhat/dist/src/cli.js", "compile"),
        cwd=tmp_path,
        env={**os.environ, "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "CI": "true"},
        check=True,
        capture_output=True,
        timeout=120,
    )
    built = tmp_path / "artifacts" / "contracts" / "NotaryRegistry.sol" / "NotaryRegistry.json"
    by_hardhat = json.loads(built.read_text())
    assert by_hardhat["bytecode"] == "0x" + load_artifact().bytecode.hex()
    assert by_hardhat["deployedBytecode"] == "0x" + load_artifact().deployed_bytecode.hex()
    assert by_hardhat["abi"] == load_artifact().abi


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTRACTS, tmp_path / "contracts"))


def test_sources_that_do_not_compile(contracts: Path) -> None:
    (contracts / "NotaryRegistry.sol").write_text("pragma solidity 0.8.37; contract NotaryRegistry { uint8 x = 256; }")
    with pytest.raises(CompileError, match="not implicitly convertible"):
        compile_registry(contracts)


def test_another_compiler_version(contracts: Path) -> None:
    wanted = json.loads((contracts / "compiler.json").read_text())
    (contracts / "compiler.json").write_text(json.dumps({**wanted, "version": "0.8.30"}))
    with pytest.raises(CompileError, match=r"contracts/compiler.json asks for 0\.8\.30"):
        compile_registry(contracts)


@pytest.mark.parametrize("tool", ["anvil", "solc"])
def test_missing_tools_name_the_command_that_installs_them(tmp_path: Path, tool: str) -> None:
    for package in ("chain", "notary"):
        shutil.copytree(toolchain.ROOT / package, tmp_path / package)
    use = {"anvil": "toolchain.anvil()", "solc": "toolchain.solc().__enter__()"}[tool]
    done = subprocess.run(
        (sys.executable, "-c", f"from chain import toolchain; {use}"), cwd=tmp_path, capture_output=True, text=True
    )
    assert f"chain.errors.ToolMissingError: {tool} is not installed" in done.stderr
    assert done.stderr.strip().endswith("run `make setup`")
