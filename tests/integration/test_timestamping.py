# SPDX-License-Identifier: Apache-2.0
"""Stamping a log's checkpoints at real authorities over HTTP, among them some that are away or lie."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from api.settings import DataFolder, Settings, SettingsError, TimestampAuthority
from api.timestamping import HttpAuthority, make_timestamper
from notary.canonical import canonical_json
from notary.errors import InvalidInputError, TimestampError, UnavailableError
from notary.log.anchors import AnchorState
from notary.log.reader import Log
from notary.log.timestamping import StampPolicy, Timestamper
from notary.log.timestamps import Timestamp
from notary.receipts.issuing import ReceiptIssuer
from notary.receipts.receipt import parse_receipt
from notary.receipts.report import Status, Verdict
from notary.receipts.timestamp_tokens import MAX_REPLY, verify_token
from notary.receipts.verification import ReceiptVerifier
from notary.schemes import SCHEMES
from notary.stores.sqlite import SqliteStore
from tests.support.authority import Answers, SampleAuthority, serving
from tests.support.builders import VAULT, NotaryKit, anchor_of, history, kit_over, record
from tests.support.service import free_port

POLICY = StampPolicy(interval=100, retry=10, batch=2)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A log, and authorities that stamp it."""

    def __init__(self, kit: NotaryKit, folder: Path, stack: ExitStack) -> None:
        self.kit, self.clock = kit, Clock()
        self._folder, self._stack = folder, stack
        self._loans = 0

    def authority(self, name: str, answer: Callable[[bytes], bytes] | None = None) -> tuple[Answers, HttpAuthority]:
        """Start an authority: its server, and the client that trusts it."""
        made = SampleAuthority.create(self._folder / name, name)
        answers = self._stack.enter_context(serving(answer or made.reply))
        return answers, HttpAuthority(answers.url, (made.root.certificate,))

    def timestamper(self, *authorities: HttpAuthority) -> Timestamper:
        return Timestamper(Log(self.kit.store), self.kit.store, authorities, POLICY, self.clock)

    def grow(self, anchored: bool) -> int:
        """Add records to the log, anchor its head if so wished, and return its size."""
        self._loans += 1
        self.kit.sequencer.append(history(f"loan {self._loans}", 3, first=1000 * self._loans))
        head = self.kit.log.head()
        if anchored:
            self.kit.store.save_anchor(anchor_of(head))
        return head.size

    def stamped(self, *authorities: HttpAuthority) -> list[list[int]]:
        """Return the sizes that each authority has stamped."""
        newest = self.kit.log.head().size
        all_stamps = [item for size in range(newest + 1) for item in self.kit.store.timestamps(size)]
        return [[item.size for item in all_stamps if item.authority == one.url] for one in authorities]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    kit = kit_over(SqliteStore.create(tmp_path / "notary.db", VAULT))
    with ExitStack() as stack:
        yield Stage(kit, tmp_path, stack)
    kit.store.close()


def test_every_anchored_checkpoint_is_stamped_by_every_authority_once(stage: Stage) -> None:
    (first, one), (second, two) = stage.authority("one"), stage.authority("two")
    timestamper = stage.timestamper(one, two)
    sizes = []
    for _ in range(3):
        sizes.append(stage.grow(anchored=True))
        timestamper.step()
        timestamper.step()
    assert stage.stamped(one, two) == [sizes, sizes]
    assert len(first.queries) == len(second.queries) == 3
    assert set(first.media_types) == {"application/timestamp-query"}


def test_what_is_kept_is_a_token_over_the_checkpoint(stage: Stage) -> None:
    made = SampleAuthority.create(stage.kit.store._path.parent / "made")  # type: ignore[attr-defined]
    _, one = stage.authority("one", made.reply)
    trusting = HttpAuthority(one.url, (made.root.certificate,))
    size = stage.grow(anchored=True)
    stage.timestamper(trusting).step()
    [kept] = stage.kit.store.timestamps(size)
    assert kept.checkpoint == stage.kit.log.head().checkpoint
    moment = verify_token(kept.token, kept.checkpoint, (made.root.certificate,))
    assert (moment.time, kept.size, kept.authority) == (kept.time, size, one.url)


def test_an_authority_that_is_new_to_an_old_log_begins_with_the_present(stage: Stage) -> None:
    sizes = [stage.grow(anchored=True) for _ in range(4)]
    _, one = stage.authority("one")
    timestamper = stage.timestamper(one)
    timestamper.step()
    timestamper.step()
    assert stage.stamped(one) == [sizes[-1:]]


