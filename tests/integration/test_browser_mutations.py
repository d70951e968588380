# SPDX-License-Identifier: Apache-2.0
"""Documents changed at random: the verifier of the pages and the notary's come to the same, link by link."""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate

from notary.canonical import canonical_json
from notary.encoding import b64, b64url, parse_b64, parse_b64url
from notary.errors import RefusedError
from notary.history import DEFAULT_POLICY, Book, Event, loan_view, view_json
from notary.log.signed_note import parse_verifier
from notary.package.verification import PackageVerifier
from notary.receipts.qr_proof import verify_qr, write_qr
from notary.receipts.report import Report
from notary.records import RECORD_TYPES, parse_record
from tests.support import vector_receipts as make
from tests.support.browser_verifier import BrowserVerifier, running_verifier
from tests.support.builders import record
from tests.support.make_vectors import expectation
from tests.support.mutations import mutations
from tests.support.vector_batches import in_batch
from tests.support.vector_cases import LOG_KEY
from tests.support.vector_certificates import ROOT as CA_ROOT
from tests.support.vector_certificates import certified, issue
from tests.support.vector_histories import told
from tests.support.vector_packages import files_of, history, packed, with_manifest
from tests.support.vector_qr import RECEIPT
from tests.support.vector_receipts import agreement, places
from tests.support.vector_tokens import GOOD
from tests.support.vector_tokens import ROOT as TIME_ROOT
from verifier import make_verifier

BASES = [
    make.agreement(),
    make.anchored(make.agreement()),
    make.changed(make.anchored(make.agreement()), make.put("/anchors/0/evidence", "none")),
    make.receipt_of(make.envelope_of(record("repayment")), {}, 8, 3),
    make.receipt_of(make.envelope_of(record("schedule"), make.ES256K, make.PS256), {"lender": make.PS256.public}, 3, 2),
    make.wallet_receipt(record("repayment")),
    in_batch(5, 3),
]
VERIFIERS = {key: make_verifier(parse_verifier(key) if key else None) for key in (LOG_KEY, None)}
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2**53 - 1, "", "x", "none", [], {}, [[]], [{}], "A" * 43, "0x" + "00" * 32, "lender",
    "mined", "é", "\u2028", "2026-03-02T01:30:00.125Z", b64(bytes(32)), b64url(bytes(64)),
]  # fmt: skip
BYTES = [
    b"",
    b'"',
    b"\\",
    b"0",
    b",",
    b"{",
    b"}",
    b" ",
    b"\n",
    b"\xc3",
    b"\xe7\xa4\xba",
    b"\xcc\x81",
    b"\\u0041",
    b"-",
    b"1e1",
]


@pytest.fixture(scope="module")
def verifier() -> Iterator[BrowserVerifier]:
    with running_verifier() as running:
        yield running


def flip(numbers: random.Random, text: str) -> str:
    """Change one bit of the bytes that a text stands for, or one character of it."""
    decoders: list[tuple[Callable[[str], bytes], Callable[[bytes], str]]] = [(parse_b64, b64), (parse_b64url, b64url)]
    for parse, write in decoders:
        try:
            data = bytearray(parse(text))
        except ValueError:
            continue
        if data:
            data[numbers.randrange(len(data))] ^= 1 << numbers.randrange(8)
            return write(bytes(data))
    place = numbers.randrange(len(text) + 1)
    return text[:place] + numbers.choice("0aZ+-/ \n\u0085—") + text[place + numbers.randint(0, 1) :]


def inner(numbers: random.Random, text: str) -> str:
    """Change what a payload, a header or a note says, and not just its bytes."""
    try:
        data = parse_b64url(text)
    except ValueError:
        return text.replace(numbers.choice("0123456789"), numbers.choice("0123456789+ \n"), 1)
    place = numbers.randrange(len(data) + 1)
    return b64url(data[:place] + numbers.choice([*BYTES, b"7", b"x"]) + data[place + numbers.randint(0, 1) :])


def change(numbers: random.Random, members: dict[str, Any]) -> None:
    """Change one value somewhere in a receipt."""
    parent, step = numbers.choice(list(places(members)))
    value = parent[step]
    choice = numbers.random()
    if isinstance(value, str) and choice < 0.4:
        parent[step] = flip(numbers, value)
    elif isinstance(value, str) and choice < 0.7:
        parent[step] = inner(numbers, value)
    elif type(value) is int and choice < 0.7:
        parent[step] = value + numbers.choice([-1, 1, 2**40])
    elif choice < 0.8:
        del parent[step]
    elif isinstance(parent, list) and choice < 0.9:
        parent.insert(numbers.randrange(len(parent) + 1), copy.deepcopy(value))
    else:
        parent[step] = numbers.choice(ODD)


def damaged(numbers: random.Random) -> bytes:
    """Return a receipt with its members changed and sealed again, its seal left as it was, or its bytes changed."""
    members = copy.deepcopy(numbers.choice(BASES))
    kind = numbers.random()
    if kind < 0.75:
        for _ in range(numbers.choice([1, 1, 1, 2])):
            change(numbers, members)
        return canonical_json(make.sealed(members) if kind < 0.65 else members)
    data = canonical_json(members)
    place = numbers.randrange(len(data))
    return data[:place] + numbers.choice(BYTES) + data[place + numbers.randint(0, 2) :]


