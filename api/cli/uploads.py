# SPDX-License-Identifier: Apache-2.0
"""Depositing the files of a folder, several side by side; what is large and there already is not sent again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loan_notary import Client
from notary.documents.digests import FileDigests, digests_of
from notary.errors import NotFoundError

_CONNECTIONS = 4
_PART = 1 << 20
_SMALL = 1 << 16
"""Bytes of a file up to which asking whether it is there costs as much as sending it."""


def upload_folder(client: Client, folder: Path) -> int:
    """Deposit the files of a folder, not of folders in it, and return how many there are.

    Raises what the notary says of the first that it does not take; calling again goes on with the others.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(lambda path: _upload_unless_there(client, path), files):
            continue
    return len(files)


def _upload_unless_there(client: Client, path: Path) -> None:
    if path.stat().st_size <= _SMALL:
        client.put_document(path)
        return
    try:
        client.document_info(read_digests(path).sha256)
    except NotFoundError:
        client.put_document(path)


def read_digests(path: Path) -> FileDigests:
    """Return what identifies a file."""
    return digests_of(_parts(path))


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part
