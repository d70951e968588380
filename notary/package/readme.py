# SPDX-License-Identifier: Apache-2.0
"""What a package says of itself to people, in Chinese and English: how to check it, what it proves and what not."""

from notary.log.anchors import LOCAL_CHAINS
from notary.receipts.history_receipt import HistoryReceipt

_TEST_ZH = "**测试环境。** 本证据包由测试环境生成，不用于证明任何真实贷款。\n\n"
_TEST_EN = "**TEST.** This package comes from a notary that is for tests. It is evidence of no real loan.\n\n"

_ZH = """\
# 贷款存证证据包：{loan}

{test}贷款人（登记名称）：{lender}。记录数：{records}。日志公钥：`{log_key}`

## 如何自行复核（不需要本服务，不需要联网）

1. 保存整个 ZIP 文件的原件。解压后 `verifier/loan-notary-verify.pyz` 是核验程序，其源代码就在文件内（ZIP 格式）。
2. 安装 Python 3.11 或更高版本，以及 `cryptography`、`orjson`、`pycryptodome`、`pydantic` 四个开源程序包。
3. 运行 `python loan-notary-verify.pyz --log-key "上述日志公钥" 证据包.zip`。返回码 0 为有效，1 为无效，2 为无法判断。
4. 从另一途径取得日志公钥并与上文比对：公钥若不可信，结论也不可信。若不信任包内的核验程序，可用从别处取得的同版本程序。
5. 将 `checkpoint/anchor-*.json` 中的区块哈希与该链任一节点或区块浏览器比对。时间戳（`*.tst`，RFC 3161）须有时间戳机构的证书，用 `--tsa-certificate` 给出。
6. 没有核验程序时，可按公开标准逐步重算：`proofs/NNNN.entry` 的 SHA-256 叶哈希，经 `proofs/NNNN.tlog-proof` 中的路径得到 `checkpoint/checkpoint.txt` 中的根哈希；检查点由日志私钥（Ed25519）签名；根哈希写入以太坊合约，由区块头和默克尔-帕特里夏证明给出。

## 证明什么

- 每条记录自存证后未被改动，由所列公钥签名，并处于该日志所列位置；第一条与最后一条之间没有缺号。
- 有外部见证（区块或时间戳）时，记录不晚于该时刻已在日志中。证明的是一个时间区间，而不是某一确切时刻。

## 不证明什么

- 不证明记录内容真实，不证明款项已经支付，也不证明签名人的真实身份；公钥属于谁，是贷款人登记时的陈述。
- 不证明此后没有新的记录。`received_at` 是本服务自己的陈述，`occurred_at` 是贷款人的陈述。
- 本服务不是公证处，不出具公证书；不是征信机构；不办理登记。本包采用 ASiC-E 的文件结构，但不是合格的 ASiC-E 容器，也不含合格电子签名。

## 平台中立性说明

本服务由其运营者运行，日志公钥由运营者保管。运营者与贷款人是否有利害关系，本文件无从证明，应另行查明。核验不依赖对运营者的信任之处：记录的改动、删除与改序可由日志的一致性证明和链上根哈希发现。仍依赖运营者陈述之处：接收时间、公钥的归属、文件何时存入。

## 与司法解释的对照（供参考，是否采信由法院决定）

| 条文 | 本包中可供审查的材料 |
|---|---|
| 《最高人民法院关于互联网法院审理案件若干问题的规定》（2018）第十一条 | 电子签名、哈希值校验、时间戳、区块链的逐项核验结果 |
| 《人民法院在线诉讼规则》（2021）第十六条：上链后未经篡改 | `history.json`、`proofs/`、`checkpoint/`，按上述步骤技术核验 |
| 第十七条：平台资质、利害关系、系统与技术标准 | 上文中立性说明与下文标准清单；资质与系统安全不在本包证明范围内 |
| 第十八条：上链前的真实性 | 签名、`documents/` 原件及其签名和时间戳；来源与生成过程须另行举证 |
| 第十九条：专门知识的人、鉴定 | 本包可由第三方独立、离线、重复核验 |
{chains}
## 所用标准

RFC 8785（JSON 规范化）、RFC 7515（JWS）、RFC 9162 第 2.1 节（默克尔树）、C2SP signed-note、tlog-checkpoint、tlog-tiles、tlog-proof，RFC 9942（COSE 收据）、RFC 3161（时间戳）、RFC 5652（CMS）、FIPS 180-4（SHA-256）、GB/T 32905（SM3）、以太坊 EIP-1186（状态证明）；文件结构参照 ETSI EN 319 162-1。
"""  # noqa: E501

