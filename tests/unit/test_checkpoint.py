# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the published example, and what is none."""

import pytest

from notary.encoding import b64
from notary.errors import CheckpointError, SignedNoteError
from notary.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from tests.support.builders import ORIGIN, log_signer

# C2SP tlog-checkpoint, the example's text.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = bytes(range(32))
LOG = log_signer()


def test_the_published_example() -> None:
    checkpoint = parse_checkpoint(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert checkpoint.format() == EXAMPLE


def test_a_signed_checkpoint_opens_with_its_key() -> None:
    checkpoint = Checkpoint(ORIGIN, 42, ROOT)
    note = sign_checkpoint(checkpoint, LOG)
    assert note.startswith(f"{ORIGIN}\n42\n{b64(ROOT)}\n\n— {ORIGIN} ")
    assert open_checkpoint(note, LOG.verifier) == checkpoint
    for other in (log_signer(seed="other"), log_signer(ORIGIN + "2")):
        with pytest.raises(SignedNoteError, match="no signature by a known key"):
            open_checkpoint(note, other.verifier)


def test_the_origin_must_be_the_name_of_the_key() -> None:
    note = sign_checkpoint(Checkpoint("other.example/log", 42, ROOT), LOG)
    with pytest.raises(
        CheckpointError, match=r"a checkpoint of 'other.example/log' under the key of 'notary.example/log'"
    ):
        open_checkpoint(note, LOG.verifier)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "three lines", id="nothing"),
        pytest.param(EXAMPLE[:-1], "three lines", id="no line feed at the end"),
        pytest.param(EXAMPLE + "\n", "three lines", id="an empty line more"),
        pytest.param(EXAMPLE + "extension\n", "three lines", id="an extension line"),
        pytest.param("\n" + EXAMPLE.partition("\n")[2], "three lines", id="no origin"),
        *(
            pytest.param(EXAMPLE.replace("20852163", size), "is not a tree size", id=f"size {size!r}")
            for size in (
                "",
                "-1",
                "+1",
                "007",
                "00",
                "1_000",
                " 1",
                "1 ",
                "٤٢",
                "1e3",
                "0x1",
                "1.0",
                "9" * 16,
                "9" * 5000,
            )
        ),
        pytest.param(EXAMPLE.replace("I=", "I"), "not base64", id="no padding"),
        pytest.param(EXAMPLE.replace("I=", "J="), "not base64", id="stray bits"),
        pytest.param(EXAMPLE.replace("CsUY", ""), "of 29 bytes", id="a short root"),
        pytest.param(EXAMPLE.replace("CsUY", "CsUYCsUY"), "of 35 bytes", id="a long root"),
        pytest.param("a\n1\n\n", "of 0 bytes", id="no root"),
    ],
)
def test_what_is_no_checkpoint(text: str, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as refused:
        parse_checkpoint(text)
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("size", [0, 1, 10**15 - 1])
def test_sizes(size: int) -> None:
    checkpoint = Checkpoint("a", size, ROOT)
    assert parse_checkpoint(checkpoint.format()) == checkpoint
