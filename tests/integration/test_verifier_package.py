# SPDX-License-Identifier: Apache-2.0
"""The verifier without the rest: what it needs; its wheel and its single file, where nothing else can be imported."""

import os
import subprocess
import sys
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest

import verifier
from verifier.build import ENTRY, write_single_file, write_verifier
from verifier.closure import closure_of

ROOT = Path(__file__).parents[2]
RECEIPTS = ROOT / "tests" / "vectors" / "receipts"
PROJECT = tomllib.loads((ROOT / "verifier" / "pyproject.toml").read_text("utf-8"))["project"]
IMPORT_NAMES = {
    "coincurve": {"coincurve"},
    "cryptography": {"cryptography"},
    "orjson": {"orjson"},
    "pycryptodome": {"Crypto"},
    "pydantic": {"pydantic", "pydantic_core"},
    "pyhanko-certvalidator": {"pyhanko_certvalidator", "asn1crypto"},
    "rfc3161-client": {"rfc3161_client"},
}
SERVER = {
    "aiohttp", "api", "click", "eth_abi", "eth_account", "eth_hash", "eth_utils", "flask", "granian", "httpx", "py_ecc",
    "requests", "rich", "rlp", "solcx", "sqlite3", "sqlite_utils", "structlog", "urllib3", "web3", "werkzeug",
}  # fmt: skip
PIP = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile")
EXTRAS = {"asn1crypto", "coincurve", "pyhanko_certvalidator", "rfc3161_client"}
BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("blocked: " + name, name=name)
sys.meta_path.insert(0, Blocker())
sys.path[:0] = {paths!r}
"""


def names(requirements: list[str]) -> set[str]:
    return {name for requirement in requirements for name in IMPORT_NAMES[requirement.partition(">")[0]]}


def run_blocked(code: str, paths: list[str], blocked: set[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code where nothing of the clone can be imported, nor what is blocked; site-packages can."""
    program = BLOCKER.format(blocked=blocked, paths=paths) + code
    # Coverage, which would follow into the process, imports what is blocked.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(
        [sys.executable, "-I", "-c", program, *arguments],
        cwd="/",
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("built")
    return write_verifier(folder), write_single_file(folder)


def test_it_needs_the_packages_that_it_says_and_no_other() -> None:
    extras = [item for items in PROJECT["optional-dependencies"].values() for item in items]
    assert set(closure_of(ENTRY).packages) == names(PROJECT["dependencies"]) | names(extras)
    assert names(extras) == EXTRAS


def test_there_is_one_version() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert PROJECT["version"] == whole["version"] == verifier.VERSION
    assert PROJECT["scripts"].items() <= whole["scripts"].items()
    assert {item for item in PROJECT["dependencies"] if "pycryptodome" not in item} <= set(whole["dependencies"])


def test_no_module_of_the_server_is_in_it(built: tuple[Path, Path]) -> None:
    files = closure_of(ENTRY).files
    server = {"chain/rpc.py", "chain/witness.py", "notary/log/sequencer.py", "notary/receipts/issuing.py"}
    assert not server & set(files)
    assert not [name for name in files if name.startswith(("api/", "notary/stores/"))]
    for path in built:
        with zipfile.ZipFile(path) as archive:
            assert set(files) <= set(archive.namelist())
            assert not [
                name for name in archive.namelist() if name.endswith(".py") and name not in {*files, "__main__.py"}
            ]


def test_the_same_sources_give_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    for path, write in zip(built, (write_verifier, write_single_file), strict=True):
        assert write(tmp_path).read_bytes() == path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
        assert {(entry.date_time, entry.compress_type, entry.create_system) for entry in entries} == {
            ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 3)
        }


def test_the_wheel_records_what_it_holds(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        info = f"loan_notary_verifier-{verifier.VERSION}.dist-info"
        rows = [line.split(",") for line in archive.read(f"{info}/RECORD").decode().splitlines()]
        assert {row[0] for row in rows} == set(archive.namelist())
        for name, digest, size in rows:
            if digest:
                data = archive.read(name)
                found = urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
                assert (digest, int(size)) == (f"sha256={found}", len(data))
        metadata = archive.read(f"{info}/METADATA").decode()
    for requirement in PROJECT["dependencies"]:
        assert f"Requires-Dist: {requirement}\n" in metadata
    assert 'Requires-Dist: coincurve>=21; extra == "wallets"\n' in metadata


@pytest.mark.parametrize("name", ["receipt@1-final.json", "history@1-final.json"])
def test_the_installed_wheel_verifies_where_no_server_can_be_imported(
    built: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    subprocess.run([*PIP, "--target", tmp_path, built[0]], check=True, capture_output=True, timeout=120)
    code = f"""
from verifier.cli import main
code = main(sys.argv[1:])
assert not {SERVER | EXTRAS!r} & {{name.partition(".")[0] for name in sys.modules}}
import verifier, notary, chain
assert all(module.__file__.startswith({str(tmp_path)!r}) for module in (verifier, notary, chain))
sys.exit(code)
"""
    ran = run_blocked(code, [str(tmp_path)], SERVER | EXTRAS, str(RECEIPTS / name))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("VALID\n  environment  TEST\n")


def test_the_single_file_verifies_and_refuses(built: tuple[Path, Path], tmp_path: Path) -> None:
    code = "import runpy; sys.argv[0] = 'loan-notary-verify'; runpy.run_path({!r}, run_name='__main__')"
    code = code.format(str(built[1]))
    good = (RECEIPTS / "history@1-final.json").read_bytes()
    bad = tmp_path / "bad.json"
    bad.write_bytes(good.replace("示范银行".encode(), "示范行银".encode(), 1))
    assert bad.read_bytes() != good
    for path, wanted in ((RECEIPTS / "history@1-final.json", 0), (bad, 1), (tmp_path / "none.json", 2)):
        ran = run_blocked(code, [], SERVER | EXTRAS, str(path))
        assert ran.returncode == wanted, ran.stderr
        assert "Traceback" not in ran.stderr


def test_the_single_file_says_what_is_to_be_installed(built: tuple[Path, Path]) -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", built[1], "x"], cwd="/", capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 2
    assert "is missing" in ran.stderr
    assert "pip install cryptography orjson pycryptodome pydantic" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_signature_that_needs_a_missing_package_is_one_of_which_nobody_can_tell() -> None:
    code = """
from chain.wallet_signatures import recover
from notary.errors import MissingPackageError, UnavailableError
try:
    recover(bytes(32), bytes(31) + b"\\1" + bytes(31) + b"\\1" + bytes([27]))
except MissingPackageError as error:
    assert isinstance(error, UnavailableError) and error.package == "coincurve"
else:
    sys.exit(3)
"""
    ran = run_blocked(code, [str(ROOT)], SERVER | EXTRAS)
    assert (ran.returncode, ran.stderr) == (0, "")
