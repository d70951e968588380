// SPDX-License-Identifier: Apache-2.0
/**
 * What the page answers, in one of five words. Pure: bytes and digests in, an answer out.
 *
 *     recorded   it is on record, and in a block that is final
 *     waiting    it is on record; the chain does not hold it for good yet
 *     missing    no receipt given here speaks of it
 *     altered    it is not what was recorded
 *     unknown    it cannot be told here, and that is no sign of tampering
 *
 * An answer has `kind` and `reason`, whose words are in texts.js, and `values` for these words.
 * @module
 */
import { RECEIPT } from '../verify/receipt.js';
import { LOCAL_CHAINS } from '../verify/sealed-links.js';
import { verifyReceipt } from '../verify/verification.js';

export { verifyPackage } from '../verify/package.js';
export { verifyQr } from '../verify/qr-proof.js';

const HISTORY = 'loan-notary/history@1';
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Return the name of a receipt's format, or null for what does not look like a receipt at all.
 * @param {Uint8Array} data
 */
export function formatOf(data) {
  const text = new TextDecoder().decode(data);
  const match = /"format"\s*:\s*"(loan-notary\/[a-z-]+@[0-9]+)"/.exec(text);
  return text.trimStart().startsWith('{') && match ? match[1] : null;
}

/**
 * Say what a receipt is worth.
 * @param {Uint8Array} data
 * @param {string} logKey the verifier key of the log that is trusted
 */
export function answerReceipt(data, logKey) {
  const format = formatOf(data);
  if (format === HISTORY) return { kind: 'unknown', reason: 'history', values: {}, report: null };
  if (format !== RECEIPT) return { kind: 'unknown', reason: 'other-format', values: { format }, report: null };
  const report = verifyReceipt(data, { logKey });
  const receipt = report.document;
  const record = report.records[0]?.members ?? null;
  const answer = (kind, reason, values = {}) => ({
    kind,
    reason,
    values,
    report,
    receipt,
    record,
    ...warningsOf(receipt),
  });
  if (report.verdict === 'invalid') {
    if (isOfAnotherLog(data, report, logKey))
      return answer('unknown', 'other-notary', { log: nameOf(receipt.log_key) });
    return answer('altered', 'receipt', { links: failed(report) });
  }
  if (report.verdict === 'cannot tell') return answer('unknown', 'unproven', { details: unknownDetails(report) });
  if (receipt.state === 'final') return answer('recorded', 'receipt');
  return answer('waiting', receipt.state);
}

/**
 * Say whether a document is one that a record speaks of.
 * @param {{name: ?string, size: ?number, sha256: ?string, sm3: ?string}} given digests in hex; null: not known
 * @param {object[]} receipts answers of `answerReceipt`
 */
export function answerDocument(given, receipts) {
  const trusted = receipts.filter(({ kind }) => kind === 'recorded' || kind === 'waiting');
  const found = trusted.find(({ record }) => documentsOf(record).some((item) => isSame(item, given)));
  if (found) return { kind: found.kind, reason: 'document', values: valuesOf(found), basis: found };
  const named = trusted.find(({ record }) => documentsOf(record).some((item) => item.name === given.name));
  if (named) return { kind: 'altered', reason: 'document', values: valuesOf(named), basis: named };
  if (!receipts.length) return { kind: 'unknown', reason: 'no-receipt', values: {} };
  if (!trusted.length) return { kind: 'unknown', reason: 'no-good-receipt', values: {} };
  return { kind: 'missing', reason: 'document', values: { count: trusted.length } };
}

/** Read a pasted digest: either hash has 64 digits, so it may be either. @returns what `answerDocument` takes, or null */
export function parseDigest(text) {
  const digest = text.replace(/\s/g, '').toLowerCase();
  return DIGEST.test(digest) ? { name: null, size: null, sha256: digest, sm3: digest } : null;
}

// A receipt that fits under the key that it names itself was not tampered with; it is only not by the log that is trusted.
function isOfAnotherLog(data, report, logKey) {
  if (!report.document || report.document.log_key === logKey) return false;
  return verifyReceipt(data).verdict !== 'invalid';
}

function warningsOf(receipt) {
  if (!receipt) return { isTest: false, isLocal: false };
  const isLocal = receipt.anchors.some((anchor) => LOCAL_CHAINS.includes(anchor.chain_id));
  return { isTest: receipt.environment === 'test', isLocal };
}

function documentsOf(record) {
  return record?.documents ?? [];
}

function isSame(item, { size, sha256, sm3 }) {
  // A pasted digest has no size, and it may be either of the two.
  if (size === null) return item.sha256 === sha256 || (item.sm3 !== undefined && item.sm3 === sm3);
  return item.sha256 === sha256 && item.size === size && (item.sm3 === undefined || item.sm3 === sm3);
}

function valuesOf({ record, receipt }) {
  return { lender: receipt.lender, loan: record.loan };
}

function failed(report) {
  return report.checks.filter((check) => check.status === 'failed').map((check) => check.link);
}

function unknownDetails(report) {
  return report.checks.filter((check) => check.status === 'unknown').map((check) => check.detail);
}

function nameOf(logKey) {
  return logKey.split('+')[0];
}
