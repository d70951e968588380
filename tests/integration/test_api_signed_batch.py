# SPDX-License-Identifier: Apache-2.0
"""A batch under one signature, over HTTP and as a job: all of it as it was signed, or none of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from werkzeug.test import TestResponse

from api.clock import now
from api.jobs.worker import Worker
from api.views.records import MAX_BATCH
from notary.canonical import canonical_json
from notary.encoding import format_time
from notary.envelope import Envelope, EnvelopeSigner, envelope_from_json, sign_envelope
from notary.log.signed_note import parse_verifier
from notary.receipts.report import Verdict
from notary.schemes import generate_key
from tests.support.api import PROBLEM, Api, agreement, answers, repayment, running_api, streamed
from tests.support.batches import batch_of, envelope_in_batch, joined, signed_file
from verifier import make_verifier

Json = dict[str, Any]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("signed-batch") / "data") as api:
        yield api


def lines(*values: Json) -> list[bytes]:
    return [canonical_json(value) for value in values]


def history(api: Api, size: int) -> list[bytes]:
    """A new loan's records, its agreement first."""
    number = f"S-{uuid4()}"
    return lines(agreement(number, api.bank), *(repayment(number) for _ in range(size - 1)))


def job(api: Api, *parts: bytes) -> tuple[Json, list[Json]]:
    """Run a job and return how it ended, and its answers."""
    made = api.request("POST", "/v1/jobs").json["id"]
    for number, part in enumerate(parts, 1):
        path = f"/v1/jobs/{made}/parts/{number}"
        assert api.request("PUT", path, part, media_type="application/x-ndjson").status_code == 201
    assert api.request("POST", f"/v1/jobs/{made}/start").status_code == 202
    worker = Worker(api.services, api.services.jobs)
    while worker.round():
        pass
    results = api.get(f"/v1/jobs/{made}/results").data.splitlines()
    return dict(api.get(f"/v1/jobs/{made}").json), [orjson.loads(line) for line in results]


def refused(api: Api, data: bytes, status: int, kind: str, pointer: str) -> None:
    """Check that neither way takes anything of a file."""
    before = api.state()
    answer = api.batch(data)
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.data
    ended, [line] = job(api, data)
    assert ended.items() >= {"state": "done", "lines": 1, "placed": 0, "known": 0, "refused": 1}.items()
    assert (line["line"], line["status"]) == (1, status)
    for problem in (answer.json, line):
        assert problem["type"] == f"urn:loan-notary:problem:{kind}"
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert api.state() == before
    assert not list(api.folder.jobs.glob("*/*/tree*"))


def receipt_of(api: Api, line: Json) -> bytes:
    answer: TestResponse = api.get(f"/v1/records/{line['id']}/receipt")
    assert answer.status_code == 200
    return answer.data


def test_every_record_of_a_batch_has_the_signature_and_verifies_alone(api: Api) -> None:
    records = history(api, 700)
    found = answers(api.batch(signed_file(records, api.bank.key)))
    assert [item["line"] for item in found] == list(range(2, 702))
    assert {item["status"] for item in found} == {201}
    verifier = make_verifier(parse_verifier(api.services.log_key))
    for place in (0, 1, 511, 512, 699):
        receipt = receipt_of(api, found[place])
        report = verifier.verify(receipt)
        assert report.verdict is Verdict.VALID
        assert report.facts["assurance"] == "lender-signed"
        envelope = envelope_from_json(orjson.loads(receipt)["envelope"])
        assert envelope.payload == records[place]
        assert [item.batch.index for item in envelope.signatures if item.batch] == [place]
    loan = orjson.loads(records[0])["loan"]
    assert verifier.verify(api.get(f"/v1/loans/{loan}/receipt").data).verdict is Verdict.VALID


def test_a_job_takes_a_signed_batch_in_parts_cut_anywhere(api: Api) -> None:
    records = history(api, 600)
    data = signed_file(records, api.bank.key)
    ended, found = job(api, data[:100], b"", data[100:300], data[300:])
    counts = {"lines": 601, "placed": 600, "refused": 0, "bytes_read": len(data)}
    assert ended.items() >= {"state": "done", **counts}.items()
    assert [item["line"] for item in found] == list(range(2, 602))
    report = make_verifier(parse_verifier(api.services.log_key)).verify(receipt_of(api, found[-1]))
    assert (report.verdict, report.facts["assurance"]) == (Verdict.VALID, "lender-signed")
    assert not list(api.folder.jobs.glob("*/*/tree*"))


def test_the_same_file_again_and_one_of_its_records_alone_are_known(api: Api) -> None:
    records = history(api, 20)
    data = signed_file(records, api.bank.key)
    found = answers(api.batch(data))
    assert answers(api.batch(data)) == [{**item, "status": 200} for item in found]
    ended, _ = job(api, data)
    assert (ended["known"], ended["placed"]) == (20, 0)
    envelope = orjson.dumps(orjson.loads(receipt_of(api, found[7]))["envelope"])
    assert api.submit(envelope).status_code == 200
    # Unsigned it is another record of the same id.
    assert [item["status"] for item in answers(api.batch(joined(records)))] == [409] * 20


