# SPDX-License-Identifier: Apache-2.0
"""The public explorer: what it shows, that it leads to the raw log, and that it tells nothing of a loan."""

import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from api.clock import now
from api.pages.charts import growth_chart
from api.pages.explorer import counted, newest_anchors, tile_paths, waits_for
from notary.log.anchors import AnchorState
from tests.support.api import Api, agreement, repayment, running_api
from tests.support.builders import anchor_of

SECRET = "示消贷字（2026）第77号"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("empty") / "data") as api:
        yield api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("explorer") / "data") as api:
        anchored(api, 0, AnchorState.FINAL)
        assert api.submit(agreement(SECRET, api.bank)).status_code == 201
        anchored(api, 5, AnchorState.FINAL)
        assert api.submit(repayment(SECRET)).status_code == 201
        anchored(api, 7000, AnchorState.MINED)
        assert api.submit(repayment(SECRET)).status_code == 201
        yield api


def anchored(api: Api, seconds: int, state: AnchorState) -> None:
    """Anchor the log in a block that many seconds from now."""
    head = api.services.log.head()
    time = now() // 1000 + seconds
    number = 1000 + seconds
    api.services.store.save_anchor(anchor_of(head, state=state, nonce=head.size, block_time=time, block_number=number))


def shown(api: Api, language: str = "en") -> str:
    answer = api.app.test_client().get(f"/explorer?lang={language}")
    assert answer.status_code == 200
    return answer.text


def test_it_shows_how_long_the_log_is_and_where_it_is_anchored(api: Api) -> None:
    text, head = shown(api), api.services.log.head()
    assert f'<dd class="value">{head.size}</dd>' in text
    assert "1 came after it" in text
    assert text.count("<tr>") == 1 + 3
    assert "block 8,000" in text
    assert text.count("71,943") == 3
    assert head.checkpoint.split("\n")[2] in text.replace("&#43;", "+")


def test_it_tells_nothing_of_any_loan(api: Api) -> None:
    for language in ("zh", "en"):
        text = shown(api, language)
        assert SECRET not in text
        assert api.bank.lender.name not in text


def test_both_charts_say_in_words_what_they_show(api: Api) -> None:
    charts = [ElementTree.fromstring(found) for found in re.findall("<svg.*?</svg>", shown(api), re.DOTALL)]
    assert [chart[0].text for chart in charts] == [
        "How many entries were anchored over time",
        "Anchors by the longest wait",
    ]
    assert len(charts[0].findall("circle")) == 3
    counts = [text.text for text in charts[1].findall("text")]
    assert counts == ["1", "≤ 10 s", "≤ 1 min", "≤ 5 min", "≤ 15 min", "≤ 1 h", "1", "> 1 h"]


def test_every_link_to_the_raw_log_leads_to_it(api: Api) -> None:
    links = re.findall(r'href="(/log/[^"]+|/v1/anchors)"', shown(api))
    assert {"/log/checkpoint", "/v1/anchors"} < set(links)
    assert len(links) == 4
    for link in links:
        assert api.app.test_client().get(link).status_code == 200


def test_an_empty_log_has_a_page(empty: Api) -> None:
    text = shown(empty)
    assert "No anchor yet." in text
    assert "<svg" not in text


@pytest.mark.parametrize(
    ("size", "paths"),
    [
        (1, ["tile/0/000.p/1", "tile/entries/000.p/1"]),
        (256, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]),
        (70_000, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"]),
    ],
)
def test_the_newest_tile_of_each_level_is_named(size: int, paths: list[str]) -> None:
    assert tile_paths(size) == paths


def test_the_newest_anchors_are_read_and_no_more_than_asked(api: Api) -> None:
    every = api.services.store.anchors_after(0, 10)
    assert newest_anchors(api.services, 10) == newest_anchors(api.services, 3) == every
    for most in (2, 1):
        found = newest_anchors(api.services, most)
        assert 1 <= len(found) <= most
        assert found == every[-len(found) :]


def test_waits_are_those_of_the_record_that_waited_longest(api: Api) -> None:
    first, second = waits_for(api.services, api.services.store.anchors_after(0, 10))
    assert 5 <= first <= 65
    assert 7000 <= second <= 7060


def test_the_record_that_waited_longest_is_the_first_one_that_the_anchor_before_did_not_cover(api: Api) -> None:
    head = api.services.log.head()
    before, after = (replace(anchor_of(head), size=size, block_time=100) for size in (3, 6))
    received = {2: 1_000, 3: 10_000, 4: 20_000, 5: 30_000, 6: 40_000}

    class Times:
        def record_at(self, index: int) -> SimpleNamespace:
            return SimpleNamespace(received_at=received[index])

    assert waits_for(replace(api.services, store=Times()), [before, after]) == [90]  # type: ignore[arg-type]


def test_waits_are_counted_by_length() -> None:
    assert [count for _, count in counted([0, 10, 11, 60, 300, 900, 3600, 3601, 10**6])] == [2, 2, 1, 1, 1, 2]


def test_growth_is_drawn_from_two_points_on() -> None:
    assert growth_chart([]) is growth_chart([(1, 5)]) is growth_chart([(1, 5), (1, 6)]) is None
    chart = growth_chart([(0, 0), (50, 10), (100, 40)])
    assert chart is not None
    assert [mark.value for mark in chart.moments] == [0, 50, 100]
    assert [mark.value for mark in chart.counts] == [0, 20, 40]
    xs, ys = zip(*chart.dots, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    assert chart.path == f"M{xs[0]} {ys[0]}H{xs[1]}V{ys[1]}H{xs[2]}V{ys[2]}"