def test_changed_receipts_are_judged_alike(verifier: BrowserVerifier) -> None:
    numbers, seen = random.Random(20260302), Counter[str]()
    for _ in range(3000):
        data, key = damaged(numbers), numbers.choice([LOG_KEY, None])
        report = verifier.report(data, key)
        links = [[check["link"], check["status"]] for check in report["checks"]]
        found = {"verdict": report["verdict"], "links": links, "facts": report["facts"]}
        assert found == expectation(VERIFIERS[key].verify(data)), (data, report)
        seen.update(link for link, status in links if status == "failed")
        seen[report["verdict"]] += 1
    reached = {"format", "seal", "record", "signatures", "checkpoint", "inclusion", "anchor", "valid", "cannot tell"}
    assert reached <= {name for name, count in seen.items() if count >= 5}, seen


HISTORY = (Path(__file__).parents[1] / "vectors" / "receipts" / "history@1-final.json").read_bytes()
AUTHORITY = load_der_x509_certificate(TIME_ROOT.der)


def same(found: dict[str, Any], report: Report, context: object) -> None:
    """Assert that both said the same of every link, and of the facts but for findings."""
    links = [[check["link"], check["status"]] for check in found["checks"]]
    expected = expectation(report)
    expected["facts"].pop("findings", None)
    assert {"verdict": found["verdict"], "links": links, "facts": found["facts"]} == expected, (context, found)


def test_changed_histories_are_judged_alike(verifier: BrowserVerifier) -> None:
    made = list(mutations(json.loads(HISTORY)))
    for mutation in random.Random(7).sample(made, 50):
        data = canonical_json(mutation.document)
        same(verifier.report(data), make_verifier().verify(data), mutation.name)


def flips(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield copies with one bit changed, one byte left out, or one put in."""
    numbers = random.Random(seed)
    for _ in range(count):
        place, kind = numbers.randrange(len(data)), numbers.random()
        if kind < 0.8:
            yield data[:place] + bytes([data[place] ^ 1 << numbers.randrange(8)]) + data[place + 1 :]
        elif kind < 0.9:
            yield data[:place] + data[place + 1 :]
        else:
            yield data[:place] + numbers.randbytes(1) + data[place:]


@pytest.mark.filterwarnings("ignore")  # cryptography warns of the odd certificates that come out
def test_changed_certificates_are_judged_alike(verifier: BrowserVerifier) -> None:
    signer = issue("Wang Fang", issue("Issuer", CA_ROOT, ca=True))
    for place in range(2):
        for der in flips(signer.x5c[place], 60, place):
            chain = [*signer.x5c[:place], der, *signer.x5c[place + 1 :]]
            data = canonical_json(certified(signer, *chain))
            same(verifier.report(data), make_verifier().verify(data), der.hex())


@pytest.mark.filterwarnings("ignore")
def test_changed_timestamps_are_judged_alike_or_more_strictly(verifier: BrowserVerifier) -> None:
    """Some parts are not signed, and the pages may refuse in them what OpenSSL takes; never the other way round."""
    members, stricter = agreement(), 0
    token = GOOD.encode(members["checkpoint"])
    for changed in flips(token, 150, 3):
        data = canonical_json(make.sealed(members | {"timestamps": [b64(changed)]}))
        found = verifier.ask("receipt", data, log_key=None, authorities=[b64(TIME_ROOT.der)])
        report = make_verifier(authorities=[AUTHORITY]).verify(data)
        if found["checks"][-1]["status"] == "ok":
            same(found, report, changed.hex())
        stricter += found["checks"][-1]["status"] != "ok" and report.holds("time")
    assert stricter < 8


def test_changed_packages_are_judged_alike(verifier: BrowserVerifier, tmp_path: Path) -> None:
    path, data = tmp_path / "package.zip", packed(with_manifest(files_of(history())))
    for changed in flips(data, 60, 4):
        path.write_bytes(changed)
        report = PackageVerifier(make_verifier()).verify(path)
        same(verifier.ask("package", changed, log_key=None), report, changed.hex())


def test_changed_codes_are_judged_alike(verifier: BrowserVerifier) -> None:
    text = write_qr(RECEIPT, make.LOG)
    for changed in flips(text.encode(), 300, 5):
        scanned = changed.decode("latin-1")
        same(verifier.ask("qr", text=scanned, receipt=None, log_key=None), verify_qr(scanned), scanned)


TYPES = sorted(RECORD_TYPES.keys() - {"administration"})


def test_loans_are_lived_through_alike(verifier: BrowserVerifier) -> None:
    """Every kind of record after every other, legal or not: the same stage, holders and sums."""
    numbers, seen = random.Random(6), Counter[str]()
    for _ in range(500):
        records = [told(kind, place) for place, kind in enumerate(story(numbers))]
        found = verifier.ask("loan", records=records, as_of="2026-01-01T00:00:00.000Z")
        try:
            book = Book.of([Event(i, 0, parse_record(value)) for i, value in enumerate(records)], 0)
        except RefusedError:
            assert isinstance(found, str), records
            seen["refused"] += 1
            continue
        assert not isinstance(found, str), (found, records)
        view = view_json(loan_view(book, DEFAULT_POLICY)) | {"as_of": found["as_of"]}
        assert found == {name: view[name] for name in found}
        seen.update(value["type"] for value in records)
    assert seen["refused"] > 50
    assert len(seen) > 25


def story(numbers: random.Random) -> list[str]:
    """Return types of records: a beginning that is legal, then whatever comes."""
    begin = numbers.choice([["agreement"], ["facility", "agreement"], ["application", "credit_decision"], []])
    middle = numbers.choice([["disbursement"], ["disbursement", "repayment"], ["disbursement", "overdue_notice"], []])
    rest = [numbers.choice(TYPES) for _ in range(numbers.choice([0, 1, 1, 2, 3]))]
    return [*begin, *middle, *rest]
