# SPDX-License-Identifier: Apache-2.0
"""Commands on the registry contract: `deploy`, `hand-over`, `take-over`."""

import re
from dataclasses import asdict
from pathlib import Path

import click

from api.anchoring import connect, use_node
from api.cli.options import data_option
from api.cli.output import json_option, show
from api.cli.paths import NEW_FOLDER
from api.folders.locks import log_lock
from api.keys.anchor_keys import load_anchor_wallet
from api.settings import DataFolder
from chain.registry_deployment import RECORDS, deploy_registry, plan_registry, record_registry
from chain.rpc import Rpc


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch("0x[0-9a-fA-F]{40}", value):
        raise click.BadParameter("an address is 0x and 40 hexadecimal digits")
    return value.lower()


@click.command()
@data_option
@click.option(
    "--records",
    type=NEW_FOLDER,
    default=RECORDS,
    help="Where deployments are recorded; chain/deployments if not given.",
)
@click.option("--dry-run", is_flag=True, help="Only say where the contract would go and what that costs.")
@json_option
def deploy(folder: DataFolder, records: Path, dry_run: bool, as_json: bool) -> None:
    """Put the registry contract on the notary's chain, unless it is there, and record where it is.

    Where the chain allows it, the address is the same on every chain. `run` does this by itself when it is needed.
    """
    with use_node(folder) as url:
        rpc, wallet = Rpc(url), load_anchor_wallet(folder.keys)
        # An embedded chain is nobody else's, so a record of it would help nobody.
        kept = records if folder.settings().rpc else None
        plan = plan_registry(rpc, wallet.address, kept)
        if not dry_run:
            deploy_registry(rpc, wallet, plan)
            if kept:
                record_registry(kept, plan)
    title = "Nothing was sent" if dry_run or plan.exists else "Deployed"
    show({**asdict(plan), "deployer": wallet.address}, as_json, title)


@click.command("hand-over")
@data_option
@click.argument("operator", callback=_address)
@json_option
def hand_over(folder: DataFolder, operator: str, as_json: bool) -> None:
    """Offer the log to another OPERATOR (an address); it is theirs once they take it over."""
    with log_lock(folder, wait=0), use_node(folder) as url:
        registry = connect(folder, url)
        registry.propose_operator(load_anchor_wallet(folder.keys), operator)
    show({"log": registry.deployment.log_id, "offered_to": operator}, as_json, "Offered; still yours until it is taken")


@click.command("take-over")
@data_option
@json_option
def take_over(folder: DataFolder, as_json: bool) -> None:
    """Take over a log that was offered to this folder's anchor account; its old operator is refused from then on."""
    wallet = load_anchor_wallet(folder.keys)
    with log_lock(folder, wait=0), use_node(folder) as url:
        registry = connect(folder, url)
        registry.accept_operator(wallet)
    show({"log": registry.deployment.log_id, "operator": wallet.address}, as_json, "Taken over")


COMMANDS = (deploy, hand_over, take_over)
