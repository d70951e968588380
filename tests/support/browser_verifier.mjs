// SPDX-License-Identifier: Apache-2.0
// The verifier of the pages as a process, for tests: one JSON request a line in, one JSON answer a line out.
//
//     {"do": "receipt", "data": base64, "log_key": text or null,
//      "authorities": [base64], "files": [{"sha256", "size", "sm3"}]}     the report on a receipt or history receipt
//     {"do": "package", "data": base64, "log_key": text or null}    the report on an evidence package
//     {"do": "qr", "text": text, "receipt": base64 or null, "log_key": text or null}   that on a QR code's text
//                         all three with "key_history": base64 too; null for one that is refused
//     {"do": "loan", "records": [record], "as_of": time}            where the loan stands, or what is wrong
//     {"do": "record" | "json" | "canonical", "data": base64}       null, or what is wrong
//     {"do": "consistency", "old": n, "new": n, "hashes": [base64], "old_root": base64, "new_root": base64}   the same
//     {"do": "digest", "data": base64}                              {"sha256", "sm3"} in hex
//     {"do": "answers", "receipts": [base64], "packages": [base64], "log_key": text,
//      "documents": [{"name", "size", "sha256", "sm3"}, a digest, or the text of a QR code]}
//                         what the check page answers: a list of [kind, reason], receipts first, then packages
//     {"do": "warnings", "data": base64, "log_key": text}           of a receipt: [is it a test's, is its chain local]
//     {"do": "recognise", "data": base64}      what the page takes a file for: ["data"], ["isPackage"] or []
//     {"do": "pem", "text": text}                                   the certificates in it: [base64]
//     {"do": "texts"}                                               the page's words: {"zh": {...}, "en": {...}}
//
// A fault of the verifier itself ends the process.
import { createInterface } from 'node:readline';
import {
  answerCode,
  answerDocument,
  answerPackage,
  answerReceipt,
  isCode,
  parseDigest,
} from '../../api/static/check/answers.js';
import { digestFile, readPem, recognise } from '../../api/static/check/files.js';
import { TEXTS } from '../../api/static/check/texts.js';
import { BrokenError } from '../../api/static/verify/errors.js';
import { parseCanonical, parseJson } from '../../api/static/verify/json.js';
import { relatedKeys } from '../../api/static/verify/key-history.js';
import { loanView } from '../../api/static/verify/loan-view.js';
import { verifyConsistency } from '../../api/static/verify/merkle.js';
import { verifyPackage } from '../../api/static/verify/package.js';
import { verifyQr } from '../../api/static/verify/qr-proof.js';
import { readRecord } from '../../api/static/verify/records.js';
import { verifyReceipt } from '../../api/static/verify/verification.js';

const LIMIT = 64 * 1024;
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));

const ACTIONS = {
  receipt: ({ data, authorities = [], files = [], ...asked }) =>
    trusting(asked, (trust) => verifyReceipt(bytes(data), { ...trust, authorities: authorities.map(bytes), files })),
  package: ({ data, ...asked }) => trusting(asked, (trust) => verifyPackage(new Blob([bytes(data)]), trust)),
  qr: ({ text, receipt, ...asked }) =>
    trusting(asked, (trust) => verifyQr(text, { ...trust, receipt: receipt ? bytes(receipt) : null })),
  loan({ records, as_of: asOf }) {
    try {
      return loanView(records, asOf);
    } catch (error) {
      if (error instanceof BrokenError) return error.message;
      throw error;
    }
  },
  record: ({ data }) => fault(() => readRecord(parseCanonical(bytes(data), LIMIT))),
  json: ({ data }) => fault(() => parseJson(bytes(data), LIMIT)),
  canonical: ({ data }) => fault(() => parseCanonical(bytes(data), LIMIT)),
  digest: ({ data }) => digestFile(new Blob([bytes(data)]), () => {}, new AbortController().signal),
  async answers({ receipts, documents, packages = [], log_key: logKey }) {
    const trust = { logKey, authorities: [] };
    const found = receipts.map((data) => answerReceipt(bytes(data), trust));
    for (const data of packages) found.push(await answerPackage(new Blob([bytes(data)]), trust, () => {}));
    const given = documents.map(async (item) => {
      if (typeof item === 'string' && isCode(item)) return answerCode(item, trust, receipts.map(bytes));
      const document = typeof item === 'string' ? parseDigest(item) : item;
      return document && answerDocument(document, found);
    });
    const all = [...found, ...(await Promise.all(given))];
    return all.map((answer) => answer && [answer.kind, answer.reason]);
  },
  warnings: ({ data, log_key: logKey }) => {
    const { isTest, isLocal } = answerReceipt(bytes(data), { logKey, authorities: [] });
    return [isTest, isLocal];
  },
  recognise: async ({ data }) => Object.keys(await recognise(new Blob([bytes(data)]))),
  pem: ({ text }) => readPem(text).map((der) => Buffer.from(der).toString('base64')),
  texts: () => TEXTS,
  consistency: (asked) =>
    fault(() =>
      verifyConsistency(asked.old, asked.new, asked.hashes.map(bytes), bytes(asked.old_root), bytes(asked.new_root)),
    ),
};

function trusting({ log_key: logKey, key_history: history }, verify) {
  let related = [];
  if (history && fault(() => (related = relatedKeys(logKey, bytes(history))))) return null;
  return verify({ logKey, related });
}

function fault(check) {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof BrokenError) return error.message;
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await ACTIONS[asked.do](asked))}\n`);
}
