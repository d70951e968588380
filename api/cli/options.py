# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from api.client import NotaryClient
from api.settings import DEFAULT_PORT, DataFolder
from notary.errors import Fault, InvalidInputError

_VISIBLE = re.compile("[!-~]*")


def data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--data`, the notary's data folder, as `folder`."""
    return click.option(
        "--data",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
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
        if not _VISIBLE.fullmatch(key):
            # The text is not quoted: it may be another secret.
            raise InvalidInputError(Fault("", "what was given as API key cannot be one"))
        return function(client=NotaryClient(url, key), **rest)

    wrapped.__name__, wrapped.__doc__ = function.__name__, function.__doc__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option(
            "--api-key-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
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
