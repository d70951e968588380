# SPDX-License-Identifier: Apache-2.0
"""`make demo`: the main job from end to end, as its only step runs it."""

import re
from pathlib import Path

from tests.support.service import command


def test_the_demo_does_the_main_job(tmp_path: Path) -> None:
    ran = command("demo", "--data", tmp_path / "data", "--port", "0")
    assert ran.code == 0, ran.out + ran.err
    assert "10,000 records in the log, 0 were there before" in ran.out
    assert re.search(
        r"noticed in loan 示消贷字（2026）第\d{6}号: F7 .* CNY [\d,.]+ were used; the limit in force was CNY", ran.out
    )
    assert "\nVALID\n" in ran.out
    assert "with one byte changed: invalid" in ran.out
    receipt = tmp_path / "data" / "sample" / "agreement.receipt.json"
    assert command("verify", receipt, "--json").json["verdict"] == "valid"
