# SPDX-License-Identifier: Apache-2.0
"""The command line `loan-notary`; one module for each group of commands."""

from importlib import import_module

import click

from api.cli.output import NotaryGroup

_MODULES = {
    "init": "operate",
    "run": "operate",
    "status": "operate",
    "add-lender": "operate",
    "add-organisation": "operate",
    "keygen": "keys",
    "register-key": "keys",
    "revoke-key": "keys",
    "keys": "keys",
    "register-root": "roots",
    "revoke-root": "roots",
    "roots": "roots",
    "sign": "sign",
    "sign-batch": "sign",
    "typed-data": "sign",
    "submit": "submit",
    "drafts": "drafts",
    "draft": "drafts",
    "withdraw": "drafts",
    "document": "documents",
    "receipt": "receipts",
    "evidence": "receipts",
    "verify": "receipts",
    "webhook": "webhooks",
    "api-key": "access",
    "grant": "access",
    "pass": "access",
    "loans": "lists",
    "accesses": "lists",
    "records": "lists",
    "loan": "loans",
    "record": "loans",
    "findings": "loans",
    "policy": "policy",
    "erase": "erasing",
    "hold": "erasing",
    "release": "erasing",
    "retention": "erasing",
    "operator-hold": "erasing",
    "certificate": "certificates",
    "verify-qr": "certificates",
    "export": "exports",
    "verify-export": "exports",
    "audit": "audit",
    "export-log": "audit",
    "publish": "publish",
    "prove": "publish",
    "sample-audit": "sampling",
    "evaluate-sample": "sampling",
    "tie-out": "tie_out",
    "monitor": "monitor",
    "deploy": "chain",
    "hand-over": "chain",
    "take-over": "chain",
    "notary-keys": "notary_keys",
    "backup": "backups",
    "verify-backup": "backups",
    "restore": "backups",
    "scrub": "backups",
    "move": "moving",
    "sample": "samples",
    "demo": "demo",
}
"""The module of each command, imported when the command is called: all of them together take a second."""


class _Commands(NotaryGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        commands: tuple[click.Command, ...] = import_module(f"api.cli.{_MODULES[cmd_name]}").COMMANDS
        return next(command for command in commands if command.name == cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="loan-notary")
def main() -> None:
    """A notary for loans: record, prove, verify."""
