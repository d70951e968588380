# SPDX-License-Identifier: Apache-2.0
"""Commands on a stored log: `backup`, `verify-backup`, `restore`, `scrub`."""

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from api.cli.options import data_option
from api.cli.output import REFUSED, console, json_option, show
from api.cli.paths import NEW_FOLDER
from api.databases import hold_of
from api.folders.backup import make_backup, restore_backup, verify_backup
from api.settings import DataFolder
from api.wiring import make_scrubber
from notary.audit.finding import Findings
from notary.audit.scrubbing import ScrubPolicy


@click.command()
@data_option
@click.argument("target", type=NEW_FOLDER)
@click.option("--with-keys", is_flag=True, help="Copy the key files too: whoever has the backup has the notary then.")
@json_option
def backup(folder: DataFolder, target: Path, with_keys: bool, as_json: bool) -> None:
    """Write a backup of the notary to TARGET, a new folder, as of one moment; the service may run."""
    folder.settings()
    show(asdict(make_backup(folder, target, with_keys=with_keys)), as_json, "Backed up")


@click.command("verify-backup")
@click.argument("path", type=NEW_FOLDER)
@json_option
@click.pass_context
def verify(context: click.Context, path: Path, as_json: bool) -> None:
    """Check every file of the backup at PATH and hash the log in it. Exit code 0: whole, 1: damaged."""
    found, findings = verify_backup(path)
    _show({**asdict(found), "findings": _texts(findings)}, as_json, "Damaged" if findings.count else "Whole")
    context.exit(REFUSED if findings.count else 0)


@click.command()
@data_option
@click.argument("path", type=NEW_FOLDER)
@json_option
def restore(folder: DataFolder, path: Path, as_json: bool) -> None:
    """Restore the backup at PATH into the data folder, which must not exist.

    Nothing is signed there until the chain was asked, which `run` does: it refuses a log that is shorter than what is
    anchored. Put the keys into their places first, if the backup has none.
    """
    show(asdict(restore_backup(path, folder)), as_json, "Restored; nothing is signed before the chain was asked")


@click.command()
@data_option
@json_option
@click.pass_context
def scrub(context: click.Context, folder: DataFolder, as_json: bool) -> None:
    """Hash all of the stored log again, now. A hold for damage is lifted if there is none. Exit code 1: damaged."""
    scrubber = make_scrubber(folder, ScrubPolicy(rate=float("inf"), step=100_000))
    findings = scrubber.scrub(threading.Event())
    assert findings is not None, "nobody stops it"
    hold = hold_of(folder)
    held = hold.read()
    if held and held[0] == "damaged" and not findings.count:
        hold.lift()
        held = None
    members: dict[str, Any] = {"findings": _texts(findings), "held": ": ".join(held) if held else None}
    _show(members, as_json, "Damaged" if findings.count else "Whole")
    context.exit(REFUSED if findings.count else 0)


def _show(members: dict[str, Any], as_json: bool, title: str) -> None:
    if as_json:
        show(members, as_json, title)
        return
    findings = members.pop("findings")
    show(members, as_json, title)
    for text in findings:
        console.print(f"  {text}", markup=False)


def _texts(findings: Findings) -> list[str]:
    return [f"{item.place}: {item.text}" for item in findings.ordered()]


COMMANDS = (backup, verify, restore, scrub)
