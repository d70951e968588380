// SPDX-License-Identifier: Apache-2.0
/**
 * The proof in a certificate's QR code (FORMATS.md section 22): that an entry is in the log, and which receipt says more.
 * @module
 */
import { concat, hex, sameBytes } from './encoding.js';
import { BrokenError, NotCheckedError, refuse } from './errors.js';
import { leafHash, recordEntry, sha256 } from './hashing.js';
import { parseCanonical } from './json.js';
import { chooseKey, sourceOf } from './key-history.js';
import { verifyInclusion } from './merkle.js';
import { RECEIPT, environment, hashes, name, readDocument, seal, sealedBytes, secret } from './receipt.js';
import { FAILED, OK, Report } from './report.js';
import { isObject, object, oneOf, text, whole } from './shape.js';
import { openCheckpoint, parseVerifier } from './signed-note.js';

export const PREFIX = 'LOAN-NOTARY:1:';
const FORMAT = 'loan-notary/qr@1';
const MAX_TEXT = 4296;
const MAX_JSON = 16 * 1024;
const SIGNS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const readProof = object({
  format: oneOf(FORMAT),
  environment,
  receipt: secret,
  tag: secret,
  commitment: secret,
  index: whole,
  inclusion: hashes,
  checkpoint: text(0, 4096),
  log_key: name,
  seal,
});

/**
 * Check every link of a QR code's text: format, seal, checkpoint, inclusion, receipt.
 * @param {string} scanned
 * @param {object} trust `logKey`, without which the key in the text is believed; `related`, the keys that a key history
 *   ties to it (key-history.js); `receipt`, the bytes of one that should be of the same record
 * @returns {Promise<Report>} its `document` are the members of the proof
 */
export async function verifyQr(scanned, { logKey = null, related = [], receipt = null } = {}) {
  const trusted = logKey === null ? null : parseVerifier(logKey);
  const report = new Report();
  let proof;
  let key;
  try {
    proof = await parseQr(scanned.trim());
    key = chooseKey(proof.log_key, trusted, related);
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    report.add('format', FAILED, error.message);
    return report;
  }
  report.add('format', OK, "the text of a certificate's QR code");
  report.trust(`the log's key ${key.format()}, ${sourceOf(key, trusted, 'code')}`);
  report.document = proof;
  report.facts = { environment: proof.environment, index: proof.index, receipt: hex(proof.receipt) };
  runLinks(report, proof, key, receipt);
  return report;
}

function runLinks(report, proof, key, receipt) {
  let checkpoint = null;
  report.run('seal', () => {
    if (proof.log_key !== key.format()) refuse('/log_key: is not the key of the log that you trust');
    key.verify(proof.sealedBytes, proof.seal);
    return `sealed by ${key.name}`;
  });
  report.run('checkpoint', () => {
    checkpoint = openCheckpoint(proof.checkpoint, key);
    return `${checkpoint.origin} at size ${checkpoint.size}, signed`;
  });
  report.run('inclusion', () => {
    if (!checkpoint) throw new NotCheckedError('the checkpoint does not hold');
    verifyInclusion(proof.index, checkpoint.size, proof.inclusion, leafHash(proof.entry), checkpoint.root);
    return `entry ${proof.index} of ${checkpoint.size}`;
  });
  report.run('receipt', () => compare(proof, receipt));
}

function compare(proof, data) {
  if (data === null) throw new NotCheckedError('no receipt was given, so what was recorded is not shown');
  const receipt = readDocument(data);
  if (receipt.format !== RECEIPT) refuse(`/format: only receipts of the format ${RECEIPT} are known here`);
  const entry = recordEntry(receipt.tag, receipt.nonce, receipt.envelope.encoded);
  if (!sameBytes(entry, proof.entry) || receipt.index !== proof.index) refuse('the receipt is of another record');
  return sameBytes(sha256(data), proof.receipt)
    ? 'the receipt that the certificate was made from; verify it by itself'
    : 'a receipt of the same record, written at another time; verify it by itself';
}

async function parseQr(scanned) {
  if (!scanned.startsWith(PREFIX) || scanned.length > MAX_TEXT)
    refuse(`does not begin with ${PREFIX}, or has more than ${MAX_TEXT} signs`);
  const data = await inflate(parseBase45(scanned.slice(PREFIX.length)));
  const value = parseCanonical(data, MAX_JSON);
  if (!isObject(value) || value.format !== FORMAT) refuse(`only the format ${FORMAT} is known here`);
  const proof = readProof(value);
  const entry = concat(Uint8Array.of(1), proof.tag, proof.commitment);
  return { ...proof, entry, sealedBytes: sealedBytes(FORMAT, value) };
}

// RFC 9285.
function parseBase45(encoded) {
  const values = Array.from(encoded, (sign) => SIGNS.indexOf(sign));
  if (encoded.length % 3 === 1 || values.includes(-1)) refuse('is misread or damaged: not base45');
  const data = [];
  for (let at = 0; at < values.length; at += 3) {
    const part = values.slice(at, at + 3);
    const number = part.reduce((sum, value, place) => sum + value * 45 ** place, 0);
    if (number >= 1 << (8 * (part.length - 1))) refuse('is misread or damaged: not base45');
    data.push(...(part.length === 3 ? [number >> 8, number & 0xff] : [number]));
  }
  return Uint8Array.from(data);
}

// RFC 1950. No more than `MAX_JSON` is inflated, whatever the stream says.
async function inflate(data) {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => refuse('is misread or damaged, or not whole'));
    if (done) return concat(...parts);
    parts.push(value);
    size += value.length;
    if (size > MAX_JSON) {
      // Its stream may turn out to be damaged further on; it is too long already.
      reader.cancel().catch(() => {});
      refuse('is not whole, or is too long');
    }
  }
}
