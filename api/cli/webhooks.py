# SPDX-License-Identifier: Apache-2.0
"""Commands of `loan-notary webhook`: where messages go, which went wrong, sending them again."""

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_list
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
    members = client.call("POST", "/v1/webhooks", {"url": target, "events": events or EVENT_TYPES})
    show(members, as_json, "Keep the secret; it is not shown again")


@webhook.command("list")
@json_option
@client_options
def list_all(client: NotaryClient, as_json: bool) -> None:
    """Show your webhooks."""
    show_list(client.call("GET", "/v1/webhooks")["webhooks"], ("id", "state", "url", "events"), as_json)


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def rotate(client: NotaryClient, webhook_id: str, as_json: bool) -> None:
    """Make a new secret; the old one signs beside it for a day."""
    show(
        client.call("POST", f"/v1/webhooks/{webhook_id}/secret", {}), as_json, "Keep the secret; it is not shown again"
    )


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def enable(client: NotaryClient, webhook_id: str, as_json: bool) -> None:
    """Send to a webhook again that was disabled; it is told of what happened meanwhile."""
    show(client.call("PATCH", f"/v1/webhooks/{webhook_id}", {"state": "active"}), as_json, "Active")


@webhook.command()
@click.argument("webhook_id")
@client_options
def remove(client: NotaryClient, webhook_id: str) -> None:
    """Forget a webhook and its messages."""
    client.call("DELETE", f"/v1/webhooks/{webhook_id}")


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def test(client: NotaryClient, webhook_id: str, as_json: bool) -> None:
    """Send a message that says nothing, to see that messages arrive."""
    show(client.call("POST", f"/v1/webhooks/{webhook_id}/test"), as_json, "On its way")


@webhook.command()
@click.argument("webhook_id")
@click.option("--state", type=click.Choice(["waiting", "delivered", "failed"]), help="Those in one state only.")
@json_option
@client_options
def deliveries(client: NotaryClient, webhook_id: str, state: str | None, as_json: bool) -> None:
    """Show the newest messages of a webhook."""
    answer = client.call("GET", f"/v1/webhooks/{webhook_id}/deliveries" + (f"?state={state}" if state else ""))
    show_list(answer["deliveries"], ("id", "type", "state", "attempts", "last_status", "last_detail"), as_json)


@webhook.command()
@click.argument("webhook_id")
@click.argument("message_id")
@json_option
@client_options
def replay(client: NotaryClient, webhook_id: str, message_id: str, as_json: bool) -> None:
    """Send a message again, now."""
    show(client.call("POST", f"/v1/webhooks/{webhook_id}/deliveries/{message_id}/replay"), as_json, "On its way")


COMMANDS = (webhook,)
