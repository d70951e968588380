# SPDX-License-Identifier: Apache-2.0
"""What every store of traffic keeps to: the file of one host, and the tables of several."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from api.traffic.rates import WINDOW, RateLimiter
from api.traffic.repeats import ABANDONED, KEPT, Answer, Beginning, InProgressError, KeyReusedError, Repeats, Request
from api.traffic.store import TrafficFile, TrafficStore
from api.traffic.tables import TrafficTables
from notary.errors import UnavailableError
from notary.privacy.vault import OwnerKeys
from tests.support.stores import Opener, PostgresOpener

START = 1_767_225_600_000
CALLER = b"c" * 32
ASKED = Request(1, "/v1/webhooks", "key-1", sha256(b"body").digest())
ABOUT_NONE = Request(1, "/v1/jobs", "key-2", sha256(b"body").digest(), about_loan=False, makes=True)
ANSWER = Answer(201, "application/json", b'{"id":"wh_1"}')


def keys(tenant: int) -> OwnerKeys:
    return OwnerKeys(bytes(31) + bytes([tenant]))


@pytest.fixture
def opened(database: Opener, tmp_path: Path) -> Callable[[], TrafficStore]:
    """Open the same store again and again, as the processes of its hosts do."""
    if isinstance(database, PostgresOpener):
        return lambda: TrafficTables(database.uri)
    return lambda: TrafficFile(tmp_path / "traffic.db")


def test_all_count_together(opened: Callable[[], TrafficStore]) -> None:
    limiters = [RateLimiter(opened(), 50) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda number: limiters[number % 4].take(CALLER, START).allowed, range(80)))
    assert taken.count(True) == 50
    later = START + WINDOW * 1000
    assert limiters[0].take(CALLER, later).remaining == 49
    assert limiters[1].take(b"d" * 32, later).remaining == 49


def test_an_answer_is_given_by_whoever_is_asked(opened: Callable[[], TrafficStore]) -> None:
    one, two = Repeats(opened(), keys), Repeats(opened(), keys)
    for asked in (ASKED, ABOUT_NONE):
        begun = one.begin(asked, START)
        assert isinstance(begun, Beginning)
        with pytest.raises(InProgressError):
            two.begin(asked, START)
        # Who begins again after a crash begins as the first time.
        assert two.begin(asked, START + ABANDONED + 1) == begun
        one.finish(asked, ANSWER)
        assert two.begin(asked, START + KEPT) == ANSWER
    with pytest.raises(KeyReusedError):
        two.begin(Request(1, ASKED.route, ASKED.key, sha256(b"other").digest()), START)
    assert isinstance(two.begin(ASKED, START + KEPT + 1), Beginning)


def test_what_is_released_or_dropped_can_be_done_again(opened: Callable[[], TrafficStore]) -> None:
    one, two = Repeats(opened(), keys), Repeats(opened(), keys)
    begun = one.begin(ASKED, START)
    one.release(ASKED)
    assert two.begin(ASKED, START) == begun
    two.release_all()
    assert one.begin(ASKED, START) == begun
    one.drop(ASKED)
    assert two.begin(ASKED, START) != begun


def test_an_erasure_takes_the_answers_that_may_be_about_the_loan(opened: Callable[[], TrafficStore]) -> None:
    repeats = Repeats(opened(), keys)
    for asked in (ASKED, ABOUT_NONE):
        repeats.begin(asked, START)
        repeats.finish(asked, ANSWER)
    repeats.forget(2, "L-1", [])
    assert repeats.begin(ASKED, START) == ANSWER
    repeats.forget(1, "L-1", [])
    assert isinstance(repeats.begin(ASKED, START), Beginning)
    assert repeats.begin(ABOUT_NONE, START) == ANSWER


def test_a_store_that_is_away_says_so(tmp_path: Path) -> None:
    away = "postgresql:///none?host=/nowhere"
    for store in (TrafficTables(away), TrafficFile(tmp_path / "nowhere" / "traffic.db")):
        with pytest.raises(UnavailableError):
            RateLimiter(store, 5).take(CALLER, START)
