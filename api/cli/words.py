# SPDX-License-Identifier: Apache-2.0
"""What the commands on loans say, in Chinese and English, and which of the two a terminal wants."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

import click

Language = Literal["zh", "en"]
Words = Mapping[str, tuple[str, str]]

LABELS: Words = {
    "loan": ("贷款", "loan"),
    "state": ("状态", "state"),
    "as_of": ("截至", "as of"),
    "holder": ("债权人", "held by"),
    "outstanding": ("未还本金", "outstanding"),
    "interest": ("未还利息", "interest owed"),
    "paid": ("已还", "paid back"),
    "paid_parts": ("本金 {principal}，利息 {interest}", "principal {principal}, interest {interest}"),
    "recovered": ("核销后收回", "recovered"),
    "next_due": ("下期应还", "next due"),
    "next_due_row": ("{due} 第 {no} 期，{open}", "{due}, instalment {no}: {open}"),
    "overdue": ("逾期", "past due"),
    "overdue_days": ("{amount}，{days} 天", "{amount}, {days} days"),
    "limit": ("额度", "limit"),
    "disputes": ("未决异议", "open disputes"),
    "policy": ("政策", "policy"),
    "policy_own": ("公证方默认", "the notary's own"),
    "policy_version": ("第 {version} 版", "version {version}"),
    "disputed": ("有异议", "disputed"),
    "frozen": ("法院冻结", "frozen by a court"),
    "findings": ("发现", "findings"),
    "no_findings": ("没有发现异常", "nothing is odd"),
    "schedule": ("还款计划", "schedule"),
    "derived": ("按合同推算", "follows from the agreement"),
    "recorded": ("已存证", "recorded"),
    "timeline": ("记录", "records"),
    "no": ("期", "no."),
    "due": ("应还日", "due"),
    "principal": ("本金", "principal"),
    "row_interest": ("利息", "interest"),
    "balance": ("剩余本金", "balance"),
    "left": ("待还", "left to pay"),
    "number": ("序号", "#"),
    "type": ("类型", "record"),
    "occurred": ("发生", "occurred"),
    "received": ("收到", "received"),
    "assurance": ("签名", "assurance"),
    "anchor": ("上链", "anchor"),
    "id": ("编号", "id"),
    "code": ("代码", "code"),
    "rests_on": ("依据", "rests on"),
    "earlier": ("前 {count} 行从略", "{count} earlier"),
    "more": ("后 {count} 行从略", "{count} more"),
    "all_shown": ("--json 显示全部", "--json shows all"),
    "documents": ("文件", "documents"),
    "signed_by": ("签名数", "signatures"),
    "thresholds": ("阈值", "thresholds"),
    "refuse": ("拒收", "refused findings"),
    "require_documents": ("须附文件", "documents needed for"),
    "set_at": ("设定于", "set"),
    "set_by": ("设定者密钥", "by API key"),
    "nothing": ("无", "none"),
    "sum": ("共 {count} 项，{loans} 笔贷款", "findings: {count}, loans: {loans}"),
}
STAGES: Words = {
    "draft": ("草稿", "draft"),
    "applied": ("已申请", "applied"),
    "decided": ("已审批", "decided"),
    "agreed": ("已签约", "agreed"),
    "active": ("履约中", "active"),
    "drawn": ("已用款", "drawn"),
    "overdue": ("逾期", "overdue"),
    "restructured": ("已重组", "restructured"),
    "settled": ("已结清", "settled"),
    "written_off": ("已核销", "written off"),
    "recovered": ("已收回", "recovered"),
}
TYPES: Words = {
    "data_consent": ("数据授权", "data consent"),
    "consent_revoked": ("撤回授权", "consent revoked"),
    "application": ("申请", "application"),
    "credit_decision": ("授信决定", "credit decision"),
    "offer": ("要约", "offer"),
    "facility": ("授信额度", "facility"),
    "limit_change": ("额度调整", "limit change"),
    "agreement": ("借款合同", "agreement"),
    "amendment": ("补充协议", "amendment"),
    "guarantee": ("保证", "guarantee"),
    "collateral": ("抵质押", "collateral"),
    "release": ("解除担保", "release"),
    "disbursement": ("放款", "disbursement"),
    "schedule": ("还款计划", "schedule"),
    "rate_set": ("利率确定", "rate set"),
    "repayment": ("还款", "repayment"),
    "reversal": ("冲正", "reversal"),
    "payment_claim": ("付款主张", "payment claim"),
    "dispute": ("异议", "dispute"),
    "dispute_resolution": ("异议处理", "dispute resolution"),
    "reminder": ("提醒", "reminder"),
    "overdue_notice": ("逾期通知", "overdue notice"),
    "classification": ("风险分类", "classification"),
    "restructuring": ("重组", "restructuring"),
    "assignment": ("债权转让", "assignment"),
    "participation": ("参与", "participation"),
    "settlement": ("结清", "settlement"),
    "write_off": ("核销", "write-off"),
    "recovery": ("收回", "recovery"),
    "court_order": ("法院裁定", "court order"),
    "administration": ("管理操作", "administration"),
}
SEVERITIES: Words = {"notice": ("提示", "notice"), "warning": ("警告", "warning"), "serious": ("严重", "serious")}
ASSURANCES: Words = {
    "received": ("未签名", "received"),
    "lender-signed": ("贷款人", "lender-signed"),
    "party-signed": ("当事人", "party-signed"),
    "co-signed": ("各方", "co-signed"),
}
READERS: Words = {
    "lender": ("贷款人", "the lender"),
    "auditor": ("审计方", "an auditor"),
    "operator": ("本站运营者", "the operator"),
    "borrower": ("持查询凭证者", "whoever holds a pass"),
}
READS: Words = {
    "record": ("记录", "a record"),
    "receipt": ("记录的回执", "a record's receipt"),
    "proof": ("记录的证明", "a record's proof"),
    "certificate": ("记录的证书", "a record's certificate"),
    "document": ("文件", "a document"),
    "draft": ("未签完的记录", "a half-signed record"),
    "loan": ("贷款全貌", "the loan"),
    "history": ("全部记录", "all records"),
    "package": ("证据包", "the evidence package"),
    "list": ("记录列表", "its list of records"),
    "findings": ("异常", "findings"),
    "answers": ("提交结果", "answers to a file"),
    "messages": ("通知", "messages of a webhook"),
    "report": ("审计报告", "an audit's report"),
    "audit": ("审计", "an audit"),
}
ANCHORS: Words = {"recorded": ("已登记", "recorded"), "mined": ("已上链", "mined"), "final": ("已确认", "final")}


def say(words: Words, name: str, language: Language, **values: object) -> str:
    """Return a word in a language, with values filled in; a name that has no word is said as it is."""
    chinese, english = words.get(name, (name, name.replace("_", " ")))
    return (chinese if language == "zh" else english).format(**values)


def terminal_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Return Chinese for a terminal whose locale is Chinese (POSIX: LC_ALL, LC_MESSAGES, LANG), else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def language_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--language`; without it, that of the terminal."""
    return click.option(
        "--language", type=click.Choice(["zh", "en"]), default=terminal_language, help="Without it, the terminal's."
    )(function)
