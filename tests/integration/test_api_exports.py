# SPDX-License-Identifier: Apache-2.0
"""Exports over HTTP, and what stands public beside the tiles: consistency proofs and the list of anchors."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path

import orjson
import pytest

from api.keys.log_keys import load_signer
from notary.exports.tlog_proof import parse_tlog_proof, verify_tlog_proof
from notary.log.timestamps import Timestamp
from notary.receipts.receipt import parse_receipt
from tests.support import cose, tlog
from tests.support.api import PROBLEM, Api, agreement, answers, repayment, running_api
from tests.support.builders import anchor_of

SIZE = 400
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A log of 400 entries, anchored at size 300 and stamped at 350."""
    with running_api(tmp_path_factory.mktemp("exports") / "data") as api:
        store = api.services.store
        values = [agreement("L-1", api.bank), *(repayment("L-1") for _ in range(SIZE - 2))]
        for start, stop in ((0, 299), (299, 349), (349, SIZE - 1)):
            found = answers(api.batch(b"\n".join(map(orjson.dumps, values[start:stop]))))
            assert {item["status"] for item in found} == {201}
            head = api.services.log.head()
            if head.size == 300:
                store.save_anchor(anchor_of(head))
            if head.size == 350:
                store.save_timestamp(Timestamp(350, "http://a/", 7, head.checkpoint, b"token"))
        yield api


def public_key(api: Api) -> bytes:
    return load_signer(api.folder).verifier.public_key


def get(api: Api, path: str) -> bytes:
    response = api.app.test_client().get(path)
    assert response.status_code == 200, path
    return response.data


def fetch(api: Api) -> tlog.Fetch:
    return lambda path: get(api, f"/log/{path}")


@pytest.mark.parametrize(("index", "size"), [(1, 300), (299, 300), (300, 350), (349, 350), (350, 400), (399, 400)])
def test_the_exports_of_a_record_prove_it_under_the_checkpoint_of_its_receipt(api: Api, index: int, size: int) -> None:
    name = api.services.store.record_at(index).record_id
    receipt = parse_receipt(api.get(f"/v1/records/{name}/receipt").data)
    assert f"\n{size}\n" in receipt.checkpoint
    [entry] = api.services.store.entries(index, index + 1)
    assert receipt.entry() == entry

    answer = api.get(f"/v1/records/{name}/proof.tlog-proof")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    proof = parse_tlog_proof(answer.data)
    assert (proof.index, proof.hashes, proof.checkpoint) == (index, receipt.inclusion, receipt.checkpoint)
    assert verify_tlog_proof(proof, entry, load_signer(api.folder).verifier).size == size

    answer = api.get(f"/v1/records/{name}/receipt.cose")
    assert answer.status_code == 200
    assert answer.content_type == 'application/cose; cose-type="cose-sign1"'
    assert cose.is_included(answer.data, entry, public_key(api))
    assert not cose.is_included(answer.data, entry + b"\0", public_key(api))


@pytest.mark.parametrize("form", ["proof.tlog-proof", "receipt.cose"])
def test_exports_are_for_the_record_s_lender_only(api: Api, form: str) -> None:
    name = api.services.store.record_at(1).record_id
    assert api.app.test_client().get(f"/v1/records/{name}/{form}").status_code == 401
    for answer in (api.request("GET", f"/v1/records/{name}/{form}", by=api.other), api.get(f"/v1/records/none/{form}")):
        assert (answer.status_code, answer.content_type) == (404, PROBLEM)


def test_nothing_is_signed_for_an_entry_that_is_not_the_one_in_the_tree(api: Api) -> None:
    record = api.services.store.record_at(5)
    with closing(sqlite3.connect(api.folder.database)) as connection:
        [before] = connection.execute("SELECT entry FROM entries WHERE entry_index = 5").fetchone()
        try:
            connection.execute("UPDATE entries SET entry = ? WHERE entry_index = 5", (before[:-1] + b"\0",))
            connection.commit()
            answer = api.get(f"/v1/records/{record.record_id}/receipt.cose")
        finally:
            connection.execute("UPDATE entries SET entry = ? WHERE entry_index = 5", (before,))
            connection.commit()
    assert (answer.status_code, answer.content_type) == (500, PROBLEM)


# --- consistency


def roots(api: Api) -> dict[int, bytes]:
    leaves = [tlog.leaf(entry) for entry in tlog.read_entries(fetch(api), SIZE)]
    return {size: tlog.root(leaves[:size]) for size in range(1, SIZE + 1)}


def proven(api: Api, old: int, new: int, old_root: bytes) -> bytes | None:
    path = tlog.read_hashes(get(api, f"/log/consistency/{old}/{new}"))
    return cose.new_root(old_root, old, new, path)


