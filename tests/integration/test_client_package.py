# SPDX-License-Identifier: Apache-2.0
"""The client without the rest: its wheel, where nothing of a server can be imported."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import loan_notary
from loan_notary.build import ENTRIES, write_client
from tests.integration.test_verifier_package import EXTRAS, PIP, RECEIPTS, ROOT, SERVER, names, run_blocked
from verifier.closure import closure_of

PROJECT = tomllib.loads((ROOT / "loan_notary" / "pyproject.toml").read_text("utf-8"))["project"]
NOT_NEEDED = (SERVER | EXTRAS) - {"click", "httpx", "rich"}
"""httpx takes click and rich where they are, for a command of its own."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_client(tmp_path_factory.mktemp("built"))


def test_it_needs_the_packages_that_it_says_and_no_other() -> None:
    extras = [item for items in PROJECT["optional-dependencies"].values() for item in items]
    wanted = {item for item in PROJECT["dependencies"] if not item.startswith("httpx>")}
    assert set(closure_of(*ENTRIES).packages) == names([*wanted, *extras]) | {"httpx"}


def test_there_is_one_version() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert PROJECT["version"] == whole["version"] == loan_notary.VERSION
    assert {item for item in PROJECT["dependencies"] if "pycryptodome" not in item} <= set(whole["dependencies"])


def test_no_module_of_the_server_is_in_it(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        found = set(archive.namelist())
    assert {"loan_notary/py.typed", "loan_notary/client.py", "verifier/cli.py"} <= found
    assert not [name for name in found if name.startswith(("api/", "notary/stores/")) or "build" in name]
    assert not {"chain/rpc.py", "chain/witness.py", "notary/log/sequencer.py", "notary/registration.py"} & found


def test_the_installed_wheel_signs_and_verifies_where_no_server_can_be_imported(built: Path, tmp_path: Path) -> None:
    subprocess.run([*PIP, "--target", tmp_path, built], check=True, capture_output=True, timeout=120)
    code = f"""
from pathlib import Path
import loan_notary
key = loan_notary.generate_key()
assert loan_notary.sign({{"id": "1"}}, key).signatures[0].kid == key.public.kid
with loan_notary.Client("http://127.0.0.1:1", retries=loan_notary.Retries(attempts=1)) as client:
    try:
        client.readiness()
    except loan_notary.NoAnswerError:
        print(client.verify(Path(sys.argv[1]).read_bytes()).verdict.value)
assert not {NOT_NEEDED!r} & {{name.partition(".")[0] for name in sys.modules}}
assert loan_notary.__file__.startswith({str(tmp_path)!r})
"""
    ran = run_blocked(code, [str(tmp_path)], NOT_NEEDED, str(RECEIPTS / "receipt@1-final.json"))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "valid\n", "")


def test_a_type_checker_sees_the_types_of_an_installed_client(built: Path, tmp_path: Path) -> None:
    target, program = tmp_path / "site", tmp_path / "program.py"
    subprocess.run([*PIP, "--target", target, built], check=True, capture_output=True, timeout=120)
    program.write_text(
        "from loan_notary import AsyncClient, Client\n"
        'reveal_type(Client("http://x").register_key)\n'
        "async def main(client: AsyncClient) -> None:\n"
        '    reveal_type(await client.receipt("1"))\n'
        "    reveal_type(client.drafts())\n"
        "    await client.receipt(1)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", tmp_path / "cache", program],
        cwd=tmp_path, env={"MYPYPATH": "", "PYTHONPATH": str(target), "PATH": ""}, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert "party: Literal['lender'" in ran.stdout
    assert 'Revealed type is "loan_notary.receipts.Receipt"' in ran.stdout
    assert "typing.AsyncIterator[TypedDict(" in ran.stdout
    assert 'has incompatible type "int"; expected "str"' in ran.stdout
    assert "Found 1 error" in ran.stdout, ran.stdout + ran.stderr
