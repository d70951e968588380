# SPDX-License-Identifier: Apache-2.0
"""The commands `policy show` and `policy set`."""

from pathlib import Path
from typing import Any

import click
import orjson

from api.cli.loan_text import facts_table, policy_name
from api.cli.loans import as_of_option
from api.cli.options import client_options
from api.cli.output import console, json_option
from api.cli.paths import FILE
from api.cli.words import LABELS, Language, language_option, say
from loan_notary import Client
from notary.canonical import parse_json
from notary.policies import MAX_POLICY


@click.group()
def policy() -> None:
    """With what your loans are measured, and which findings you would rather have refused."""


@policy.command("show")
@as_of_option
@language_option
@json_option
@client_options
def show(client: Client, as_of: str | None, language: Language, as_json: bool) -> None:
    """Show the policy in force, now or at a moment."""
    _print(client.policy(as_of=as_of), language, as_json)


@policy.command("set")
@click.argument("file", type=FILE)
@language_option
@json_option
@client_options
def put(client: Client, file: Path, language: Language, as_json: bool) -> None:
    """Put the policy of a FILE (JSON) in force; what it does not name is as in the notary's own."""
    _print(client.set_policy(parse_json(file.read_bytes(), limit=MAX_POLICY)), language, as_json)


def _print(shown: dict[str, Any], language: Language, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(shown))
        return
    nothing = say(LABELS, "nothing", language)
    thresholds = "\n".join(f"{name} {value}" for name, value in shown["thresholds"].items())
    rows = [
        ("policy", policy_name(shown["version"], language)),
        ("set_at", shown["set_at"] or "–"),
        ("set_by", shown["set_by"] or "–"),
        ("refuse", ", ".join(shown["refuse"]) or nothing),
        ("require_documents", ", ".join(shown["require_documents"]) or nothing),
        ("thresholds", thresholds),
    ]
    console.print(facts_table(rows, language), soft_wrap=False)


COMMANDS = (policy,)