def test_any_two_sizes_are_proven_consistent(api: Api) -> None:
    """All pairs of small sizes, and random ones, checked by a verifier written from RFC 9162."""
    numbers, real = random.Random(2), roots(api)
    pairs = list(combinations(range(1, 71), 2))
    pairs += [tuple(sorted(numbers.sample(range(1, SIZE + 1), 2))) for _ in range(200)]
    pairs += [(1, SIZE), (255, 256), (256, 257), (256, SIZE), (SIZE - 1, SIZE)]
    for old, new in pairs:
        assert proven(api, old, new, real[old]) == real[new], (old, new)
    for old, new in pairs[::97]:
        assert proven(api, old, new, real[new]) != real[new], (old, new)


def test_a_consistency_proof_may_be_kept_for_ever(api: Api) -> None:
    response = api.app.test_client().get("/log/consistency/3/7")
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == IMMUTABLE
    assert [len(line) for line in response.data.splitlines()] == [44] * 4


@pytest.mark.parametrize("new", [300, 350, 400])
def test_the_growth_to_a_checkpoint_that_is_kept_comes_as_a_cose_receipt(api: Api, new: int) -> None:
    response = api.app.test_client().get(f"/log/consistency/7/{new}/receipt.cose")
    assert response.status_code == 200
    assert response.content_type == 'application/cose; cose-type="cose-sign1"'
    real = roots(api)
    assert cose.has_grown(response.data, real[7], public_key(api)) == real[new]


NOWHERE = [
    "0/5",
    "5/5",
    "6/5",
    f"5/{SIZE + 1}",
    "05/7",
    "5/07",
    "+5/7",
    "a/7",
    "5/٧",
    "5",
    "5/7/9",
    f"5/{10**20}",
    "-1/4",
]


@pytest.mark.parametrize("sizes", NOWHERE)
@pytest.mark.parametrize("suffix", ["", "/receipt.cose"])
def test_sizes_that_the_log_never_had_are_not_found(api: Api, sizes: str, suffix: str) -> None:
    response = api.app.test_client().get(f"/log/consistency/{sizes}{suffix}")
    assert (response.status_code, response.content_type) == (404, PROBLEM)
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize("new", [8, 299, 301, 349, 399])
def test_a_size_without_a_checkpoint_has_no_cose_receipt(api: Api, new: int) -> None:
    assert api.app.test_client().get(f"/log/consistency/7/{new}/receipt.cose").status_code == 404


def test_nothing_is_signed_over_a_tree_that_was_changed(api: Api) -> None:
    with closing(sqlite3.connect(api.folder.database)) as connection:
        where = "WHERE level = 0 AND tile_number = 0"
        [before] = connection.execute(f"SELECT hashes FROM tiles {where}").fetchone()
        try:
            connection.execute(f"UPDATE tiles SET hashes = ? {where}", (bytes(32) + before[32:],))
            connection.commit()
            response = api.app.test_client().get("/log/consistency/1/300/receipt.cose")
        finally:
            connection.execute(f"UPDATE tiles SET hashes = ? {where}", (before,))
            connection.commit()
    assert response.status_code == 500


# --- anchors


def test_anchors_are_public_and_come_in_pages(tmp_path: Path) -> None:
    with running_api(tmp_path / "data") as api:
        store, expected = api.services.store, []
        for number in range(5):
            answers(api.batch(orjson.dumps(agreement(f"L-{number}", api.bank))))
            head = api.services.log.head()
            store.save_anchor(anchor_of(head))
            expected.append(head.size)
        store.save_timestamp(Timestamp(expected[0], "http://a/", 7, "note", b"token"))
        path, found, pages = "/v1/anchors?limit=2", [], 0
        while path:
            page = orjson.loads(get(api, path))
            found += page["anchors"]
            path, pages = page["next"], pages + 1
        assert ([item["size"] for item in found], pages) == (expected, 3)
        assert [item["size"] for item in orjson.loads(get(api, "/v1/anchors"))["anchors"]] == expected
        assert found[0]["timestamps"] == [
            {"authority": "http://a/", "time": "1970-01-01T00:00:00.007Z", "token": "dG9rZW4="}
        ]
        assert found[0].keys() == {
            "chain_id", "registry", "log_id", "size", "root", "checkpoint", "state", "transaction_hash", "block_number",
            "block_hash", "block_time", "gas_used", "timestamps",
        }  # fmt: skip
        assert found[1]["timestamps"] == []


@pytest.mark.parametrize("query", ["limit=x", "after=-1", "after=٣", "limit=", "after=1e3", f"limit={10**20}"])
def test_pages_that_there_are_none_of(api: Api, query: str) -> None:
    response = api.app.test_client().get(f"/v1/anchors?{query}")
    assert (response.status_code, response.content_type) == (422, PROBLEM)


def test_a_page_has_at_least_one_anchor_and_at_most_a_thousand(api: Api) -> None:
    for limit in (0, 10**14):
        page = orjson.loads(get(api, f"/v1/anchors?limit={limit}"))
        assert [item["size"] for item in page["anchors"]] == [300]
        assert page["next"] is None
    assert orjson.loads(get(api, "/v1/anchors?after=300")) == {"anchors": [], "next": None}
