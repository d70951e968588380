# SPDX-License-Identifier: Apache-2.0
"""Sample portfolios: exact arithmetic, legal histories, good signatures, and the same bytes for the same seed."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth

from api.samples import Loan, lender_key, sample_histories, sample_loans, story_history, write_samples
from api.samples.agreement_pdf import agreement_pdf
from api.samples.agreement_text import agreement_text
from api.samples.schedule import Terms, effective_rate, equal_instalments, months_later
from notary.canonical import parse_canonical, parse_json
from notary.envelope import MAX_PAYLOAD, envelope_from_json
from notary.lifecycle import LoanState, advance
from notary.parties.keys import parse_jwk
from notary.records import Agreement, Record, Repayment, Settlement, parse_record
from notary.schemes import SCHEMES, load_private_key

COUNT, SEED = 400, 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "portfolio"
    write_samples(path, sample_histories(COUNT, SEED), SEED)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records(folder: Path) -> list[Record]:
    lines = (folder / "records.ndjson").read_bytes().splitlines()
    payloads = (envelope_from_json(parse_canonical(line, limit=MAX_PAYLOAD * 2)).payload for line in lines)
    return [parse_record(parse_canonical(payload, limit=MAX_PAYLOAD)) for payload in payloads]


def test_a_schedule_by_hand() -> None:
    # 10,000.00 over 12 months at 12 % nominal: 888.49 a month.
    rows = equal_instalments(Terms(1_000_000, Decimal("0.12"), 12, date(2026, 1, 31)))
    assert [row.total for row in rows] == [88_849] * 11 + [88_847]
    assert [(row.interest, row.principal, row.balance) for row in rows[:2]] == [
        (10_000, 78_849, 921_151),
        (9_212, 79_637, 841_514),
    ]
    assert [row.due.isoformat() for row in rows[:3]] == ["2026-02-28", "2026-03-31", "2026-04-30"]
    assert (rows[-1].balance, sum(row.principal for row in rows)) == (0, 1_000_000)


def test_the_last_row_absorbs_a_few_units_only() -> None:
    for loan in islice(sample_loans(SEED), 300):
        rows = loan.schedule
        assert sum(row.principal for row in rows) == loan.terms.principal
        assert {row.total for row in rows[:-1]} == {rows[0].total}
        assert abs(rows[-1].total - rows[0].total) <= len(rows)
        assert all(row.interest >= 0 and row.principal > 0 for row in rows)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2024-01-31", 1, "2024-02-29"), ("2025-12-15", 1, "2026-01-15"), ("2025-11-30", 14, "2027-01-30")],
)
def test_months_later(day: str, months: int, later: str) -> None:
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(later)


def test_the_apr_is_the_rate_at_which_the_payments_are_worth_what_was_received() -> None:
    terms = Terms(1_000_000, Decimal("0.12"), 12, date(2026, 1, 15))
    assert effective_rate(terms, 88_849) == Decimal("0.1200")
    with_fee = Terms(1_000_000, Decimal("0.12"), 12, date(2026, 1, 15), fee=20_000)
    monthly = effective_rate(with_fee, 88_849) / 12
    worth = sum((88_849 / (1 + monthly) ** month for month in range(1, 13)), Decimal(0))
    assert abs(worth - 980_000) < 30


def test_exactly_as_many_records_as_asked_for(folder: Path) -> None:
    assert len(records(folder)) == COUNT
    for count in (0, 1, 2, 3, 50):
        assert sum(len(history.records) for history in sample_histories(count, SEED)) == count


def test_a_portfolio_is_varied(folder: Path) -> None:
    kinds = Counter(record.type for record in records(folder))
    assert kinds.keys() > {"agreement", "disbursement", "repayment", "settlement"}
    agreements = [record for record in records(folder) if isinstance(record, Agreement)]
    assert {agreement.principal.currency for agreement in agreements} == {"CNY", "USD", "JPY"}
    assert any(record.sequence is not None for record in records(folder))
    assert any(isinstance(record, Repayment) and record.split.penalty for record in records(folder))


def test_a_loan_is_legal_and_in_order(folder: Path) -> None:
    states: defaultdict[str, LoanState] = defaultdict(LoanState)
    backdated = story_history("backdated", SEED).loan.number
    # Only the agreement that came late speaks of a day before those of the records that were submitted before it.
    times = [item.occurred_at for item in records(folder) if (item.loan, item.type) != (backdated, "agreement")]
    assert times == sorted(times)
    for record in records(folder):
        states[record.loan] = advance(states[record.loan], record.type, record.facts())
    assert "settled" in {state.stage for state in states.values()}
    assert len({record.id for record in records(folder)}) == COUNT


def test_given_orders_hold() -> None:
    checked = 0
    for history in sample_histories(COUNT, SEED):
        payloads = [record.payload for record in history.records]
        for number, payload in enumerate(payloads):
            record = parse_record(parse_json(payload, limit=MAX_PAYLOAD))
            if history.loan.fixed_order:
                previous = sha256(payloads[number - 1]).hexdigest() if number else None
                assert (record.sequence, record.previous) == (number, previous)
                checked += 1
    assert checked


def test_a_settled_loan_was_paid_back_to_the_last_unit() -> None:
    early = set()
    for history in sample_histories(3000, SEED):
        read = [parse_record(parse_json(record.payload, limit=MAX_PAYLOAD)) for record in history.records]
        if history.story is None and isinstance(read[-1], Settlement):
            early.add(history.loan.payoff)
            paid = sum(record.split.principal.minor for record in read if isinstance(record, Repayment))
            last = history.loan.schedule[len(history.loan.payments)] if history.loan.payoff else None
            interest = last.interest if last else 0
            assert paid + read[-1].amount.minor == history.loan.terms.principal + interest
            assert read[-1].outstanding.minor == 0
    assert early == {True, False}


def test_every_signature_is_good_and_by_the_parties_named(folder: Path) -> None:
    lender = parse_jwk(parse_json((folder / "keys" / "lender.jwk").read_bytes(), limit=1000))
    jwks = (folder / "keys" / "borrowers.ndjson").read_bytes().splitlines()
    keys = {key.kid: key for key in (parse_jwk(parse_canonical(jwk, limit=1000)) for jwk in jwks)}
    assert len(keys) == len(jwks)
    assignee = parse_jwk(parse_json((folder / "keys" / "assignee.jwk").read_bytes(), limit=1000))
    keys |= {key.kid: key for key in (lender, assignee)}
    borrowers: dict[str, str | None] = {}
    for line in (folder / "records.ndjson").read_bytes().splitlines():
        envelope = envelope_from_json(parse_canonical(line, limit=MAX_PAYLOAD * 2))
        record = parse_record(parse_canonical(envelope.payload, limit=MAX_PAYLOAD))
        for signature in envelope.signatures:
            scheme = SCHEMES[signature.alg]
            key = scheme.load(keys[signature.kid])
            scheme.verify(key, envelope.signing_input(signature), signature.signature)
        if isinstance(record, Agreement):
            borrowers[record.loan] = record.parties[1].key
        kid_of = {"lender": lender.kid, "borrower": borrowers[record.loan], "assignee": assignee.kid}
        # Nothing in these portfolios is signed by fewer parties than its type asks for.
        assert [signature.kid for signature in envelope.signatures] == [kid_of[role] for role in record.signers]


def test_the_private_key_is_the_lenders(folder: Path) -> None:
    private = load_private_key((folder / "keys" / "lender.pem").read_bytes())
    assert private.public.encoded == (folder / "keys" / "lender.jwk").read_text("ascii")
    assert private.public == lender_key(SEED).public


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_samples(tmp_path / "again", sample_histories(COUNT, SEED), SEED)
    assert files(tmp_path / "again") == files(folder)
    write_samples(tmp_path / "other", sample_histories(COUNT, SEED + 1), SEED + 1)
    assert files(tmp_path / "other")["records.ndjson"] != files(folder)["records.ndjson"]


def test_a_folder_that_is_there_is_left_alone(folder: Path) -> None:
    before = files(folder)
    with pytest.raises(FileExistsError):
        write_samples(folder, sample_histories(COUNT, SEED), SEED)
    assert files(folder) == before


def test_agreements_name_the_digest_of_their_document(folder: Path) -> None:
    agreements = [record for record in records(folder) if isinstance(record, Agreement)]
    documents = {path.name: path.read_bytes() for path in (folder / "documents").iterdir()}
    assert len(documents) == len(agreements)
    for agreement in agreements:
        document = agreement.documents[0]
        data = documents[document.name]
        assert (document.size, document.sha256) == (len(data), sha256(data).hexdigest())


def width(line: str, font: str, size: float) -> float:
    result: float = stringWidth(line, font, size)  # type: ignore[no-untyped-call]
    return result


def first_loan(language: str) -> Loan:
    return next(loan for loan in sample_loans(SEED) if loan.profile.language == language)


def test_documents_are_pdfs_in_both_languages() -> None:
    chinese, english = agreement_pdf(first_loan("zh")), agreement_pdf(first_loan("en"))
    for data in (chinese, english):
        assert data.startswith(b"%PDF-")
        assert data.rstrip().endswith(b"%%EOF")
    assert b"STSong-Light" in chinese
    assert b"(Loan Agreement) Tj" in english
    assert b"STSong-Light" not in english


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_line_runs_off_the_page(language: str) -> None:
    font = {"zh": "STSong-Light", "en": "Helvetica"}[language]
    for loan in islice(sample_loans(SEED), 200):
        if loan.profile.language == language:
            text = agreement_text(loan)
            assert max(width(line, font, 9) for line in text.facts) < A4[0] - 2 * 56
            assert max(width(line, font, 8) for line in text.clauses) < A4[0] - 2 * 56


def test_people_appear_by_pseudonym_only() -> None:
    for history in sample_histories(100, SEED):
        for record in history.records:
            read = parse_record(parse_json(record.payload, limit=MAX_PAYLOAD))
            if isinstance(read, Agreement):
                borrowers = [party for party in read.parties if party.role == "borrower"]
                assert [(party.name, party.subject_ref) for party in borrowers] == [(None, history.loan.subject_ref)]
