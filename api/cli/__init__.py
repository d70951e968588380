# SPDX-License-Identifier: Apache-2.0
"""The command line `loan-notary`; one module for each group of commands."""

import click

from api.cli import audit, chain, demo, keys, operate, receipts, samples, submit
from api.cli.output import NotaryGroup


@click.group(cls=NotaryGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="loan-notary")
def main() -> None:
    """A notary for loans: record, prove, verify."""


for _module in (operate, keys, submit, receipts, audit, samples, demo, chain):
    for _command in _module.COMMANDS:
        main.add_command(_command)
