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
 * An answer has `kind` and `reason`, whose words are in texts.js, and `values` for these words. One of a receipt, history
 * or package has `report`, `document` and `records` too; one of a document its `basis`, the answer that it rests on.
 * @module
 */
import { verifyPackage } from '../verify/package.js';
import { PREFIX, verifyQr } from '../verify/qr-proof.js';
import { HISTORY, RECEIPT } from '../verify/receipt.js';
import { LOCAL_CHAINS } from '../verify/sealed-links.js';
import { verifyReceipt } from '../verify/verification.js';

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
 * Say what a receipt or history receipt is worth.
 * @param {Uint8Array} data
 * @param {{logKey: string, related: NoteVerifier[], authorities: Uint8Array[]}} trust as for `verifyReceipt`
 */
export function answerReceipt(data, trust) {
  const format = formatOf(data);
  if (format !== RECEIPT && format !== HISTORY)
    return { kind: 'unknown', reason: 'other-format', values: { format }, report: null };
  return judged(verifyReceipt(data, trust), trust, () => verifyReceipt(data), format === RECEIPT ? 'receipt' : 'history');
}

/**
 * Say what an evidence package is worth.
 * @param {Blob} file
 * @param {object} trust
 * @param {function(number): void} onProgress called with the part that is done, 0 to 1
 */
export async function answerPackage(file, trust, onProgress) {
  const report = await verifyPackage(file, trust, onProgress);
  const own = needsOwnKey(report, trust) ? await verifyPackage(file) : report;
  return judged(report, trust, () => own, 'package');
}

/**
 * Say what a certificate's QR code is worth.
 * @param {string} text
 * @param {object} trust
 * @param {Uint8Array[]} receipts bytes of receipts given here, one of which may be of the same record
 */
export async function answerCode(text, trust, receipts) {
  let best = await verifyQr(text, trust);
  for (const receipt of receipts) {
    const report = await verifyQr(text, { ...trust, receipt });
    if (report.holds('receipt')) best = report;
  }
  const own = needsOwnKey(best, trust) ? await verifyQr(text) : best;
  const answer = judged(best, trust, () => own, 'code');
  if (answer.reason !== 'code') return answer;
  return best.holds('receipt') ? { ...answer, reason: 'code-with-receipt' } : answer;
}

/**
 * Say whether a document is one that a record speaks of.
 * @param {{name: ?string, size: ?number, sha256: ?string, sm3: ?string}} given digests in hex; null: not known
 * @param {object[]} answers of receipts, histories and packages given here
 */
export function answerDocument(given, answers) {
  const trusted = answers.filter(({ kind, records }) => (kind === 'recorded' || kind === 'waiting') && records?.length);
  const named = trusted.flatMap((basis) =>
    basis.records.flatMap((record) => (record?.documents ?? []).map((item) => ({ basis, record, item }))),
  );
  const found = named.find(({ item }) => isSame(item, given));
  if (found) return { kind: found.basis.kind, reason: 'document', ...basedOn(found) };
  const namesake = named.find(({ item }) => item.name === given.name);
  if (namesake) return { kind: 'altered', reason: 'document', ...basedOn(namesake) };
  const offered = answers.filter(({ records }) => records);
  if (!offered.length) return { kind: 'unknown', reason: given.size === null ? 'digest-alone' : 'no-receipt', values: {} };
  if (!trusted.length) return { kind: 'unknown', reason: 'no-good-receipt', values: {} };
  return { kind: 'missing', reason: 'document', values: { count: trusted.length } };
}

/** Read a pasted digest: either hash has 64 digits, so it may be either. @returns what `answerDocument` takes, or null */
export function parseDigest(text) {
  const digest = text.replace(/\s/g, '').toLowerCase();
  return DIGEST.test(digest) ? { name: null, size: null, sha256: digest, sm3: digest } : null;
}

/** Tell whether a text is that of a certificate's QR code. */
export function isCode(text) {
  return text.trim().startsWith(PREFIX);
}

function judged(report, trust, verifyByOwnKey, reason) {
  const { document } = report;
  const records = report.records.map((record) => record?.members ?? null);
  const answer = (kind, why, values = {}) => ({
    kind,
    reason: why,
    values,
    report,
    document,
    records,
    ...warningsOf(document),
  });
  if (report.verdict === 'invalid') {
    if (needsOwnKey(report, trust) && verifyByOwnKey().verdict !== 'invalid')
      return answer('unknown', 'other-notary', { log: document.log_key.split('+')[0] });
    return answer('altered', reason === 'history' ? 'receipt' : reason, { links: linksWith(report, 'failed') });
  }
  if (report.verdict === 'cannot tell') return answer('unknown', 'unproven', { details: detailsWith(report, 'unknown') });
  if (reason === 'code') return answer('recorded', 'code');
  if (document.state === 'final') return answer('recorded', reason);
  return answer('waiting', document.state);
}

// What fits under the key that it names itself was not tampered with; it is only not by the log that is trusted.
function needsOwnKey({ verdict, document }, { logKey }) {
  return verdict === 'invalid' && document !== null && document.log_key !== logKey;
}

function warningsOf(document) {
  const isLocal = document?.anchors?.some((anchor) => LOCAL_CHAINS.includes(anchor.chain_id)) ?? false;
  return { isTest: document?.environment === 'test', isLocal };
}

function isSame(item, { size, sha256, sm3 }) {
  // A pasted digest has no size, and it may be either of the two.
  if (size === null) return item.sha256 === sha256 || (item.sm3 !== undefined && item.sm3 === sm3);
  return item.sha256 === sha256 && item.size === size && (item.sm3 === undefined || item.sm3 === sm3);
}

function basedOn({ basis, record }) {
  return { basis, record, values: { lender: basis.document.lender, loan: record.loan } };
}

function linksWith(report, status) {
  return report.checks.filter((check) => check.status === status).map((check) => check.link);
}

function detailsWith(report, status) {
  return report.checks.filter((check) => check.status === status).map((check) => check.detail);
}
