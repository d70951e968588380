# SPDX-License-Identifier: Apache-2.0
"""What a certificate says: the rows on its record, and the sentences around them, in Chinese and English."""

from collections.abc import Iterator
from typing import NamedTuple

from api.cli.words import TYPES, say
from notary.encoding import format_time
from notary.log.anchors import LOCAL_CHAINS
from notary.log.checkpoint import Checkpoint
from notary.receipts.receipt import Receipt
from notary.receipts.report import Report
from notary.records import Record

_MOST_DOCUMENTS = 12

TITLE = ("贷款记录存证证明", "Certificate of a recorded loan record")
TEST_MARK = "测试 TEST"
TEST = "测试环境：本文件不证明任何真实贷款。 TEST: this is evidence of no real loan."
SCAN = (
    "二维码内即为证明本身（日志条目、包含路径、检查点、收据摘要），可用 loan-notary verify-qr 离线核验；"
    "与收据一并核验，才能看到所证明的记录。 The QR code holds the proof itself: entry, inclusion proof, checkpoint, "
    "digest of the receipt. `loan-notary verify-qr` checks it offline; with the receipt it also shows which record it "
    "is of."
)
PROVES = (
    "证明什么：上述摘要的记录自存证后未被改动，并处于该日志的所列位置；所列公钥对其签名。"
    "有外部见证时，证明其不晚于该时刻已在日志中。",
    "It proves that the record of this digest has not changed since it was recorded, that it stands at this place of "
    "the log, and that the keys named have signed it; where somebody outside has seen the log, that it was there not "
    "later than that.",
    "不证明什么：记录内容是否真实、款项是否支付、签名人是谁、存证的确切时刻，以及此后有无其他记录。"
    "接收时间与公钥归属是本服务的陈述，发生时间是贷款人的陈述。",
    "It does not prove that the record is true, that money was paid, who the people behind the keys are, at which "
    "instant it was recorded, or that no other record followed. When it was received and whose the keys are is the "
    "notary's word; when it occurred is the lender's.",
    "本服务不是公证处，本文件不是公证书；本服务也不是征信机构。 This is no public notary's office and no credit "
    "bureau, and this page is no notarial act.",
)
UNSEALED = (
    "本文件自身未加盖电子签名；请核验二维码与收据。 "
    "This file carries no electronic signature of its own; check the QR code and the receipt."
)
SEALED = "本文件由 {name} 以 PAdES 电子签名封缄。 This file is sealed by {name} with a PAdES signature."
UNSHOWN = "字体没有的字以 [U+编号] 表示。 Signs that the fonts do not have are shown by number, [U+...]."


class Row(NamedTuple):
    """A label in both languages and what stands beside it."""

    label: str
    values: tuple[str, ...]


def rows_of(receipt: Receipt, record: Record, checkpoint: Checkpoint, digests: tuple[str, str]) -> Iterator[Row]:
    """Yield what a certificate says of its record; `digests` are the SHA-256 of record and receipt, in hex."""
    payload, whole = digests
    kind = f"{say(TYPES, record.type, 'zh')} {record.type}"
    yield Row("贷款人 Lender", (receipt.lender,))
    yield Row("贷款编号 Loan", (record.loan,))
    yield Row("记录类型 Type", (kind,))
    yield Row("记录编号 Record", (record.id,))
    yield Row("记录摘要 SHA-256 of the record", (payload,))
    yield from _documents(receipt, record)
    signers = tuple(
        f"{item.party}, {signature.alg}, {signature.kid}"
        for item, signature in zip(receipt.keys, receipt.envelope.signatures, strict=True)
    )
    yield Row("签名 Signed by", signers or ("无 none",))
    yield Row("发生（贷款人陈述） Occurred, says the lender", (record.occurred_at,))
    yield Row("接收（本服务陈述） Received, says the notary", (format_time(receipt.received_at),))
    yield Row("日志 Log", (receipt.log_key, f"条目 entry {receipt.index} / {checkpoint.size}"))
    yield Row("检查点根 Root of the checkpoint", (checkpoint.root.hex(),))
    yield Row("收据摘要 SHA-256 of the receipt", (whole,))


def time_rows(receipt: Receipt, report: Report) -> Iterator[Row]:
    """Yield what is known of the time: where the log is anchored, and the interval that follows."""
    for anchor in receipt.anchors:
        test = "（本地测试链 local test chain）" if anchor.chain_id in LOCAL_CHAINS else ""
        moment = "" if anchor.block_time is None else format_time(anchor.block_time * 1000)
        values = (
            f"chain {anchor.chain_id}{test}, registry {anchor.registry}",
            f"log {anchor.log_id}",
            f"block {anchor.block_number}, {moment}, {anchor.state.value}",
            f"{anchor.block_hash}",
        )
        yield Row("上链位置 Anchored in", values)
    if not receipt.anchors:
        yield Row("上链位置 Anchored in", ("尚未上链 not anchored yet",))
    latest = report.facts.get("not_later_than")
    if latest:
        yield Row(
            "所证明的时间区间 Interval of time proved",
            (f"不晚于 {latest}；起点未证明 not later than {latest}; no beginning is proved",),
        )
    else:
        yield Row(
            "所证明的时间区间 Interval of time proved",
            ("尚无外部见证，时间仅为本服务陈述 none yet: when it was recorded, only the notary says",),
        )


def _documents(receipt: Receipt, record: Record) -> Iterator[Row]:
    named = record.documents or ()
    for item in named[:_MOST_DOCUMENTS]:
        held = any(word.sha256 == item.sha256 and word.received_at is not None for word in receipt.documents)
        state = "本服务保存 held by the notary" if held else "未存入 not deposited"
        yield Row("文件 Document", (f"{item.name}, {state}", item.sha256))
    if len(named) > _MOST_DOCUMENTS:
        more = len(named) - _MOST_DOCUMENTS
        yield Row("文件 Documents", (f"另有 {more} 个，见收据 {more} more, in the receipt",))
