# SPDX-License-Identifier: Apache-2.0
"""Folders of files are deposited: small ones at once, large ones unless they are there."""

from pathlib import Path

from flask import request
from structlog.testing import capture_logs

from api.cli.uploads import upload_folder
from loan_notary import Client
from tests.support.api import running_api
from tests.support.serving import serving_app

LARGE = 70_000


def test_a_large_file_that_is_there_is_not_sent_again(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "small.txt").write_bytes(b"small")
    (files / "large.txt").write_bytes(b"x" * LARGE)
    with running_api(tmp_path / "data") as api, serving_app(api.app) as url:
        sent: list[int] = []

        @api.app.before_request
        def note() -> None:
            if request.method == "PUT":
                sent.append(request.content_length or 0)

        with capture_logs() as logged:
            client = Client(url, api.bank.api_key)
            assert upload_folder(client, files) == 2
            assert upload_folder(client, files) == 2
    assert sorted(sent) == [5, 5, LARGE]
    assert len([line for line in logged if line["event"] == "request refused"]) == 1