def test_after_an_outage_the_backlog_is_stamped_oldest_first_and_in_parts(stage: Stage) -> None:
    answers, one = stage.authority("one")
    timestamper = stage.timestamper(one)
    sizes = [stage.grow(anchored=True)]
    timestamper.step()
    answers.status = 500
    sizes += [stage.grow(anchored=True) for _ in range(4)]
    timestamper.step()
    assert stage.stamped(one) == [sizes[:1]]
    answers.status = 200
    stage.clock.now += POLICY.retry
    timestamper.step()
    assert stage.stamped(one) == [sizes[:3]]
    timestamper.step()
    assert stage.stamped(one) == [sizes]


def test_only_anchors_in_a_block_count(stage: Stage) -> None:
    _, one = stage.authority("one")
    timestamper = stage.timestamper(one)
    stage.clock.now = -1e9  # so that the newest checkpoint, anchored or not, is not due
    first = stage.grow(anchored=True)
    timestamper.step()
    stage.grow(anchored=False)
    stage.kit.store.save_anchor(anchor_of(stage.kit.log.head(), state=AnchorState.SENT))
    timestamper.step()
    assert stage.stamped(one) == [[first]]


def test_without_anchors_the_newest_checkpoint_is_stamped_at_intervals(stage: Stage) -> None:
    answers, one = stage.authority("one")
    timestamper = stage.timestamper(one)
    sizes = [stage.grow(anchored=False)]
    timestamper.step()
    stage.grow(anchored=False)
    stage.clock.now += POLICY.interval - 1
    timestamper.step()
    assert stage.stamped(one) == [sizes]
    sizes.append(stage.grow(anchored=False))
    stage.clock.now += 1
    timestamper.step()
    assert stage.stamped(one) == [sizes]
    stage.clock.now += POLICY.interval
    timestamper.step()
    assert len(answers.queries) == 2, "the log has not grown, so there is nothing to stamp"


