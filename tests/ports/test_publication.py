# SPDX-License-Identifier: Apache-2.0
"""The contract of the `Publication` port, held against a folder, a store in memory and real S3 servers."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from api.publishing import open_publication
from notary.errors import CorruptLogError, InvalidInputError, NotFoundError, UnavailableError
from notary.ports.publication import Publication
from notary.stores.published_folder import PublishedFolder
from notary.stores.published_objects import FRESH, IMMUTABLE, PublishedObjects
from tests.support.s3 import BUCKET, MOTO, VERSITYGW, Fault, failing, running_moto, running_versitygw, variables

SERVERS: dict[str, tuple[Path, Callable[[Path], AbstractContextManager[str]]]] = {
    "moto": (MOTO, running_moto),
    "versitygw": (VERSITYGW, running_versitygw),
}


@pytest.fixture(scope="module", params=["folder", "memory", "moto", pytest.param("versitygw", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("publication")
    if request.param in SERVERS:
        program, running = SERVERS[request.param]
        if not program.exists():
            pytest.skip(f"there is no {program.name} here")
        with running(folder) as url, pytest.MonkeyPatch.context() as patch:
            for name, value in variables(url).items():
                patch.setenv(name, value)
            yield f"s3://{BUCKET}"
    else:
        yield request.param if request.param == "memory" else str(folder)


@pytest.fixture
def publication(place: str, request: pytest.FixtureRequest) -> Publication:
    if place == "memory":
        return PublishedObjects(MemoryStore(), "memory")
    name = request.node.originalname.replace("_", "-")
    return open_publication(f"{place}/{name}", Path())


def test_what_is_new_is_added_once(publication: Publication) -> None:
    with pytest.raises(NotFoundError):
        publication.get("tile/0/000", 10)
    assert publication.put_new("tile/0/000", b"first")
    assert not publication.put_new("tile/0/000", b"other")
    assert publication.get("tile/0/000", 5).data == b"first"
    with pytest.raises(CorruptLogError, match="more than 4 bytes"):
        publication.get("tile/0/000", 4)


def test_a_file_is_replaced_only_as_it_was_seen(publication: Publication) -> None:
    assert not publication.replace("checkpoint", b"1", '"0"')
    assert publication.put_new("checkpoint", b"1")
    seen = publication.get("checkpoint", 10)
    assert publication.replace("checkpoint", b"2", seen.version)
    assert not publication.replace("checkpoint", b"3", seen.version)
    assert not publication.replace("checkpoint", b"3", '"0"')
    assert publication.get("checkpoint", 10).data == b"2"


def test_of_many_at_once_one_wins(publication: Publication) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: publication.put_new("tile/0/001", b"%d" % number), range(8)))
    assert won.count(True) == 1
    assert publication.get("tile/0/001", 1).data == b"%d" % won.index(True)
    publication.put_new("checkpoint", b"old")
    version = publication.get("checkpoint", 10).version
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: publication.replace("checkpoint", b"%d" % number, version), range(8)))
    assert won.count(True) == 1
    assert publication.get("checkpoint", 10).data == b"%d" % won.index(True)


def test_files_of_a_folder_are_listed_and_removed(publication: Publication) -> None:
    assert publication.names("tile/0/002.p") == []
    for path in ("tile/0/002.p/1", "tile/0/002.p/255", "tile/0/002", "tile/0/003.p/1"):
        assert publication.put_new(path, b"x")
    assert sorted(publication.names("tile/0/002.p")) == ["tile/0/002.p/1", "tile/0/002.p/255"]
    for path in publication.names("tile/0/002.p"):
        publication.remove(path)
    publication.remove("tile/0/002.p/1")
    assert publication.names("tile/0/002.p") == []
    assert publication.get("tile/0/002", 1).data == b"x"


def test_the_place_says_where(publication: Publication, place: str) -> None:
    assert publication.place.startswith(place)


@pytest.mark.parametrize(
    "written", ["s3://", "s3://B", "s3://bucket//x", "s3://bucket/../x?y", "gs://bucket", "https://bucket.example"]
)
def test_what_names_no_place(written: str) -> None:
    with pytest.raises(InvalidInputError, match="neither the path of a folder nor s3"):
        open_publication(written, Path())


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for use in (
        lambda it: it.put_new("tile/0/000", b"x"),
        lambda it: it.replace("checkpoint", b"x", ""),
        lambda it: it.names("tile"),
    ):
        with pytest.raises(UnavailableError, match="cannot be used now"):
            use(PublishedFolder(tmp_path / "file"))


def test_a_folder_shows_nothing_but_what_was_published(tmp_path: Path) -> None:
    published = PublishedFolder(tmp_path / "new" / "log")
    assert published.put_new("tile/0/000", b"x")
    assert published.put_new("checkpoint", b"1")
    assert published.replace("checkpoint", b"2", published.get("checkpoint", 10).version)
    found = {
        str(path.relative_to(published.place)): path for path in Path(published.place).rglob("*") if path.is_file()
    }
    assert set(found) == {"tile/0/000", "checkpoint", ".incoming/lock"}
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in found.values())
    published.put_new("tile/0/001.p/3", b"x")
    published.remove("tile/0/001.p/3")
    assert not (tmp_path / "new" / "log" / "tile" / "0" / "001.p").exists()


def test_objects_say_how_long_they_may_be_kept(place: str, publication: Publication) -> None:
    if place != f"s3://{BUCKET}" or not isinstance(publication, PublishedObjects):
        pytest.skip("files have no headers")
    publication.put_new("tile/0/000", b"x")
    publication.put_new("checkpoint", b"x")
    publication.replace("checkpoint", b"y", publication.get("checkpoint", 1).version)
    store = publication._store
    wanted = {"tile/0/000": ("application/octet-stream", IMMUTABLE), "checkpoint": ("text/plain; charset=utf-8", FRESH)}
    for path, (kind, kept) in wanted.items():
        attributes = store.get(path).attributes
        assert (attributes["Content-Type"], attributes["Cache-Control"]) == (kind, kept)


@pytest.mark.parametrize("place", ["moto"], indirect=True)
@pytest.mark.usefixtures("place")
class TestTrouble:
    """What goes wrong on the way to a bucket is unavailable, and nothing else."""

    def test_a_bucket_that_is_not_there(self) -> None:
        elsewhere = open_publication("s3://no-such-bucket/log", Path())
        with pytest.raises(UnavailableError, match="there is no bucket for s3://no-such-bucket/log"):
            elsewhere.put_new("checkpoint", b"x")
        assert not elsewhere.replace("checkpoint", b"x", '"0"')
        with pytest.raises(UnavailableError):
            elsewhere.names("tile")

    def test_a_server_that_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        away = open_publication("s3://published/log", Path())
        for use in (
            lambda: away.get("checkpoint", 1),
            lambda: away.put_new("checkpoint", b"x"),
            lambda: away.replace("checkpoint", b"x", '"0"'),
            lambda: away.names("tile"),
            lambda: away.remove("tile/0/000"),
        ):
            with pytest.raises(UnavailableError, match="cannot be used now") as caught:
                use()
            assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("fault", [Fault.CONFLICT, Fault.UNMET])
    def test_a_condition_that_nobody_set_cannot_have_failed(
        self, monkeypatch: pytest.MonkeyPatch, fault: Fault
    ) -> None:
        with failing(os.environ["AWS_ENDPOINT_URL"]) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            behind = open_publication(f"s3://{BUCKET}/conditions", Path())
            # Lists and removals are asked of the bucket itself.
            proxy.faults = {(method, ""): fault for method in ("GET", "PUT", "POST")}
            for use in (
                lambda: behind.get("checkpoint", 1),
                lambda: behind.names("tile"),
                lambda: behind.remove("tile/0/000"),
            ):
                with pytest.raises(UnavailableError, match="cannot be used now") as caught:
                    use()
                assert "\n" not in str(caught.value)
            # What nothing is known of is looked at by whoever relies on it.
            assert not behind.put_new("tile/0/000", b"x")
            if fault is Fault.UNMET:
                assert not behind.replace("checkpoint", b"x", '"0"')
            else:
                with pytest.raises(UnavailableError, match="cannot be used now"):
                    behind.replace("checkpoint", b"x", '"0"')

    def test_an_answer_that_is_lost_is_not_taken_for_another_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with failing(os.environ["AWS_ENDPOINT_URL"]) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            behind = open_publication(f"s3://{BUCKET}/lost", Path())
            proxy.faults["PUT", "tile/0/000"] = Fault.SILENCE
            proxy.once.add(("PUT", "tile/0/000"))
            # The client asks again, and is told that its own object is in its way.
            assert not behind.put_new("tile/0/000", b"x")
            assert behind.get("tile/0/000", 1).data == b"x"
