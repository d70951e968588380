# SPDX-License-Identifier: Apache-2.0
"""What the pages say before any script runs, in Chinese and English; answers are in `api/static/check/texts.js`."""

from typing import NamedTuple


class Language(NamedTuple):
    """A language as HTML names it, and as its readers do."""

    tag: str
    name: str


LANGUAGES = {"zh": Language("zh-CN", "中文"), "en": Language("en", "English")}

_ZH = {
    "title": "核验",
    "lead": "放入回执或文件，看它是否已存证、是否被改动。",
    "private": "一切都在本页内计算，不上传任何内容；页面打开后断网也能用。",
    "files": "选择或拖入文件",
    "files_hint": "回执（.json）、合同或其他文件，可一次多个",
    "digest": "或粘贴文件摘要",
    "digest_hint": "SHA-256 或 SM3，64 位十六进制",
    "digest_add": "加入",
    "log_key": "要信任的公证日志公钥",
    "log_key_hint": "默认是本站的公钥。请与您从别处得到的公钥比对；核验其他公证方的回执时改为其公钥。",
    "log_key_more": "高级：日志公钥",
    "results": "结果",
    "empty": "尚未放入任何文件。",
    "print_out": "打印结果",
    "remove_all": "清空",
    "no_script": "本页需要 JavaScript 来在您的设备上计算。也可以用命令行核验：",
    "skip": "跳到正文",
    "language": "语言",
    "footer": "本站是技术存证服务，不是公证处，也不是征信机构。",
}
_EN = {
    "title": "Check",
    "lead": "Add a receipt or a document to see whether it is on record and unchanged.",
    "private": "Everything is computed in this page and nothing is uploaded; once open, it works without a connection.",
    "files": "Choose or drop files",
    "files_hint": "Receipts (.json), agreements or other documents; several at once",
    "digest": "Or paste a document's digest",
    "digest_hint": "SHA-256 or SM3, 64 hexadecimal digits",
    "digest_add": "Add",
    "log_key": "Key of the notary's log to trust",
    "log_key_hint": "This site's key, unless you change it. Compare it with one that you have from elsewhere; "
    "for another notary's receipt, put that notary's key here.",
    "log_key_more": "Advanced: the log's key",
    "results": "Results",
    "empty": "Nothing added yet.",
    "print_out": "Print results",
    "remove_all": "Clear",
    "no_script": "This page needs JavaScript to compute on your own device. The command line checks receipts too:",
    "skip": "Skip to content",
    "language": "Language",
    "footer": "This is a technical record-keeping service. It is no public notary's office and no credit bureau.",
}
TEXTS = {"zh": _ZH, "en": _EN}
"""Texts by language and name; every language has the same names."""
