# SPDX-License-Identifier: Apache-2.0
"""Commands of `loan-notary webhook`: where messages go, which went wrong, sending them again."""

from typing import Any

import click
import orjson
from rich.table import Table

from api.cli.options import client_options
from api.cli.output import console, json_option, show
from api.client import NotaryClient
from notary.webhooks import EVENT_TYPES


@click.group()
def webhook() -> None:
    """Be told of what becomes of your records (Standard Webhooks)."""


@webhook.command()
@click.argument("target", metavar="URL")
@click.option(
    "--event", "events", type=click.Choice(EVENT_TYPES), multiple=True, help="A kind of message; all if none."
)
@json_option
@client_options
def add(client: NotaryClient, target: str, events: tuple[str, ...], as_json: bool) -> None:
    """Have messages sent to URL. The secret that signs them is shown this once only."""
    members = client.webhooks("POST", members={"url": target, "events": events or EVENT_TYPES})
    show(members, as_json, "Keep the secret; it is not shown again")


@webhook.command("list")
@json_option
@client_options
def list_all(client: NotaryClient, as_json: bool) -> None:
    """Show your webhooks."""
    _table(client.webhooks("GET"), "webhooks", ("id", "state", "url", "events"), as_json)


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def rotate(client: NotaryClient, webhook_id: str, as_json: bool) -> None:
    """Make a new secret; the old one signs beside it for a day."""
    show(client.webhooks("POST", f"/{webhook_id}/secret", {}), as_json, "Keep the secret; it is not shown again")


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def enable(client: NotaryClient, webhook_id: str, as_json: bool) -> None:
    """Send to a webhook again that was disabled; it is told of what happened meanwhile."""
    show(client.webhooks("PATCH", f"/{webhook_id}", {"state": "active"}), as_json, "Active")


@webhook.command()
@click.argument("webhook_id")
@client_options
def remove(client: NotaryClient, webhook_id: str) -> None:
    """Forget a webhook and its messages."""
    client.webhooks("DELETE", f"/{webhook_id}")


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def test(client: NotaryClient, webhook_id: str, as_json: bool) -> None:
    """Send a message that says nothing, to see that messages arrive."""
    show(client.webhooks("POST", f"/{webhook_id}/test"), as_json, "On its way")


@webhook.command()
@click.argument("webhook_id")
@click.option("--state", type=click.Choice(["waiting", "delivered", "failed"]), help="Those in one state only.")
@json_option
@client_options
def deliveries(client: NotaryClient, webhook_id: str, state: str | None, as_json: bool) -> None:
    """Show the newest messages of a webhook."""
    answer = client.webhooks("GET", f"/{webhook_id}/deliveries" + (f"?state={state}" if state else ""))
    _table(answer, "deliveries", ("id", "type", "state", "attempts", "last_status", "last_detail"), as_json)


@webhook.command()
@click.argument("webhook_id")
@click.argument("message_id")
@json_option
@client_options
def replay(client: NotaryClient, webhook_id: str, message_id: str, as_json: bool) -> None:
    """Send a message again, now."""
    show(client.webhooks("POST", f"/{webhook_id}/deliveries/{message_id}/replay"), as_json, "On its way")


def _table(answer: dict[str, Any], name: str, columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(answer))
        return
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False, header_style="dim")
    for item in answer[name]:
        cells = (item[column] for column in columns)
        table.add_row(
            *(", ".join(cell) if isinstance(cell, list) else "–" if cell is None else str(cell) for cell in cells)
        )
    console.print(table)


COMMANDS = (webhook,)
