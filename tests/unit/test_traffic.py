# SPDX-License-Identifier: Apache-2.0
"""Counting requests and keeping answers, in a file that several processes use."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from api.traffic.rates import WINDOW, RateLimiter
from api.traffic.repeats import (
    ABANDONED,
    KEPT,
    Answer,
    Beginning,
    IdempotencyKeyError,
    InProgressError,
    KeyReusedError,
    Repeats,
    Request,
    read_key,
)
from api.traffic.store import TrafficFile
from notary.errors import UnavailableError
from notary.privacy.vault import OwnerKeys

START = 1_767_225_600_000
A, B = b"a" * 32, b"b" * 32
ASKED = Request(1, "/v1/webhooks", "key-1", sha256(b"body").digest())
ANSWER = Answer(201, "application/json", b'{"id":"wh_1"}')


def keys(tenant: int) -> OwnerKeys:
    return OwnerKeys(bytes(31) + bytes([tenant]))


@pytest.fixture
def file(tmp_path: Path) -> TrafficFile:
    return TrafficFile(tmp_path / "traffic.db")


# --- rates


def test_so_many_and_no_more(file: TrafficFile) -> None:
    limiter = RateLimiter(file, 5)
    taken = [limiter.take(A, START + number) for number in range(7)]
    assert [item.allowed for item in taken] == [True] * 5 + [False] * 2
    assert [item.remaining for item in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert (taken[0].policy, taken[0].state) == ('"minute";q=5;w=60', '"minute";r=4;t=60')


def test_each_caller_has_its_own(file: TrafficFile) -> None:
    limiter = RateLimiter(file, 1)
    assert [limiter.take(caller, START).allowed for caller in (A, B, A, B)] == [True, True, False, False]


def test_the_next_window_begins_anew(file: TrafficFile) -> None:
    limiter = RateLimiter(file, 2)
    last = START + WINDOW * 1000 - 1
    assert [limiter.take(A, moment).allowed for moment in (START, last, last)] == [True, True, False]
    assert limiter.take(A, last).reset == 1
    after = limiter.take(A, last + 1)
    assert (after.allowed, after.remaining, after.reset) == (True, 1, WINDOW)


def test_processes_count_together(tmp_path: Path) -> None:
    quota = 1000
    limiters = [RateLimiter(TrafficFile(tmp_path / "traffic.db"), quota) for _ in range(3)]
    allowed = sum(limiters[number % 3].take(A, START).allowed for number in range(quota * 2))
    assert allowed == quota


def test_what_one_process_holds_back_is_little(tmp_path: Path) -> None:
    quota = 1000
    first, second = (RateLimiter(TrafficFile(tmp_path / "traffic.db"), quota) for _ in range(2))
    assert first.take(A, START).allowed
    assert sum(second.take(A, START).allowed for _ in range(quota)) == quota - quota // 100


def test_threads_count_together(file: TrafficFile) -> None:
    limiter = RateLimiter(file, 300)
    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: limiter.take(A, START).allowed, range(600)))
    assert sum(allowed) == 300


def test_old_windows_are_forgotten(file: TrafficFile) -> None:
    limiter = RateLimiter(file, 10)
    for number in range(5):
        limiter.take(A, START + number * WINDOW * 1000)
    assert file._connection().execute("SELECT count(*) FROM windows").fetchone() == (1,)


# --- repeats


def test_the_first_answer_comes_again(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    assert isinstance(repeats.begin(ASKED, START), Beginning)
    repeats.finish(ASKED, ANSWER)
    assert repeats.begin(ASKED, START + KEPT - 1) == ANSWER
    assert Repeats(TrafficFile(file._path), keys).begin(ASKED, START + 1) == ANSWER


def test_an_answer_is_kept_for_a_day(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    first = repeats.begin(ASKED, START)
    repeats.finish(ASKED, ANSWER)
    later = repeats.begin(ASKED, START + KEPT + 1)
    assert isinstance(first, Beginning)
    assert isinstance(later, Beginning)
    assert (later.at, later.seed != first.seed) == (START + KEPT + 1, True)


def test_another_body_is_another_request(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    repeats.begin(ASKED, START)
    other = replace(ASKED, fingerprint=sha256(b"other").digest())
    for act in (repeats.finish, lambda asked, _: repeats.release(asked)):
        with pytest.raises(KeyReusedError):
            repeats.begin(other, START)
        act(ASKED, ANSWER)
    repeats.drop(ASKED)
    assert isinstance(repeats.begin(other, START), Beginning)


def test_what_was_begun_is_not_taken_over_with_another_body(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    repeats.begin(ASKED, START)
    repeats.release(ASKED)
    with pytest.raises(KeyReusedError):
        repeats.begin(replace(ASKED, fingerprint=sha256(b"other").digest()), START + 1)


@pytest.mark.parametrize("change", [{"tenant": 2}, {"route": "/v1/passes"}, {"key": "key-2"}])
def test_a_key_is_for_one_tenant_and_one_route(file: TrafficFile, change: dict[str, object]) -> None:
    repeats = Repeats(file, keys)
    repeats.begin(ASKED, START)
    repeats.finish(ASKED, ANSWER)
    assert isinstance(repeats.begin(replace(ASKED, **change), START), Beginning)


def test_a_request_by_which_nothing_was_done_begins_anew(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    first = repeats.begin(ASKED, START)
    repeats.drop(ASKED)
    again = repeats.begin(ASKED, START + 1)
    assert isinstance(first, Beginning)
    assert isinstance(again, Beginning)
    assert (again.at, again.seed != first.seed) == (START + 1, True)


def test_a_request_that_failed_begins_where_it_began(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    first = repeats.begin(ASKED, START)
    repeats.release(ASKED)
    assert repeats.begin(ASKED, START + 1) == first
    with pytest.raises(InProgressError):
        repeats.begin(ASKED, START + 2)
    repeats.finish(ASKED, ANSWER)
    repeats.release(ASKED)
    assert repeats.begin(ASKED, START + 3) == ANSWER


@pytest.mark.parametrize("makes", [True, False])
def test_a_request_whose_process_died_begins_where_it_began(file: TrafficFile, makes: bool) -> None:
    asked, repeats = replace(ASKED, makes=makes), Repeats(file, keys)
    first = repeats.begin(asked, START)
    with pytest.raises(InProgressError):
        repeats.begin(asked, START + ABANDONED)
    assert repeats.begin(asked, START + ABANDONED + 1) == first
    with pytest.raises(InProgressError):
        repeats.begin(asked, START + ABANDONED + 2)


def test_a_clock_that_was_set_back_held_up_the_repeat_of_a_request_that_was_cut_short(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    first = repeats.begin(ASKED, START + 3_600_000)
    assert isinstance(first, Beginning)
    with pytest.raises(InProgressError):
        repeats.begin(ASKED, START + 3_600_000 - ABANDONED)
    again = repeats.begin(ASKED, START)
    assert again == first
    with pytest.raises(InProgressError):
        repeats.begin(ASKED, START + 1)


def test_a_request_that_a_kill_cut_short_held_up_its_own_repeat(file: TrafficFile) -> None:
    first = Repeats(file, keys).begin(ASKED, START)
    answered = replace(ASKED, key="key-2")
    Repeats(file, keys).begin(answered, START)
    Repeats(file, keys).finish(answered, ANSWER)
    after_the_start = Repeats(TrafficFile(file._path), keys)
    after_the_start.release_all()
    assert after_the_start.begin(ASKED, START + 1) == first
    assert after_the_start.begin(answered, START + 1) == ANSWER


def test_seeds_are_sealed_and_go_with_the_answer(file: TrafficFile) -> None:
    repeats = Repeats(file, keys)
    begun, other = repeats.begin(ASKED, START), repeats.begin(replace(ASKED, key="key-2"), START)
    assert isinstance(begun, Beginning)
    assert isinstance(other, Beginning)
    assert begun.seed != other.seed
    rows = "SELECT seed FROM seeded_answers ORDER BY seed IS NOT NULL"
    kept = [row[0] for row in file._connection().execute(rows)]
    assert all(len(seed) > 32 and begun.seed not in seed and other.seed not in seed for seed in kept)
    repeats.finish(ASKED, ANSWER)
    assert [row[0] is None for row in file._connection().execute(rows)] == [True, False]


def test_of_requests_that_race_one_is_made(tmp_path: Path) -> None:
    repeats = [Repeats(TrafficFile(tmp_path / "traffic.db"), keys) for _ in range(4)]
    begun, refused = [], []
    gate = threading.Barrier(16)

    def ask(number: int) -> None:
        gate.wait()
        try:
            begun.append(repeats[number % 4].begin(ASKED, START))
        except InProgressError:
            refused.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ([type(item) for item in begun], len(refused)) == ([Beginning], 15)


@pytest.mark.parametrize("header", ["", '""', "a b", "a\tb", "é", "x" * 256, '"' + "x" * 256 + '"'])
def test_bad_keys(header: str) -> None:
    with pytest.raises(IdempotencyKeyError):
        read_key(header)


@pytest.mark.parametrize(("header", "key"), [("a", "a"), ('"a-b"', "a-b"), ("x" * 255, "x" * 255), ('"', '"')])
def test_keys_with_and_without_quotes(header: str, key: str) -> None:
    assert read_key(header) == key


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        RateLimiter(TrafficFile(tmp_path / "nowhere" / "traffic.db"), 5).take(A, START)
