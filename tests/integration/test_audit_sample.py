# SPDX-License-Identifier: Apache-2.0
"""`sample-audit` and `evaluate-sample` over a real log with real anchors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.databases import open_store
from api.keys.log_keys import load_signer
from chain.rpc import Rpc
from notary.log.checkpoint import Checkpoint, sign_checkpoint
from notary.log.reader import Log
from tests.support.anchored import Anchored, anchored_log
from tests.support.builders import log_signer
from tests.support.cli import document, is_one_line, run

ATTRIBUTE = ("--type", "repayment", "--tolerable", "0.05")
MONETARY = ("--mode", "monetary", "--type", "repayment", "--type", "agreement", "--currency", "CNY")


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with anchored_log(tmp_path_factory.mktemp("sampled") / "data") as made:
        Rpc(made.rpc).call("anvil_mine", "0x2")
        yield made


def sample(anchored: Anchored, *arguments: str | Path) -> Any:
    result = run("sample-audit", "--data", anchored.folder.path, "--rpc", anchored.rpc, "--json", *arguments)
    assert result.exit_code == 0, result.output
    return document(result)


def test_an_attribute_sample_says_all_that_it_depends_on(anchored: Anchored) -> None:
    drawn = sample(anchored, *ATTRIBUTE)
    anchor = open_store(anchored.folder).newest_anchor()
    assert anchor is not None
    assert drawn["fixed_by"]["checkpoint"] == anchor.checkpoint
    assert drawn["fixed_by"]["block_number"] == anchor.block_number
    block = Rpc(anchored.rpc).block((anchor.block_number or 0) + 1)
    assert block is not None
    assert (drawn["seed"]["number"], drawn["seed"]["hash"]) == (block.number, "0x" + block.hash.hex())
    assert drawn["population"] == {"items": 297}
    assert len(drawn["items"]) == len({item["index"] for item in drawn["items"]}) == 59
    assert drawn["maths"].startswith("59 is the smallest n for which P(X <= 0) <= 1 - 0.95")
    # The population is in the order of the log: the agreements at 1 and 101 are not in it.
    for item in drawn["items"]:
        assert item["index"] == item["position"] + (2 if item["position"] < 99 else 3)
    assert len(sample(anchored, *ATTRIBUTE, "--finite")["items"]) == 53


def test_the_same_seed_draws_the_same_and_another_one_another(anchored: Anchored, tmp_path: Path) -> None:
    file = tmp_path / "sample.json"
    drawn = sample(anchored, *ATTRIBUTE, "-o", file)
    assert orjson.loads(file.read_bytes()) == drawn
    assert sample(anchored, *ATTRIBUTE, "--compare", file) == drawn
    later = drawn["seed"]["number"] + 1
    asked = ("sample-audit", "--data", anchored.folder.path, "--rpc", anchored.rpc, *ATTRIBUTE)
    result = run(*asked, "--seed-block", str(later), "--compare", file)
    assert (result.exit_code, "another sample" in result.stdout) == (1, True)
    assert sample(anchored, *ATTRIBUTE, "--seed-block", str(later))["items"] != drawn["items"]


def test_a_seed_that_is_not_later_is_refused(anchored: Anchored) -> None:
    number = sample(anchored, *ATTRIBUTE)["fixed_by"]["block_number"]
    asked = ("sample-audit", "--data", anchored.folder.path, "--rpc", anchored.rpc, *ATTRIBUTE)
    for block in (number, number - 1):
        is_one_line(run(*asked, "--seed-block", str(block)), 1, "is not later than block")
    is_one_line(run(*asked, "--seed-block", "100000"), 2, "still to come")
    is_one_line(run(*asked, "--at", "77"), 1, "no anchor has the size 77")
    is_one_line(run("sample-audit", "--data", anchored.folder.path, "--rpc", "http://127.0.0.1:9", *ATTRIBUTE), 2, "")


def test_a_later_checkpoint_as_seed(anchored: Anchored, tmp_path: Path) -> None:
    log, signer, file = Log(open_store(anchored.folder)), load_signer(anchored.folder), tmp_path / "checkpoint"
    file.write_text(log.head().checkpoint)
    seeded = ("--at", "101", "--seed-checkpoint", file, "--type", "repayment", "--tolerable", "0.10")
    drawn = sample(anchored, *seeded)
    assert drawn["population"] == {"items": 99}
    assert (drawn["seed"]["size"], "operator" in drawn["seed"]["trusted"]) == (300, True)
    assert max(item["index"] for item in drawn["items"]) <= 100
    asked = ("sample-audit", "--data", anchored.folder.path)
    is_one_line(run(*asked, *seeded, "--at", "300"), 1, "is not later than the population")
    file.write_text(sign_checkpoint(Checkpoint(signer.verifier.name, 301, b"\1" * 32), signer))
    assert run(*asked, *seeded).exit_code != 0
    file.write_text(sign_checkpoint(Checkpoint(signer.verifier.name, 300, b"\1" * 32), signer))
    is_one_line(run(*asked, *seeded), 1, "leads to")
    other = log_signer(signer.verifier.name, "another key")
    file.write_text(sign_checkpoint(Checkpoint(signer.verifier.name, 300, log.root(300)), other))
    is_one_line(run(*asked, *seeded), 1, "no signature by a known key")


def test_a_monetary_sample(anchored: Anchored) -> None:
    drawn = sample(anchored, *MONETARY, "--tolerable", "29000.00")
    certain = [item for item in drawn["items"] if item["certain"]]
    assert {item["type"] for item in certain} == {"agreement"}
    assert drawn["population"]["certain"]["items"] == len(certain) == 2
    assert drawn["interval"] == "9680.21"
    left = [item for item in drawn["items"] if not item["certain"]]
    assert len(left) in (27, 28)  # 297 repayments of 890.99 over the interval
    assert drawn == sample(anchored, *MONETARY, "--tolerable", "29000.00")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mode", "monetary", "--tolerable", "5.00"), "name one"),
        ((*MONETARY, "--tolerable", "5"), "decimals of CNY"),
        (("--tolerable", "0.05", "--currency", "XXX"), "no currency"),
        (("--tolerable", "0.0005"), "look at all"),
        (("--tolerable", "0.05", "--lender", "7"), "look at all"),
        ((*MONETARY, "--tolerable", "900000000.00", "--type", "write_off"), "nothing was drawn"),
    ],
)
def test_what_cannot_be_drawn(anchored: Anchored, arguments: tuple[str, ...], words: str) -> None:
    is_one_line(run("sample-audit", "--data", anchored.folder.path, "--rpc", anchored.rpc, *arguments), 1, words)


def evaluated(folder: Path, drawn: Any, rows: list[str]) -> Any:
    (folder / "sample.json").write_bytes(orjson.dumps(drawn))
    (folder / "results.csv").write_text("\n".join(rows) + "\n")
    return run("evaluate-sample", folder / "sample.json", folder / "results.csv", "--json")


def test_an_attribute_sample_is_evaluated(anchored: Anchored, tmp_path: Path) -> None:
    drawn = sample(anchored, *ATTRIBUTE)
    answers = ["index,deviation", *(f"{item['index']},no" for item in reversed(drawn["items"]))]
    clean = evaluated(tmp_path, drawn, answers)
    assert (clean.exit_code, document(clean)["tolerable"], document(clean)["upper_limit"]) == (0, True, "0.0496")
    answers[5] = answers[5].replace("no", "yes")
    one = evaluated(tmp_path, drawn, answers)
    assert (one.exit_code, document(one)["deviations"], document(one)["upper_limit"]) == (1, 1, "0.0779")


def test_a_monetary_sample_is_evaluated(anchored: Anchored, tmp_path: Path) -> None:
    drawn = sample(anchored, *MONETARY, "--tolerable", "29000.00")
    answers = ["index,audited", *(f"{item['index']},{item['amount']}" for item in drawn["items"])]
    clean = document(evaluated(tmp_path, drawn, answers))
    assert (clean["tolerable"], clean["upper_limit"], clean["found_understatement"]) == (True, "28999.98", "0.00")
    sure = next(i for i, item in enumerate(drawn["items"], 1) if item["certain"])
    known = document(
        evaluated(
            tmp_path, drawn, [*answers[:sure], answers[sure].replace("10000.00", "9990.00"), *answers[sure + 1 :]]
        )
    )
    # What all such items are overstated by is known, and carried over to nothing.
    assert (known["certain_overstatement"], known["projected_overstatement"], known["upper_limit"]) == (
        "10.00",
        "10.00",
        "29009.98",
    )
    at = next(i for i, item in enumerate(drawn["items"], 1) if not item["certain"])
    answers[at] = answers[at].replace("890.99", "0.00")
    whole = evaluated(tmp_path, drawn, answers)
    assert (whole.exit_code, document(whole)["projected_overstatement"]) == (1, "9680.21")
    # 4.7439 intervals
    assert document(whole)["upper_limit"] == "45921.95"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[:-1], "has no result"),
        (lambda rows: [*rows, rows[-1]], "is the second"),
        (lambda rows: [*rows, "9999,no"], "not in the sample"),
        (lambda rows: [*rows[:-1], rows[-1].replace("no", "maybe")], "neither yes nor no"),
        (lambda rows: [*rows[:-1], "0" + rows[-1]], "not in the sample"),
        (lambda rows: rows[1:], "must be the header"),
    ],
)
def test_results_that_do_not_belong_to_the_sample(anchored: Anchored, tmp_path: Path, change: Any, words: str) -> None:
    drawn = sample(anchored, *ATTRIBUTE)
    rows = ["index,deviation", *(f"{item['index']},no" for item in drawn["items"])]
    is_one_line(evaluated(tmp_path, drawn, change(rows)), 1, words)


@pytest.mark.parametrize(
    "damaged", [[], {}, {"format": "loan-notary/sample@2"}, {"format": "loan-notary/sample@1"}, None]
)
def test_what_is_no_sample(tmp_path: Path, damaged: Any) -> None:
    is_one_line(evaluated(tmp_path, damaged, ["index,deviation"]), 1, "sample")
