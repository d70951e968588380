# SPDX-License-Identifier: Apache-2.0
"""The public log as C2SP tlog-tiles: a client that shares no code with the notary reads and recomputes all of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from api.keys.log_keys import load_signer
from tests.support import tlog
from tests.support.api import PROBLEM, Api, agreement, answers, repayment, running_api

SIZE = 600
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("log") / "data") as api:
        grow(api, SIZE)
        yield api


def grow(api: Api, size: int) -> None:
    """Submit records until the log has `size` entries."""
    number = f"L-{size}"
    values = [agreement(number, api.bank), *(repayment(number) for _ in range(size - api.state()["entries"] - 1))]
    found = answers(api.batch(b"\n".join(map(orjson.dumps, values))))
    assert {item["status"] for item in found} == {201}


def fetch(api: Api) -> tlog.Fetch:
    def get(path: str) -> bytes:
        response = api.app.test_client().get(f"/log/{path}")
        assert response.status_code == 200, path
        return response.data

    return get


def vkey(api: Api) -> str:
    return load_signer(api.folder).verifier.format()


def test_a_stranger_recomputes_the_root_from_the_entries(api: Api) -> None:
    head = tlog.check_log(fetch(api), vkey(api))
    assert head.size == SIZE
    assert head.root == api.services.log.head().root


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257])
def test_at_the_edges_of_tiles(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    with running_api(tmp_path_factory.mktemp("edge") / "data") as api:
        if size > 1:
            grow(api, size)
        assert tlog.check_log(fetch(api), vkey(api)).size == size


def test_the_checkpoint_s_headers(api: Api) -> None:
    response = api.app.test_client().get("/log/checkpoint")
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=2"


PRESENT = ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/0/002.p/1", "tile/0/001.p/255", "tile/1/000.p/2"]
PRESENT += [path.replace("tile/0", "tile/entries") for path in PRESENT if "tile/0" in path]
ABSENT = [
    "tile/0/002",
    "tile/0/002.p/89",
    "tile/0/003",
    "tile/0/003.p/1",
    "tile/1/000",
    "tile/1/000.p/3",
    "tile/2/000.p/1",
]
ABSENT += [path.replace("tile/0", "tile/entries") for path in ABSENT if "tile/0" in path]


@pytest.mark.parametrize("path", PRESENT)
def test_tiles_within_the_checkpoint_are_there_for_ever(api: Api, path: str) -> None:
    response = api.app.test_client().get(f"/log/{path}")
    assert response.status_code == 200
    assert response.content_type == "application/octet-stream"
    assert response.headers["Cache-Control"] == IMMUTABLE
    width = int(path.partition(".p/")[2] or 256)
    if "entries" not in path:
        assert len(response.data) == 32 * width
        if ".p/" not in path:
            assert response.data == api.app.test_client().get(f"/log/{path}.p/255").data + response.data[-32:]


@pytest.mark.parametrize("path", ABSENT)
def test_tiles_beyond_the_checkpoint_are_not_there_and_not_cached(api: Api, path: str) -> None:
    response = api.app.test_client().get(f"/log/{path}")
    assert (response.status_code, response.content_type) == (404, PROBLEM)
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/1/000.p/2", "tile/entries/000", "consistency/3/7"])
def test_a_prefix_may_end_in_a_slash(api: Api, path: str) -> None:
    client = api.app.test_client()
    plain, doubled = client.get(f"/log/{path}"), client.get(f"/log//{path}")
    assert plain.status_code == doubled.status_code == 200
    assert plain.data == doubled.data
    assert plain.headers == doubled.headers


NO_PATHS = [
    "",
    "checkpoint/",
    "Checkpoint",
    "tile/00/000",
    "tile/-1/000",
    "tile/8/000",
    "tile/64/000",
    "tile/x/000",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/001.p/0",
    "tile/0/001.p/01",
    "tile/0/001.p/256",
    "tile/0/001.p/",
    "tile/0/001.p",
    "tile/0/001/",
    "tile/0//001",
    "tile/entries/001.p/256",
    "tile/Entries/000",
    "tile/entries/",
]


@pytest.mark.parametrize("path", NO_PATHS)
def test_what_is_no_path_of_the_log_is_not_found_and_nobody_is_sent_elsewhere(api: Api, path: str) -> None:
    response = api.app.test_client().get(f"/log/{path}")
    assert (response.status_code, response.content_type) == (404, PROBLEM)
    assert "Location" not in response.headers


def test_reading_the_log_needs_no_key_and_minds_none(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        for path in ("checkpoint", "tile/0/000", "tile/entries/001"):
            assert api.app.test_client().get(f"/log/{path}", headers=headers).status_code == 200


def test_a_bundle_with_entries_missing_is_an_error_and_never_short(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        grow(api, 5)
        with closing(sqlite3.connect(api.folder.database)) as connection:
            connection.execute("DELETE FROM entries WHERE entry_index = 4")
            connection.execute("DELETE FROM records WHERE entry_index = 4")
            connection.commit()
        assert api.app.test_client().get("/log/tile/entries/000.p/5").status_code == 500
        assert api.app.test_client().get("/log/tile/entries/000.p/4").status_code == 200


def test_the_log_tells_nothing_of_loans(api: Api) -> None:
    entries = tlog.read_entries(fetch(api), SIZE)
    assert entries[0][0] == 0
    assert {(len(entry), entry[0]) for entry in entries[1:]} == {(65, 1)}
    assert len(set(entries)) == SIZE
    assert b"L-600" not in b"".join(entries)
