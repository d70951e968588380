# SPDX-License-Identifier: Apache-2.0
"""The verifier and the client as their users get them: a wheel and its locked packages in an environment of its own.

The packages come from wherever pip is set up to look for them.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from loan_notary.build import write_client
from tests.support.api import running_api
from tests.support.builders import record, record_id
from tests.support.listening import listening
from tests.support.receipt_fixtures import FOLDER
from verifier.build import write_verifier

LOCKS = Path(__file__).parents[2] / "requirements"
RECEIPT = FOLDER / "receipt@1-final.json"
USE = """
import sys, orjson
from loan_notary import Client, generate_key, sign
url, api_key, record = sys.argv[1:]
with Client(url, api_key) as client:
    key = generate_key()
    client.register_key("lender", key)
    receipt = client.submit(sign(orjson.loads(record), key))
    print(client.verify(receipt).verdict.value, receipt.state)
"""


class Installed:
    """An environment that one wheel was installed into, after the packages of its lock file."""

    def __init__(self, folder: Path, lock: Path, build: Callable[[Path], Path]) -> None:
        subprocess.run((sys.executable, "-m", "venv", folder / "env"), check=True)
        self._programs = folder / "env" / "bin"
        self.run("pip", "install", "-q", "--require-hashes", "-r", lock)
        self.run("pip", "install", "-q", "--no-deps", "--no-index", build(folder))

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one of its programs where neither the clone nor the tests' own environment is in sight."""
        ran = subprocess.run(
            (self._programs / program, *arguments), cwd="/", env=_variables(), capture_output=True, text=True,
            check=False, timeout=900,
        )  # fmt: skip
        assert ran.returncode in (0, 1), ran.stderr
        return ran

    def packages(self) -> set[str]:
        """Return what is installed, but for the installer itself."""
        listed = orjson.loads(self.run("pip", "list", "--format", "json").stdout)
        return {item["name"].lower().replace("_", "-") for item in listed} - {"pip", "setuptools"}


def _variables() -> dict[str, str]:
    """Return the environment's variables that say where pip finds packages, and nothing of Python's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "VIRTUAL"))}


def locked(lock: Path) -> set[str]:
    """Return the packages of a lock file that this platform takes."""
    return set(re.findall(r"^([a-z0-9-]+)==", lock.read_text("utf-8"), re.MULTILINE))


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("verifier"), LOCKS / "verifier.txt", write_verifier)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("client"), LOCKS / "client.txt", write_client)


@pytest.mark.parametrize("name", ["client", "verifier"])
def test_locked_is_what_the_whole_project_is_tested_with(name: str) -> None:
    pins = re.compile(r"^[a-z0-9-]+==[^ ]+", re.MULTILINE)
    lock, whole = (set(pins.findall((LOCKS / f"{item}.txt").read_text("utf-8"))) for item in (name, "run"))
    assert lock
    assert not lock - whole


@pytest.mark.slow
def test_the_verifier_installs_and_judges_receipts(verifier: Installed, tmp_path: Path) -> None:
    assert verifier.packages() == locked(LOCKS / "verifier.txt") | {"loan-notary-verifier"}
    assert verifier.run("pip", "check").returncode == 0
    good = verifier.run("loan-notary-verify", RECEIPT)
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, "VALID"), good
    changed = tmp_path / "changed.json"
    changed.write_bytes(RECEIPT.read_bytes().replace(b'"test"', b'"production"'))
    assert verifier.run("loan-notary-verify", changed).returncode == 1


@pytest.mark.slow
def test_the_client_installs_submits_and_verifies(client: Installed, tmp_path: Path) -> None:
    assert client.packages() == locked(LOCKS / "client.txt") | {"loan-notary-client"}
    assert client.run("pip", "check").returncode == 0
    with running_api(tmp_path / "data") as api, listening(api) as url:
        value = orjson.dumps(record("agreement", id=record_id(1), loan="L-1")).decode()
        used = client.run("python", "-c", USE, url, api.bank.api_key, value)
    assert (used.returncode, used.stdout) == (0, "valid recorded\n"), used.stderr
