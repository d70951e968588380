# SPDX-License-Identifier: Apache-2.0
"""Commands of the operator: `init`, `run`, `add-lender`, `status`."""

import signal
import sys
from typing import Any

import click

from api.cli.options import data_option
from api.cli.output import console, json_option, show
from api.clock import now
from api.databases import open_store, open_webhooks
from api.folders.setup import set_up
from api.keys.anchor_keys import load_anchor_wallet
from api.keys.config import KeyConfig
from api.keys.hardening import harden
from api.keys.log_keys import load_verifiers
from api.logs import configure_logs
from api.operator import add_organisation
from api.reading_service import ReadingService
from api.service import Service
from api.settings import DEFAULT_PORT, DataFolder, Settings
from api.views.health import newest_anchor, newest_timestamps
from chain.deployment import Deployment
from chain.embedded import EmbeddedNode
from chain.errors import place_of
from chain.rpc import Rpc
from notary.access import ROLES
from notary.errors import KeyUnavailableError, ReadOnlyError, UnavailableError
from notary.log.anchors import AnchorState
from notary.log.reader import Log
from notary.receipts.sealed import ENVIRONMENTS


@click.command()
@data_option
@click.option("--origin", default="localhost/loan-notary", show_default=True, help="The log's unique name, for ever.")
@click.option(
    "--environment",
    type=click.Choice(ENVIRONMENTS),
    default="test",
    show_default=True,
    help="What receipts say they are for; production needs --rpc.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", type=int, default=DEFAULT_PORT, show_default=True, help="Port to serve at.")