def test_a_record_comes_alone_with_its_place_in_a_batch(api: Api) -> None:
    records = history(api, 5)
    batch_id = str(uuid4())
    envelopes = [envelope_in_batch(records, index, api.bank.key, batch_id).encode() for index in range(5)]
    assert [api.submit(body).status_code for body in envelopes[:2]] == [201, 201]
    assert [item["status"] for item in answers(api.batch(joined(envelopes)))] == [200, 200, 201, 201, 201]
    other = envelope_in_batch(history(api, 3), 0, api.bank.key, batch_id).encode()
    answer = api.submit(other)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:loan-notary:problem:duplicate-batch")


def test_others_have_signed_lines_of_it(api: Api) -> None:
    records = history(api, 3)
    borrower = api.bank.borrower
    by_borrower = sign_envelope(records[0], EnvelopeSigner(borrower.public.alg, borrower.public.kid, borrower.sign))
    found = answers(api.batch(signed_file([by_borrower.encode(), *records[1:]], api.bank.key)))
    assert [item["status"] for item in found] == [201] * 3
    report = make_verifier(parse_verifier(api.services.log_key)).verify(receipt_of(api, found[0]))
    assert (report.verdict, report.facts["assurance"]) == (Verdict.VALID, "co-signed")


def test_a_draft_is_completed_by_a_batchs_signature(api: Api) -> None:
    records = history(api, 2)
    envelope = envelope_in_batch(records, 0, api.bank.key)
    waiting = api.request("POST", "/v1/drafts", envelope.encode(), media_type="application/jose+json")
    assert (waiting.status_code, waiting.json["missing"]) == (202, ["borrower"])
    borrower = api.bank.borrower
    [signature] = sign_envelope(
        records[0], EnvelopeSigner(borrower.public.alg, borrower.public.kid, borrower.sign)
    ).to_json()["signatures"]
    done = api.request("POST", f"/v1/drafts/{waiting.json['id']}/signatures", orjson.dumps(signature))
    assert done.status_code == 201
    assert make_verifier(parse_verifier(api.services.log_key)).verify(done.data).facts["assurance"] == "co-signed"


def test_a_bad_line_that_was_signed_does_not_sink_the_others(api: Api) -> None:
    records = history(api, 4)
    loan = orjson.loads(records[0])["loan"]
    spaced = orjson.dumps(repayment(loan), option=orjson.OPT_INDENT_2).replace(b"\n", b"")
    bad = [b"", b"{", spaced, canonical_json(repayment("S-none")), Envelope(records[1]).encode()[:-5]]
    found = answers(api.batch(signed_file([*records, *bad], api.bank.key)))
    assert [item["status"] for item in found] == [201] * 4 + [400, 400, 400, 409, 400]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param(lambda rest: rest[:-1], "/payload/records", id="a line left out"),
        pytest.param(lambda rest: [*rest, rest[0]], "/payload/records", id="a line added"),
        pytest.param(lambda rest: [], "/payload/records", id="no lines"),
        pytest.param(lambda rest: [*rest, b""], "/payload/records", id="an empty line added"),
        pytest.param(lambda rest: [rest[1], rest[0], *rest[2:]], "/payload/root", id="two lines swapped"),
        pytest.param(lambda rest: [rest[0], *rest[:-1]], "/payload/root", id="a line twice, one left out"),
        pytest.param(
            lambda rest: [*rest[:-1], rest[-1].replace(b'"CNY"', b'"USD"')], "/payload/root", id="a line changed"
        ),
        pytest.param(lambda rest: [*rest[:-1], rest[-1] + b" "], "/payload/root", id="a space at the end"),
    ],
)
def test_other_records_than_were_signed_are_refused_as_a_whole(
    api: Api, change: Callable[[list[bytes]], list[bytes]], pointer: str
) -> None:
    records = history(api, 6)
    first = batch_of(records, api.bank.key).to_line()
    refused(api, joined([first, *change(records)]), 422, "batch-mismatch", pointer)
    assert {item["status"] for item in answers(api.batch(joined([first, *records])))} == {201}


def test_an_id_stands_for_one_batch(api: Api) -> None:
    batch_id, records = str(uuid4()), history(api, 3)
    assert {item["status"] for item in answers(api.batch(signed_file(records, api.bank.key, batch_id)))} == {201}
    refused(api, signed_file(history(api, 3), api.bank.key, batch_id), 409, "duplicate-batch", "/payload/id")
    refused(api, signed_file(records[::-1], api.bank.key, batch_id), 409, "duplicate-batch", "/payload/id")
    # Another lender's ids are his own.
    number = f"S-{uuid4()}"
    others = signed_file(lines(agreement(number, api.other)), api.other.key, batch_id)
    assert {item["status"] for item in answers(api.batch(others, by=api.other))} == {201}


