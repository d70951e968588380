// SPDX-License-Identifier: Apache-2.0
/**
 * A borrower's dispute: the record that is sent, and the words that stay with him.
 * @module
 */
import { sha256 } from '../vendor/noble-hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '../vendor/noble-hashes/utils.js';

/**
 * Commits to words: SHA-256 over 32 random bytes and the words as UTF-8 in normal form C.
 * @returns {{record: object, kept: object}} the record to send, and what proves later that these were the words
 */
export function sealWords(loan, about, ground, words) {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const text = words.normalize('NFC');
  const commitment = bytesToHex(sha256(concatBytes(salt, utf8ToBytes(text))));
  const record = {
    type: 'dispute',
    id: newId(),
    loan,
    occurred_at: new Date().toISOString(),
    about,
    ground,
    text_commitment: commitment,
  };
  const kept = { format: 'loan-notary/words@1', record: record.id, salt: bytesToHex(salt), text, text_commitment: commitment };
  return { record, kept };
}

/** A random id (UUID of version 4); `crypto.randomUUID` is there on https only. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytesToHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
