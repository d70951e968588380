# SPDX-License-Identifier: Apache-2.0
"""Commands on the notary's own keys: `notary-keys show`, `rotate`, `encrypt`, `history`."""

import time
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from api.anchoring import finish_anchor_rotation, use_node
from api.cli.options import data_option
from api.cli.output import NotaryGroup, errors, json_option, show, show_list
from api.cli.paths import NEW_FILE
from api.clock import now
from api.folders.locks import log_lock
from api.keys.anchor_keys import load_anchor_wallet
from api.keys.config import KeyConfig
from api.keys.data_rotation import rotate_data_key
from api.keys.files import Purpose, encrypt_key_file
from api.keys.log_keys import load_verifiers
from api.keys.places import FilePlace
from api.keys.rotation import begin_anchor_rotation, rotate_log_key
from api.settings import DataFolder
from notary.encoding import format_time
from notary.errors import Fault, InvalidInputError, KeyUnavailableError, UnavailableError
from notary.log.key_history import write_history

DAY = 24 * 3_600_000
_HAND_OVER_WAIT = 600.0


@click.group("notary-keys", cls=NotaryGroup)
def notary_keys() -> None:
    """The notary's own keys: where they are, new ones, encryption."""


@notary_keys.command("show")
@data_option
@json_option
def show_keys(folder: DataFolder, as_json: bool) -> None:
    """Show the public halves of the notary's keys, where the secret ones are, and until when they sign."""
    config = folder.keys.load()
    rows: list[dict[str, Any]] = [
        {"purpose": "log", "place": item.place, "public": item.key, "until": item.until} for item in config.log
    ] or [_row("log", config.first_log, load_verifiers(folder)[0].format())]
    try:
        account = load_anchor_wallet(folder.keys).address
    except KeyUnavailableError:
        account = None
    rows.append(_row("anchor", config.anchor, account))
    rows.append(_row("data", config.data, None))
    if config.data_next:
        rows.append(_row("data, next", config.data_next, None))
    if config.data_replaced:
        rows.append(_row("data, to be destroyed", config.data_replaced.place, None))
    if config.anchor_next:
        rows.append(_row("anchor, next", config.anchor_next, None))
    show_list(rows, ("purpose", "place", "public", "until"), as_json)


@notary_keys.group("rotate", cls=NotaryGroup)
def rotate() -> None:
    """Put a new key in the place of one, whether or not the service runs."""


@rotate.command("log")
@data_option
@click.option("--overlap", type=click.FloatRange(0, 3650), default=30.0, show_default=True, help="Days both keys sign.")
@click.option("--to", help="Place of the new key; beside the old one if not given.")
@json_option
def rotate_log(folder: DataFolder, overlap: float, to: str | None, as_json: bool) -> None:
    """Give the log a new key, announced under both; during the overlap, checkpoints carry both signatures.

    If the old key was stolen, use --overlap 0. Publish the key history (`notary-keys history`) either way.
    """
    done = rotate_log_key(folder, round(overlap * DAY), to)
    members = {"log_key": done.new, "was": done.old, "place": done.place, "both_sign_until": format_time(done.until)}
    show(members, as_json, "The log has a new key")


@rotate.command("anchor")
@data_option
@click.option("--to", help="Place of the new key; beside the old one if not given.")
@json_option
def rotate_anchor(folder: DataFolder, to: str | None, as_json: bool) -> None:
    """Give the log to a new account; the old one is refused by the contract from then on.

    If it is interrupted, the same command goes on where it stopped. On a chain whose ether is worth something, the new
    account must be paid into first: the command says which it is.
    """
    old = load_anchor_wallet(folder.keys).address
    new = begin_anchor_rotation(folder, to)
    try:
        with log_lock(folder, wait=0), use_node(folder) as url:
            finish_anchor_rotation(folder, url)
    except UnavailableError:
        if not folder.writer_address.exists():
            raise
        _wait_for_service(folder, new)
    show({"operator": new, "was": old}, as_json, "The log has a new anchor key")


@rotate.command("data")
@data_option
@click.option("--to", help="Place of the new key; beside the old one if not given.")
@json_option
def rotate_data(folder: DataFolder, to: str | None, as_json: bool) -> None:
    """Wrap all keys of loans, organisations and documents with a new data key, and destroy the old one.

    If it is interrupted, the same command goes on where it stopped. Whoever gives keys to the service (credentials,
    variables) gives it both until this is done.
    """
    done = rotate_data_key(folder, to)
    members = {
        "data_key": done.new, "was": done.old, "place": done.place, "rewrapped": done.rewrapped,
        "old_removed": done.old_removed,
    }  # fmt: skip
    show(members, as_json, "There is a new data key")


@notary_keys.command()
@data_option
@click.argument("purpose", type=click.Choice(["log", "anchor", "data"]))
@json_option
def encrypt(folder: DataFolder, purpose: Purpose, as_json: bool) -> None:
    """Encrypt the key files of a PURPOSE with the passphrase that keys.json names (`notary-keys passphrase`)."""
    config = folder.keys.load()
    passphrase = folder.keys.passphrase(config)
    if passphrase is None:
        raise InvalidInputError(
            Fault("/passphrase", "keys.json names no place of a passphrase: notary-keys passphrase")
        )
    names = _places(config, purpose)
    files = [place for place in map(folder.keys.place, names) if isinstance(place, FilePlace)]
    done = [str(place.path) for place in files if encrypt_key_file(place.path, purpose, passphrase)]
    show({"purpose": purpose, "encrypted": ", ".join(done) or None}, as_json, "Encrypted")


@notary_keys.command("passphrase")
@data_option
@click.argument("place")
@json_option
def name_passphrase(folder: DataFolder, place: str, as_json: bool) -> None:
    """Say in which PLACE the passphrase is (file:, credential:, env:).

    Key files that are plain stay so until `encrypt`.
    """
    folder.keys.passphrase(folder.keys.load().model_copy(update={"passphrase": place}))
    folder.keys.change(passphrase=place)
    show({"passphrase": place}, as_json, "Named")


@notary_keys.command()
@data_option
@click.option("-o", "--output", type=NEW_FILE, help="File to write it to.")
def history(folder: DataFolder, output: Path | None) -> None:
    """Write the log's key history, for verifiers that trust one of its keys and meet another."""
    data = write_history(folder.keys.load().successions)
    if output:
        output.write_bytes(data)
    else:
        click.echo(data)


def _row(purpose: str, place: str, public: str | None) -> dict[str, Any]:
    return {"purpose": purpose, "place": place, "public": public, "until": None}


def _places(config: KeyConfig, purpose: Purpose) -> list[str]:
    if purpose == "anchor":
        return [config.anchor, *([config.anchor_next] if config.anchor_next else [])]
    if purpose == "data":
        return [config.data, *([config.data_next] if config.data_next else [])]
    return [item.place for item in config.log if item.place] or [config.first_log]


def _wait_for_service(folder: DataFolder, account: str) -> None:
    """Return when the running service has handed the log over. Raises `UnavailableError` if it takes too long."""
    began = now()
    errors.print(escape(f"the running service hands the log over to {account}, which needs some ether"))
    while folder.keys.load().anchor_next:
        if now() - began > _HAND_OVER_WAIT * 1000:
            raise UnavailableError(
                f"the log is not handed over yet: has account {account} any ether? the service goes on"
            )
        time.sleep(0.5)


COMMANDS = (notary_keys,)
