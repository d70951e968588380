# SPDX-License-Identifier: Apache-2.0
"""Writes the lock files anew: `make lock`.

The lock files name no download address, so that they work behind any mirror. Two things the
package managers cannot do alone are done here: npm's `resolved` members are dropped, and a
platform package that the registry at hand does not carry is kept in the lock by name and version
(without it, `npm ci` refuses the whole file on every platform).
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = ["pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes",
           "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]  # fmt: skip
CPUS = {"x64": "x64", "amd64": "x64", "arm64": "arm64"}
SYSTEMS = {"darwin": "darwin", "linux": "linux", "win32": "win32"}


def lock_python() -> None:
    project = ["uv", *COMPILE, "pyproject.toml"]
    subprocess.run([*project, "--group", "build", "-o", "requirements/run.txt"], cwd=ROOT, check=True)
    subprocess.run(
        [*project, "--all-extras", "--group", "dev", "-c", "requirements/run.txt", "-o", "requirements/dev.txt"],
        cwd=ROOT,
        check=True,
    )
    for name in ("requirements/audit", "requirements/peers", "requirements/s3"):
        subprocess.run(["uv", *COMPILE, f"{name}.in", "-o", f"{name}.txt"], cwd=ROOT, check=True)
    for folder, name in (("verifier", "verifier"), ("loan_notary", "client")):
        distribution = ["uv", *COMPILE, f"{folder}/pyproject.toml", "--all-extras", "-c", "requirements/run.txt"]
        subprocess.run([*distribution, "-o", f"requirements/{name}.txt"], cwd=ROOT, check=True)


def lock_node() -> None:
    path = ROOT / "package-lock.json"
    path.unlink(missing_ok=True)
    shutil.rmtree(ROOT / "node_modules", ignore_errors=True)
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--omit-lockfile-registry-resolved=false"], cwd=ROOT, check=True
    )
    lock = json.loads(path.read_text())
    packages = lock["packages"]
    for entry in packages.values():
        entry.pop("resolved", None)
    for entry in list(packages.values()):
        for name, version in entry.get("optionalDependencies", {}).items():
            if f"node_modules/{name}" not in packages:
                packages[f"node_modules/{name}"] = _platform_package(name, version)
    lock["packages"] = dict(sorted(packages.items()))
    path.write_text(json.dumps(lock, indent=2) + "\n")


def _platform_package(name: str, version: str) -> dict[str, object]:
    words = name.rsplit("/", 1)[-1].split("-")
    entry: dict[str, object] = {"version": version.lstrip("^~"), "dev": True, "optional": True}
    for member, table in (("cpu", CPUS), ("os", SYSTEMS)):
        found = [table[word] for word in words if word in table]
        if not found:
            sys.exit(f"{name} is in no registry here and its name tells no {member}")
        entry[member] = found
    return entry


if __name__ == "__main__":
    lock_python()
    lock_node()
