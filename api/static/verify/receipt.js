// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts (FORMATS.md section 8): read strictly; nothing in them is verified here.
 * @module
 */
import { concat, parseTime, utf8 } from './encoding.js';
import { readEnvelope } from './envelope.js';
import { refuse } from './errors.js';
import { canonicalJson, parseCanonical } from './json.js';
import { b64Bytes, b64urlBytes, isObject, list, object, oneOf, orNull, parsedBy, text, whole } from './shape.js';

export const FORMAT = 'loan-notary/receipt@1';
export const MAX_RECEIPT = 512 * 1024;
const PARTIES = ['lender', 'borrower', 'guarantor', 'assignee', 'participant'];

const hash = b64Bytes(32, 32);
const secret = b64urlBytes(32, 32);
const hex32 = text(66, 66, /^0x[0-9a-f]{64}$/);
const nodes = list(b64Bytes(1, 64 * 1024), 1, 64);
const name = text(1, 256);

const readEvidence = object({ header: b64Bytes(1, 64 * 1024), account_proof: nodes, storage_proof: nodes });
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
const time = parsedBy(parseTime);
const readKey = object({
  party: oneOf(...PARTIES),
  jwk: readTexts,
  valid_from: time,
  valid_until: orNull(time),
  revoked_from: orNull(time),
  root: orNull(b64Bytes(1, 64 * 1024)),
});
const readCheck = object({
  kind: text(1, 64),
  status: oneOf('ok', 'failed', 'unknown'),
  detail: text(1, 256),
  signer: orNull(text(1, 256)),
  time: orNull(text(1, 32)),
});
const digest = text(64, 64, /^[0-9a-f]{64}$/);
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
const readWord = object({
  sha256: digest,
  present: oneOf(true, false),
  received_at: orNull(time),
  size_ok: oneOf(true, false),
  sm3: orNull(digest),
  media_type: orNull(text(3, 255, MEDIA_TYPE)),
  checks: list(readCheck, 0, 256),
});
const readMembers = object({
  format: oneOf(FORMAT),
  environment: oneOf('production', 'test'),
  state: oneOf('recorded', 'mined', 'final'),
  lender: name,
  received_at: time,
  envelope: (value) => value,
  keys: list(readKey, 0, 16),
  documents: list(readDocument, 0, 256),
  nonce: secret,
  tag: secret,
  index: whole,
  inclusion: list(hash, 0, 64),
  checkpoint: text(0, 64 * 1024),
  log_key: name,
  timestamps: list(b64Bytes(1, 64 * 1024), 0, 16),
  anchors: list(readAnchor, 0, 16),
  seal: b64urlBytes(64, 64),
});

/**
 * Read a receipt.
 * @param {Uint8Array} data
 * @returns {object} its members with bytes decoded and the envelope read, and `sealedBytes`: what the seal is over
 * @throws {BrokenError}
 */
export function readReceipt(data) {
  const value = parseCanonical(data, MAX_RECEIPT);
  if (!isObject(value) || value.format !== FORMAT)
    refuse(`/format: only receipts of the format ${FORMAT} are known here`);
  const members = readMembers(value);
  const envelope = readEnvelope(value.envelope);
  const state = stateOf(members.anchors);
  if (members.state !== state) refuse(`/state: is ${members.state}, but the anchors make it ${state}`);
  const { seal: _, ...sealed } = value;
  const sealedBytes = concat(utf8(`${FORMAT} seal\n`), canonicalJson(sealed));
  return { ...members, envelope, sealedBytes };
}

function readDocument(value) {
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