@click.option(
    "--database", metavar="URL", help="postgresql://..., without a password; without it, a file in the data folder."
)
@click.option("--rpc", help="URL of an Ethereum node; without it a test chain is embedded.")
@click.option(
    "--anchor-interval", type=float, default=5.0, show_default=True, help="Seconds between anchors, at least."
)
@click.option("--depth", type=int, help="Blocks that make an anchor final; without it, the chain's finalized block.")
@click.option(
    "--draft-days", type=int, default=30, show_default=True, help="Days for which a half-signed record waits."
)
@click.option("--metrics-port", type=int, default=0, help="Port of /metrics; a free one if not given.")
@click.option(
    "--webhook-network",
    "webhook_networks",
    multiple=True,
    help="A network of your own that webhooks may go to, such as 10.1.0.0/16; http is taken then.",
)
@click.option(
    "--publish-to",
    multiple=True,
    help="Where to publish the log as files, seen from the data folder: a folder, or s3://BUCKET/PREFIX.",
)
@click.option("--log-key", default="file:log.pem", show_default=True, help="Place of the log's key.")
@click.option("--anchor-key", default="file:anchor.key", show_default=True, help="Place of the anchor account's key.")
@click.option("--data-key", default="file:data.key", show_default=True, help="Place of the data key.")
@click.option(
    "--passphrase", help="Place of the passphrase that key files are encrypted with (file:, credential:, env:)."
)
@json_option
def init(
    folder: DataFolder,
    log_key: str,
    anchor_key: str,
    data_key: str,
    passphrase: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Make a notary: settings, keys and database. Harmless to repeat; settings that exist stay."""
    if chosen["rpc"] is None and chosen["depth"] is None:
        # The embedded chain mines a block only when there is something to mine, so nothing would ever be final.
        chosen["depth"] = 0
    config = KeyConfig(first_log=log_key, anchor=anchor_key, data=data_key, passphrase=passphrase)
    folder.keys.check(config)
    new = folder.begin(Settings.checked(**chosen))
    set_up(folder, config)
    members = {
        "data": str(folder.path),
        "new": new,
        "environment": folder.settings().environment,
        "origin": folder.settings().origin,
        "log_key": load_verifiers(folder)[0].format(),
    }
    show(members, as_json, "The notary is ready: loan-notary run")


@click.command("add-lender")
@data_option
@click.argument("name")
@json_option
def add_lender(folder: DataFolder, name: str, as_json: bool) -> None:
    """Register a lender under its NAME and print its API key, which is shown this once only."""
    lender, api_key = add_organisation(folder, name, "lender")
    show({"lender": lender.number, "name": lender.name, "api_key": api_key}, as_json, "Keep the key; it is not stored")


@click.command("add-organisation")
@data_option
@click.argument("name")
@click.option("--role", type=click.Choice(list(ROLES)), required=True, help="What it does here.")
@json_option
def add_any(folder: DataFolder, name: str, role: str, as_json: bool) -> None:
    """Register an organisation under its NAME and print its API key, which is shown this once only."""
    made, api_key = add_organisation(folder, name, role)
    members = {"number": made.number, "name": made.name, "role": made.role, "api_key": api_key}
    show(members, as_json, "Keep the key; it is not stored")


@click.command()
@data_option
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that serve HTTP; one a processor if not given.")
@click.option("--reanchor", is_flag=True, help="Anchor from size 0 again, on a chain that lost its state.")
def run(folder: DataFolder, workers: int | None, reanchor: bool) -> None:
    """Run the service until it is told to stop (Ctrl-C, SIGTERM)."""
    configure_logs("service")
    harden()
    # While it starts: what is up by then is ended in order. Once all is up, `wait` has its own way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    writes_at = folder.settings().writes_at
    if writes_at is not None and reanchor:
        raise ReadOnlyError(writes_at)
    service_class = Service if writes_at is None else ReadingService
    with service_class.start(folder, workers, reanchor) as service:
        about = f"chain at {place_of(service.node_url)}" if writes_at is None else f"reads only; write at {writes_at}"
        console.print(f"[green]ready[/] at {service.url}, {about}")
        service.wait()


@click.command()
@data_option
@json_option
def status(folder: DataFolder, as_json: bool) -> None:
    """Show the log's size, how far it is anchored, what is on its way, and what wants looking after."""
    store, hooks = open_store(folder), open_webhooks(folder)
    head = Log(store).head()
    anchor = newest_anchor(store)
    node = EmbeddedNode.find(folder.chain) if folder.settings().rpc is None else None
    account, due = _account(folder), hooks.oldest_due(now())
    members: dict[str, Any] = {
        "environment": folder.settings().environment,
        "origin": folder.settings().origin,
        "size": head.size,
        "root": head.root.hex(),
        "anchored_size": anchor["size"] if anchor else 0,
        "anchor_state": anchor["state"] if anchor else None,
        "anchor_age_seconds": anchor["age_seconds"] if anchor else None,
        "not_anchored": head.size - (anchor["size"] if anchor else 0),
        "timestamps": newest_timestamps(store, (item.url for item in folder.settings().timestamp_authorities)),
        "on_the_way": len(store.anchors(AnchorState.PENDING, AnchorState.SENT)),
        "anchor_account": account,
        "anchor_account_ether": _ether(folder.settings().rpc or (node.url if node else None), account),
        "webhook_lag_seconds": (now() - due) // 1000 if due is not None else 0,
        "webhook_messages_failed": hooks.failed_deliveries(),
        "metrics": folder.metrics_address.read_text() if folder.metrics_address.exists() else None,
        "registry": _registry(folder),
        "chain": folder.settings().rpc or (node.url if node else "embedded node, not running"),
    }
    if not as_json:
        described = (f"{item['authority']}: {item['time'] or 'never'}" for item in members["timestamps"])
        members["timestamps"] = "\n".join(described) or None
    show(members, as_json, "Loan Notary")


def _account(folder: DataFolder) -> str | None:
    try:
        return load_anchor_wallet(folder.keys).address
    except KeyUnavailableError:
        # The shell that asks need not have what the service has to open the key.
        return None


def _ether(url: str | None, account: str | None) -> float | None:
    if url is None or account is None:
        return None
    try:
        return Rpc(url).quantity("eth_getBalance", account, "latest") / 10**18
    except UnavailableError:
        return None


def _registry(folder: DataFolder) -> str | None:
    # CAIP-10, as `sign --registry` takes it.
    if not folder.deployment.exists():
        return None
    deployment = Deployment.load(folder.deployment)
    return f"eip155:{deployment.chain_id}:{deployment.registry}"


COMMANDS = (init, run, add_lender, add_any, status)
