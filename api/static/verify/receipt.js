// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts and history receipts (FORMATS.md sections 8 and 12): read strictly; nothing in them is verified here.
 * @module
 */
import { concat, parseTime, utf8 } from './encoding.js';
import { readEnvelope } from './envelope.js';
import { refuse } from './errors.js';
import { loanTag, sha256 } from './hashing.js';
import { canonicalJson, parseCanonical } from './json.js';
import { b64Bytes, b64urlBytes, isObject, list, object, oneOf, orNull, parsedBy, text, whole } from './shape.js';

export const RECEIPT = 'loan-notary/receipt@1';
export const HISTORY = 'loan-notary/history@1';
export const MAX_RECEIPT = 512 * 1024;
export const MAX_HISTORY = 32 * 1024 * 1024;
const MAX_RECORDS = 10_000;
const PARTIES = ['lender', 'borrower', 'guarantor', 'assignee', 'participant'];
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

const hash = b64Bytes(32, 32);
const blob = b64Bytes(1, 64 * 1024);
const hex32 = text(66, 66, /^0x[0-9a-f]{64}$/);
const nodes = list(blob, 1, 64);
const time = parsedBy(parseTime);

/** Readers of members that other formats have too. */
export const name = text(1, 256);
export const digest = text(64, 64, /^[0-9a-f]{64}$/);
export const secret = b64urlBytes(32, 32);
export const seal = b64urlBytes(64, 64);
export const hashes = list(hash, 0, 64);
export const environment = oneOf('production', 'test');

const readEvidence = object({ header: blob, account_proof: nodes, storage_proof: nodes });
const readAnchor = object({
  chain_id: whole,
  registry: text(42, 42, /^0x[0-9a-f]{40}$/),
  log_id: hex32,
  size: whole,
  root: hash,
  state: oneOf('mined', 'final'),
  transaction_hash: hex32,
  block_number: whole,
  block_hash: hex32,
  block_time: whole,
  evidence: (value) => (value === 'none' ? null : readEvidence(value)),
});
const readKey = object({
  party: oneOf(...PARTIES),
  jwk: readTexts,
  valid_from: time,
  valid_until: orNull(time),
  revoked_from: orNull(time),
  root: orNull(blob),
});
const readCheck = object({
  kind: text(1, 64),
  status: oneOf('ok', 'failed', 'unknown'),
  detail: text(1, 256),
  signer: orNull(text(1, 256)),
  time: orNull(text(1, 32)),
});
const readWord = object({
  sha256: digest,
  present: oneOf(true, false),
  received_at: orNull(time),
  size_ok: oneOf(true, false),
  sm3: orNull(digest),
  media_type: orNull(text(3, 255, MEDIA_TYPE)),
  checks: list(readCheck, 0, 256),
});
/** What both formats have once, and what opens the entry of a record. */
const sealed = (format) => ({
  format: oneOf(format),
  environment,
  state: oneOf('recorded', 'mined', 'final'),
  lender: name,
  checkpoint: text(0, 64 * 1024),
  log_key: name,
  timestamps: list(blob, 0, 16),
  anchors: list(readAnchor, 0, 16),
  seal,
});
const record = {
  received_at: time,
  envelope: readEnvelope,
  keys: list(readKey, 0, 16),
  documents: list(readDocumentWord, 0, 256),
  nonce: secret,
  index: whole,
  inclusion: hashes,
};
const readReceipt = object({ ...sealed(RECEIPT), ...record, tag: secret });
const readHistory = object({
  ...sealed(HISTORY),
  loan_key: secret,
  records: list(object(record), 1, MAX_RECORDS),
});

/**
 * Read a receipt or a history receipt.
 * @param {Uint8Array} data
 * @returns {object} its members with bytes decoded and envelopes read; `records`, one in a receipt, each with its `tag`;
 *   and `sealedBytes`, what the seal is over
 * @throws {BrokenError}
 */
export function readDocument(data) {
  const value = parseCanonical(data, MAX_HISTORY);
  const format = isObject(value) ? value.format : null;
  if (format !== RECEIPT && format !== HISTORY)
    refuse(`/format: only the formats ${RECEIPT} and ${HISTORY} are known here`);
  if (format === RECEIPT && data.length > MAX_RECEIPT) refuse(`more than ${MAX_RECEIPT} bytes`);
  const members = format === RECEIPT ? readReceipt(value) : readHistory(value);
  const state = stateOf(members.anchors);
  if (members.state !== state) refuse(`/state: is ${members.state}, but the anchors make it ${state}`);
  const records =
    format === RECEIPT
      ? [members]
      : members.records.map((item, number) => ({ ...item, tag: loanTag(members.loan_key, number) }));
  return { ...members, records, sealedBytes: sealedBytes(format, value) };
}

/** Return what the seal of a format is over. @param {object} value the parsed JSON, seal and all */
export function sealedBytes(format, { seal: _, ...rest }) {
  return concat(utf8(`${format} seal\n`), sha256(canonicalJson(rest)));
}

function readDocumentWord(value) {
  const word = readWord(value);
  const told = [word.received_at, word.sm3, word.media_type].map((member) => member !== null);
  const tellsOfNothing = !word.present && (word.size_ok || word.checks.length > 0);
  if (told.some((isTold) => isTold !== word.present) || tellsOfNothing) {
    refuse('what is said of the document does not fit to whether it was there');
  }
  return word;
}

function stateOf(anchors) {
  return ['final', 'mined'].find((state) => anchors.some((anchor) => anchor.state === state)) ?? 'recorded';
}

function readTexts(value) {
  if (!isObject(value) || Object.values(value).some((member) => typeof member !== 'string')) {
    refuse('must be an object of strings');
  }
  return value;
}
