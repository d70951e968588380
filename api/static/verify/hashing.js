// SPDX-License-Identifier: Apache-2.0
/**
 * The hashes of the log: RFC 9162 section 2.1.1 over SHA-256, the commitment to an envelope, and Keccak-256.
 * @module
 */
import { hmac } from '../vendor/noble-hashes/hmac.js';
import { sha256 } from '../vendor/noble-hashes/sha2.js';
import { keccak_256 } from '../vendor/noble-hashes/sha3.js';
import { concat, toBytes, utf8 } from './encoding.js';

export { sha256 };
export const keccak = keccak_256;
export const HASH_SIZE = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const RECORD = Uint8Array.of(1);

/** Return SHA256(0x00 || entry). */
export function leafHash(entry) {
  return sha256(concat(LEAF, entry));
}

/** Return SHA256(0x01 || left || right). */
export function nodeHash(left, right) {
  return sha256(concat(NODE, left, right));
}

/** Return the entry of a record: 0x01 || tag || HMAC-SHA256(nonce, envelope). */
export function recordEntry(tag, nonce, envelope) {
  return concat(RECORD, tag, hmac(sha256, nonce, envelope));
}

/** Return the tag of the record with this number in a loan: HMAC-SHA256(loan key, "loan-notary/1 tag" || uint64). */
export function loanTag(loanKey, number) {
  return hmac(sha256, loanKey, concat(utf8('loan-notary/1 tag'), toBytes(number, 8)));
}