def test_one_authority_that_is_away_does_not_hold_up_another(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    answers, one = stage.authority("one")
    nobody = HttpAuthority(f"http://127.0.0.1:{free_port()}/", ())
    timestamper = stage.timestamper(nobody, one)
    sizes = []
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            sizes.append(stage.grow(anchored=True))
            timestamper.step()
            stage.clock.now += POLICY.retry
    assert stage.stamped(nobody, one) == [[], sizes]
    # Told of once, not at every attempt.
    assert [record.message.startswith(f"no timestamp from {nobody.url}") for record in caplog.records] == [True]
    assert len(answers.queries) == 3


def test_an_authority_that_failed_is_left_alone_for_a_while_and_asked_again(stage: Stage) -> None:
    answers, one = stage.authority("one")
    timestamper = stage.timestamper(one)
    size = stage.grow(anchored=True)
    answers.status = 503
    for _ in range(3):
        timestamper.step()
    assert len(answers.queries) == 1
    answers.status = 200
    stage.clock.now += POLICY.retry - 1
    timestamper.step()
    assert stage.stamped(one) == [[]]
    stage.clock.now += 1
    timestamper.step()
    assert stage.stamped(one) == [[size]]


def lies(stage: Stage) -> dict[str, Callable[[bytes], bytes]]:
    made = SampleAuthority.create(stage.kit.store._path.parent / "liar", "one")  # type: ignore[attr-defined]
    earlier: list[bytes] = []

    def replay(query: bytes) -> bytes:
        earlier.append(made.reply(query))
        return earlier[0]

    return {
        "nothing": lambda query: b"",
        "a web page": lambda query: b"<html>" * 50,
        "without end": lambda query: b"0" * (MAX_REPLY * 4),
        "a refusal": lambda query: bytes.fromhex("30053003020102"),
        "cut short": lambda query: made.reply(query)[:-20],
        "of another name": made.reply,
        "an old reply": replay,
    }


@pytest.mark.parametrize(
    "lie", ["nothing", "a web page", "without end", "a refusal", "cut short", "of another name", "an old reply"]
)
def test_a_reply_that_proves_nothing_is_never_kept(stage: Stage, lie: str) -> None:
    answers, one = stage.authority("one", lies(stage)[lie])
    timestamper = stage.timestamper(one)
    for _ in range(2):
        stage.grow(anchored=True)
        timestamper.step()
        stage.clock.now += POLICY.retry
    assert stage.stamped(one) == [[]]
    assert len(answers.queries) == 2


def test_a_redirection_is_not_followed(stage: Stage) -> None:
    answers, one = stage.authority("one")
    answers.status = 307
    stage.grow(anchored=True)
    with pytest.raises(UnavailableError, match="307"):
        one.stamp(stage.kit.log.head())


def test_what_an_authority_raises(stage: Stage) -> None:
    stage.grow(anchored=False)
    head = stage.kit.log.head()
    with pytest.raises(UnavailableError, match="does not answer"):
        HttpAuthority(f"http://127.0.0.1:{free_port()}/", ()).stamp(head)
    with pytest.raises(UnavailableError, match="does not answer"):
        HttpAuthority("http://[nonsense/", ()).stamp(head)
    _, one = stage.authority("one", lambda query: b"junk")
    with pytest.raises(TimestampError):
        one.stamp(head)


def test_a_receipt_carries_the_stamps_of_its_checkpoint_and_the_verifier_dates_it(stage: Stage) -> None:
    made = SampleAuthority.create(stage.kit.store._path.parent / "made")  # type: ignore[attr-defined]
    answers, _ = stage.authority("one", made.reply)
    timestamper = stage.timestamper(HttpAuthority(answers.url, (made.root.certificate,)))
    issuer = ReceiptIssuer(stage.kit.store, stage.kit.keyring, stage.kit.signer)
    _, placed = stage.kit.submit(canonical_json(record("agreement")))
    stored = partial(issuer.stored, stage.kit.store.record_at(placed.index))
    assert parse_receipt(stored()).timestamps == ()

    # Stamped without an anchor: the receipt keeps to the stamped checkpoint while the log goes on.
    size = stage.kit.log.head().size
    timestamper.step()
    stage.grow(anchored=False)
    receipt = parse_receipt(stored())
    assert [item.token for item in stage.kit.store.timestamps(size)] == list(receipt.timestamps)
    assert f"\n{size}\n" in receipt.checkpoint

    # Anchored, and not stamped yet: the anchor goes before.
    anchored = stage.grow(anchored=True)
    receipt = parse_receipt(stored())
    assert f"\n{anchored}\n" in receipt.checkpoint
    assert (receipt.state, receipt.timestamps) == ("final", ())
    timestamper.step()
    assert len(parse_receipt(stored()).timestamps) == 1

    verify = partial(verify_token, authorities=(made.root.certificate,))
    report = ReceiptVerifier(SCHEMES, lambda _: b"code", stage.kit.signer.verifier, verify_token=verify).verify(
        stored()
    )
    assert report.verdict is Verdict.VALID
    [time] = [check for check in report.checks if check.link == "time"]
    assert time.status is Status.OK
    assert "by the authority CN=Sample Time" in time.detail


def test_a_stamp_of_another_checkpoint_of_the_same_size_is_not_shown(stage: Stage) -> None:
    size = stage.grow(anchored=True)
    stage.kit.store.save_timestamp(Timestamp(size, "http://a/", 1, "another checkpoint", b"token"))
    _, placed = stage.kit.submit(canonical_json(record("agreement")))
    stage.kit.store.save_anchor(anchor_of(stage.kit.log.head()))
    found = stage.kit.log.head().size
    stage.kit.store.save_timestamp(Timestamp(found, "http://a/", 1, "another checkpoint", b"token"))
    receipt = ReceiptIssuer(stage.kit.store, stage.kit.keyring, stage.kit.signer).stored(
        stage.kit.store.record_at(placed.index)
    )
    assert parse_receipt(receipt).timestamps == ()


# --- settings


def settings(*authorities: dict[str, str]) -> Settings:
    return Settings.checked(origin="a", timestamp_authorities=list(authorities))


@pytest.mark.parametrize(
    "authority",
    [{"url": "ftp://a/", "certificate": "x"}, {"url": "http://a/"}, {"url": "http://a b/", "certificate": "x"}],
)
def test_settings_that_name_no_authority_are_refused(authority: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        settings(authority)


def test_certificates_are_text_or_files(tmp_path: Path, stage: Stage) -> None:
    made = SampleAuthority.create(tmp_path / "made")
    (tmp_path / "root.pem").write_bytes(made.root.pem)
    folder, store = DataFolder(tmp_path), stage.kit.store
    for written in ("root.pem", str(tmp_path / "root.pem"), made.root.pem.decode()):
        chosen = settings({"url": "http://a/", "certificate": written})
        assert chosen.timestamp_authorities == (TimestampAuthority(url="http://a/", certificate=written),)
        assert make_timestamper(folder, chosen, store) is not None
    assert make_timestamper(folder, settings(), store) is None
    for missing in ("none.pem", "-----BEGIN nothing", "made"):
        with pytest.raises(InvalidInputError):
            make_timestamper(folder, settings({"url": "http://a/", "certificate": missing}), store)