_EN = """\
# Evidence of the loan {loan}

{test}Lender, as registered: {lender}. Records: {records}. Key of the log: `{log_key}`

## How to check it again, without us and without a network

1. Keep the ZIP file as it is. In it, `verifier/loan-notary-verify.pyz` is the verifier; it is a ZIP file that holds its own source.
2. Install Python 3.11 or newer, and the packages `cryptography`, `orjson`, `pycryptodome` and `pydantic`.
3. Run `python loan-notary-verify.pyz --log-key "KEY" PACKAGE.zip`. It ends with 0 (valid), 1 (invalid) or 2 (cannot tell).
4. Get the log's key from somewhere else too, and compare: with a wrong key the answer is worth nothing. Whoever does not trust the verifier in here takes one of the same version from elsewhere.
5. Compare the block hash in `checkpoint/anchor-*.json` with any node or explorer of that chain. Timestamps (`*.tst`, RFC 3161) count with the authority's certificate, `--tsa-certificate`.
6. Without the verifier: hash `proofs/NNNN.entry` as a leaf, follow `proofs/NNNN.tlog-proof` to the root in `checkpoint/checkpoint.txt`, check the Ed25519 signature on it, and follow the Merkle-Patricia proof in `checkpoint/anchor-*.json` from the block's header to the root in the contract.

## What it proves

- No record has changed since it was recorded; the keys named have signed; each stands where it says in the log; no number between the first and the last is missing.
- Where somebody outside has seen the log (a block, a timestamp), the records were in it not later than that. This is an interval of time and never one instant.

## What it does not prove

- That a record is true, that money was paid, or who the people behind the keys are: whose a key is, the lender has said.
- That there were no records afterwards. `received_at` is the notary's own word, `occurred_at` the lender's.
- This service is no public notary's office and issues no notarial act; it is no credit bureau and no register. The package has the shape of an ASiC-E container; it is not claimed to be a qualified one, and holds no qualified signature of the notary.

## Neutrality of the platform

The operator runs the service and holds the log's key. Whether he has an interest in the loan, no file can show; find it out. What needs no trust in him: a record that was changed, removed or moved shows in the log's consistency proofs and in the roots on the chain. What rests on his word: when a record was received, whose keys are whose, when a document was deposited.

## Where a Chinese court may look (for orientation; what is accepted, the court decides)

| rule | what there is here to examine |
|---|---|
| Supreme People's Court, Provisions on Internet Courts (2018), art. 11 | signatures, digests, timestamps and chain evidence, checked one by one |
| Online Litigation Rules of the People's Courts (2021), art. 16: unchanged once recorded | `history.json`, `proofs/`, `checkpoint/`, by the steps above |
| art. 17: the platform's standing, interests, systems and technique | the statement above and the standards below; licences and the security of its systems are not proved by this package |
| art. 18: genuine before it was recorded | the signatures; `documents/` with signatures and timestamps of their own; where they come from is to be shown otherwise |
| art. 19: experts and appraisal | anybody can check this package, offline and again |
{chains}
## Standards

RFC 8785 (canonical JSON), RFC 7515 (JWS), RFC 9162 section 2.1 (Merkle tree), C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof, RFC 9942 (COSE receipts), RFC 3161 (timestamps), RFC 5652 (CMS), FIPS 180-4 (SHA-256), GB/T 32905 (SM3), EIP-1186 (Ethereum state proofs); the shape of the file after ETSI EN 319 162-1.
"""  # noqa: E501

_LOCAL_ZH = "\n所锚定的链是本地测试链（{chains}），其区块与时间由运行者自行设定，不能作为外部见证。\n"
_LOCAL_EN = (
    "\nThe chain {chains} is a local test chain: whoever runs it sets its blocks and its clock. It is no witness.\n"
)


def readme_files(history: HistoryReceipt, number: str) -> dict[str, bytes]:
    """Return both texts by the names that they have in a package; `number` is the loan's."""
    chains = ", ".join(str(anchor.chain_id) for anchor in history.anchors if anchor.chain_id in LOCAL_CHAINS)
    members = {
        "loan": _plain(number),
        "lender": _plain(history.lender),
        "records": len(history.records),
        "log_key": history.log_key,
    }
    is_test = history.environment == "test"
    texts = {"README.zh.md": (_ZH, _TEST_ZH, _LOCAL_ZH), "README.en.md": (_EN, _TEST_EN, _LOCAL_EN)}
    return {
        name: text.format(
            test=test if is_test else "", chains=local.format(chains=chains) if chains else "", **members
        ).encode()
        for name, (text, test, local) in texts.items()
    }


def _plain(text: str) -> str:
    """Return somebody's free text as one line in which no character means anything to Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|!" else sign for sign in " ".join(text.split()))
