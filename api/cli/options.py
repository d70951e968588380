# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from api.cli.paths import FILE, NEW_FOLDER
from api.settings import DEFAULT_PORT, DataFolder
from chain.deployment import Deployment
from loan_notary import Client
from notary.audit.bookings import BOOKED


def data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--data`, the notary's data folder, as `folder`."""
    return click.option(
        "--data",
        "folder",
        type=NEW_FOLDER,
        default=Path("data"),
        show_default=True,
        envvar="LOAN_NOTARY_DATA",
        callback=lambda _context, _option, value: DataFolder(value),
        help="The notary's data folder.",
    )(function)


def client_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--url` and `--api-key-file`, together a `client` of the API.

    The key itself is never an argument: arguments show in the list of processes.
    """

    def wrapped(url: str, api_key: str | None, api_key_file: Path | None, **rest: Any) -> Any:
        key = api_key_file.read_text("latin-1").strip() if api_key_file else api_key or ""
        with Client(url, key) as client:
            return function(client=client, **rest)

    wrapped.__name__, wrapped.__doc__ = function.__name__, function.__doc__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option(
            "--api-key-file",
            type=FILE,
            help="A file that holds your API key; or set LOAN_NOTARY_API_KEY.",
        ),
        click.option("--api-key", envvar="LOAN_NOTARY_API_KEY", hidden=True, expose_value=True),
        click.option(
            "--url",
            envvar="LOAN_NOTARY_URL",
            default=f"http://127.0.0.1:{DEFAULT_PORT}",
            show_default=True,
            help="Where the notary answers.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped


def workers_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--workers`, a number of processes."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 256),
        help="Processes to work with; one a processor if not given.",
    )(function)


_ANCHORED_IN = re.compile(r"([1-9][0-9]{0,18})/(0x[0-9a-f]{40})/(0x[0-9a-f]{64})")


def chain_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--rpc` and `--anchored-in`, the log's place on a chain as a `Deployment` or None."""
    for option in (
        click.option(
            "--anchored-in",
            metavar="CHAIN_ID/REGISTRY/LOG_ID",
            callback=lambda _context, _option, value: _parse_place(value),
            help="Where the log is anchored, as its receipts say; with --data the notary's own is taken.",
        ),
        click.option("--rpc", help="URL of the Ethereum node to ask; with --data the notary's own, if not given."),
    ):
        function = option(function)
    return function


def _parse_place(text: str | None) -> Deployment | None:
    if text is None:
        return None
    if not (match := _ANCHORED_IN.fullmatch(text)):
        raise click.BadParameter("a chain id, an address and a log id in lower-case hex are wanted, joined by '/'")
    return Deployment(int(match[1]), "", match[2], match[3], "", "", "")


def lender_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--lender`, a lender's number."""
    return click.option("--lender", type=click.IntRange(1), default=1, show_default=True, help="The lender's number.")(
        function
    )


def types_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--type`, the record types of a ledger, as `types`."""
    return click.option(
        "--type",
        "types",
        multiple=True,
        type=click.Choice(list(BOOKED)),
        default=list(BOOKED),
        help="Type of records that is looked at; may be given several times. All that a ledger books if not given.",
    )(function)