def test_a_batch_that_was_refused_leaves_its_id_free(api: Api) -> None:
    batch_id, records = str(uuid4()), history(api, 3)
    first = batch_of(records, api.bank.key, batch_id).to_line()
    refused(api, joined([first, *records[::-1]]), 422, "batch-mismatch", "/payload/root")
    assert {item["status"] for item in answers(api.batch(signed_file(records[:2], api.bank.key, batch_id)))} == {201}


def test_the_signer_must_be_known_and_his_key_count(api: Api) -> None:
    records = history(api, 3)
    refused(api, signed_file(records, generate_key("EdDSA")), 422, "unknown-key", "")
    refused(api, signed_file(records, api.other.key), 422, "unknown-key", "")
    key = generate_key("ES256")
    api.services.keys.register(api.bank.lender, "lender", key.public.jwk)
    api.services.keys.revoke(api.bank.lender, key.public.kid, format_time(now()))
    refused(api, signed_file(records, key), 422, "key-not-valid", "")
    batch = batch_of(records, api.bank.key)
    forged = canonical_json(batch.to_json() | {"signature": "A" * 86})
    refused(api, joined([forged, *records]), 422, "invalid-signature", "")
    cut = canonical_json({**batch.to_json(), "more": 1})
    refused(api, joined([cut, *records]), 422, "invalid-envelope", "")


def test_a_signer_whom_the_records_do_not_ask_for_is_refused_line_by_line(api: Api) -> None:
    records = history(api, 3)
    before = api.state()["records"]
    found = answers(api.batch(signed_file(records[1:], api.bank.borrower)))
    assert [item["status"] for item in found] == [422, 422]
    assert {item["type"] for item in found} == {"urn:loan-notary:problem:invalid-signature"}
    assert api.state()["records"] == before


def test_a_key_revoked_on_the_way_counts_no_more(api: Api) -> None:
    key = generate_key("EdDSA")
    api.services.keys.register(api.bank.lender, "lender", key.public.jwk)
    records = history(api, 600)
    made = api.request("POST", "/v1/jobs").json["id"]
    records[0] = canonical_json({**orjson.loads(records[0]), "parties": [
        {**party, "key": key.public.kid} if party["role"] == "lender" else party
        for party in orjson.loads(records[0])["parties"]
    ]})  # fmt: skip
    path = f"/v1/jobs/{made}/parts/1"
    api.request("PUT", path, signed_file(records, key), media_type="application/x-ndjson")
    api.request("POST", f"/v1/jobs/{made}/start")
    worker = Worker(api.services, api.services.jobs)
    worker.round()  # compares
    assert api.get(f"/v1/jobs/{made}").json.items() >= {"state": "running", "lines": 1, "placed": 0}.items()
    api.services.keys.revoke(api.bank.lender, key.public.kid, format_time(now()))
    while worker.round():
        pass
    assert api.get(f"/v1/jobs/{made}").json.items() >= {"state": "done", "placed": 0, "refused": 600}.items()


def test_a_comparison_that_a_kill_cut_short_is_made_again(api: Api) -> None:
    records = history(api, 3)
    made = api.request("POST", "/v1/jobs").json["id"]
    path = f"/v1/jobs/{made}/parts/1"
    api.request("PUT", path, signed_file(records, api.bank.key), media_type="application/x-ndjson")
    api.request("POST", f"/v1/jobs/{made}/start")
    found = api.services.jobs.find(api.bank.lender.number, made)
    found.tree.with_suffix(".new").write_bytes(b"half a tree")
    found.tree.write_bytes(b"a tree of which nothing is noted yet")
    worker = Worker(api.services, api.services.jobs)
    worker.round()
    assert api.get(f"/v1/jobs/{made}").json["lines"] == 1
    again = Worker(api.services, api.services.jobs)
    while again.round():
        pass
    assert api.get(f"/v1/jobs/{made}").json.items() >= {"state": "done", "lines": 4, "placed": 3}.items()


def test_a_signed_batch_has_a_largest_size(api: Api) -> None:
    records = history(api, 2)
    first = batch_of(records, api.bank.key).to_line() + b"\n"

    class Endless:
        def __init__(self) -> None:
            self.sent, self.rest = 0, first

        def read(self, size: int = -1) -> bytes:
            part, self.rest = self.rest[:size], (b"x" * 65_535 + b"\n")
            self.sent += len(part)
            return part

    body = Endless()
    answer = api.request(
        "POST", "/v1/records:batch", b"", media_type="application/x-ndjson", environ_overrides=streamed(body)
    )
    assert answer.status_code == 413
    assert MAX_BATCH < body.sent < MAX_BATCH + 1_000_000
    assert not [path for path in Path(api.services.scratch).iterdir() if path.name.startswith("tmp")]
