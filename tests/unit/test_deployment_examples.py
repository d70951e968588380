# SPDX-License-Identifier: Apache-2.0
"""The examples in `deploy/`: the unit as systemd reads it, the container file as far as is told without building."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "loan-notary@.service"
CONTAINER = ROOT / "deploy" / "Containerfile"
MOST_EXPOSED = 2.0
"""`systemd-analyze security` rates from 0 (nothing exposed) to 10; what is below 2 it calls OK."""


def analyze(*arguments: str) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong_with_the_unit_but_that_it_is_not_installed_here() -> None:
    complaints = analyze("verify", "--man=no", str(UNIT)).splitlines()
    assert [line for line in complaints if "is not executable" not in line] == []


def test_the_unit_exposes_little() -> None:
    text = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    rated = re.search(r"Overall exposure level for loan-notary@i\.service: ([0-9.]+)", text)
    if rated is None:
        pytest.skip("this systemd-analyze rates no files")
    assert float(rated[1]) <= MOST_EXPOSED


def test_the_container_runs_as_nobody_and_installs_only_what_is_pinned() -> None:
    text = re.sub(r"\\\n", " ", CONTAINER.read_text())
    steps = [line for line in text.splitlines() if line and not line.startswith("#")]
    users = [line.split()[1] for line in steps if line.startswith("USER")]
    assert users == ["10001:10001"]
    last = max(number for number, line in enumerate(steps) if line.startswith("FROM"))
    after = [line.split()[0] for line in steps[steps.index(f"USER {users[0]}") + 1 :]]
    assert not {"RUN", "COPY", "ADD"} & set(after), "nothing is written after the user is changed"
    assert not [line for line in steps if line.startswith("ADD")]
    for line in steps:
        for install in re.findall(r"pip install[^&]*", line):
            assert "--require-hashes" in install or "--no-deps" in install
        for source in re.findall(r"^COPY (?!--from)(.*) \S+$", line):
            assert all((ROOT / name).exists() for name in source.split()), source
    assert steps[last:][-2:] == ['ENTRYPOINT ["loan-notary"]', 'CMD ["run"]']
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
    assert {line.split()[0] for line in steps if not line.startswith(" ")} <= known | {"ENTRYPOINT", "CMD"}


def test_the_container_is_given_only_what_it_copies() -> None:
    lines = CONTAINER.with_name("Containerfile.dockerignore").read_text().splitlines()
    given = {line[1:] for line in lines if line.startswith("!")}
    copied = set(re.findall(r"^COPY ((?!--from).*) \S+$", CONTAINER.read_text(), re.M))
    assert given == {name for names in copied for name in names.split()}
