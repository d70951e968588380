# SPDX-License-Identifier: Apache-2.0
"""Commands of `loan-notary webhook`: where messages go, which went wrong, sending them again."""

from typing import get_args

import click

from api.cli.options import client_options
from api.cli.output import json_option, show, show_list
from loan_notary import Client, calls
from loan_notary.calls.webhooks import DeliveryState, Event
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
def add(client: Client, target: str, events: tuple[Event, ...], as_json: bool) -> None:
    """Have messages sent to URL. The secret that signs them is shown this once only."""
    show(client.add_webhook(target, events or get_args(Event)), as_json, "Keep the secret; it is not shown again")


@webhook.command("list")
@json_option
@client_options
def list_all(client: Client, as_json: bool) -> None:
    """Show your webhooks."""
    show_list(client.webhooks(), ("id", "state", "url", "events"), as_json)


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def rotate(client: Client, webhook_id: str, as_json: bool) -> None:
    """Make a new secret; the old one signs beside it for a day."""
    show(client.rotate_webhook_secret(webhook_id), as_json, "Keep the secret; it is not shown again")


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def enable(client: Client, webhook_id: str, as_json: bool) -> None:
    """Send to a webhook again that was disabled; it is told of what happened meanwhile."""
    show(client.change_webhook(webhook_id, state="active"), as_json, "Active")


@webhook.command()
@click.argument("webhook_id")
@client_options
def remove(client: Client, webhook_id: str) -> None:
    """Forget a webhook and its messages."""
    client.remove_webhook(webhook_id)


@webhook.command()
@click.argument("webhook_id")
@json_option
@client_options
def test(client: Client, webhook_id: str, as_json: bool) -> None:
    """Send a message that says nothing, to see that messages arrive."""
    show(client.send_test_message(webhook_id), as_json, "On its way")


@webhook.command()
@click.argument("webhook_id")
@click.option("--state", type=click.Choice(["waiting", "delivered", "failed"]), help="Those in one state only.")
@json_option
@client_options
def deliveries(client: Client, webhook_id: str, state: DeliveryState | None, as_json: bool) -> None:
    """Show the newest messages of a webhook."""
    page = client.send(calls.webhooks.deliveries(webhook_id, state=state))
    show_list(page.items, ("id", "type", "state", "attempts", "last_status", "last_detail"), as_json)


@webhook.command()
@click.argument("webhook_id")
@click.argument("message_id")
@json_option
@client_options
def replay(client: Client, webhook_id: str, message_id: str, as_json: bool) -> None:
    """Send a message again, now."""
    show(client.replay_delivery(webhook_id, message_id), as_json, "On its way")


COMMANDS = (webhook,)
