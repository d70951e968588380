// SPDX-License-Identifier: Apache-2.0
/**
 * RSA signatures (RFC 8017): PSS, of which PS256 (RFC 7518 section 3.5) is one kind, and PKCS #1 v1.5 of certificates.
 *
 * Written here and not left to WebCrypto, which pages have only over https.
 * @module
 */
import { sha256, sha384, sha512 } from '../vendor/noble-hashes/sha2.js';
import { concat, parseHex, sameBytes, toBytes, toNumber } from './encoding.js';
import { refuse } from './errors.js';

const [LEAST_BITS, MOST_BITS] = [2048, 8192];
const LEAST_EXPONENT = 65537n;
const TRAILER = 0xbc;
/** What stands before a digest in PKCS #1 v1.5: RFC 8017 section 9.2, note 1. */
const DIGEST_INFO = new Map([
  [sha256, parseHex('3031300d060960864801650304020105000420')],
  [sha384, parseHex('3041300d060960864801650304020205000430')],
  [sha512, parseHex('3051300d060960864801650304020305000440')],
]);

/**
 * Verify PS256: PSS with SHA-256, MGF1 over SHA-256 and a salt of 32 bytes; as many bytes as the modulus has.
 * @param {Uint8Array[]} key modulus and exponent
 * @throws {BrokenError}
 */
export function verifyPs256([modulus, exponent], message, signature) {
  const key = { n: toNumber(modulus), e: toNumber(exponent) };
  const bits = bitsOf(key.n);
  if (bits < LEAST_BITS || bits > MOST_BITS) refuse(`/n: must have ${LEAST_BITS} to ${MOST_BITS} bits, not ${bits}`);
  if (key.n % 2n === 0n) refuse('/n: is even, and so no product of two large primes');
  if (key.e < LEAST_EXPONENT || key.e % 2n === 0n) refuse(`/e: must be odd and at least ${LEAST_EXPONENT}`);
  if (!verifyPss(key, sha256, 32, message, signature)) refuse('the PS256 signature does not verify');
}

/**
 * Tell whether a signature is RSASSA-PSS with MGF1 over the same hash.
 * @param {{n: bigint, e: bigint}} key
 * @param {function} hash of @noble/hashes
 * @param {number} saltSize in bytes
 */
export function verifyPss({ n, e }, hash, saltSize, message, signature) {
  const bits = bitsOf(n) - 1;
  const padded = opened(n, e, signature);
  return padded !== null && isPssEncoding(padded, hash, saltSize, message, bits);
}

/** Tell whether a signature is RSASSA-PKCS1-v1_5; parameters as for `verifyPss`. */
export function verifyPkcs1({ n, e }, hash, message, signature) {
  const found = opened(n, e, signature);
  if (found === null) return false;
  const digest = concat(DIGEST_INFO.get(hash), hash(message));
  const padding = new Uint8Array(Math.max(8, found.length - digest.length - 3)).fill(0xff);
  return sameBytes(found, concat(Uint8Array.of(0, 1), padding, Uint8Array.of(0), digest));
}

/** Return how many bits a number has. */
export function bitsOf(number) {
  return number.toString(2).length;
}

// RSAVP1; null for what cannot be a signature by this key.
function opened(n, e, signature) {
  const s = toNumber(signature);
  const size = Math.ceil(bitsOf(n) / 8);
  return signature.length === size && s < n ? toBytes(power(s, e, n), size) : null;
}

// EMSA-PSS-VERIFY; `padded` may have one byte more than the encoding, which then is zero.
function isPssEncoding(padded, hash, saltSize, message, bits) {
  const size = Math.ceil(bits / 8);
  const encoded = padded.subarray(padded.length - size);
  const spare = 8 * size - bits;
  if (padded.length > size && padded[0] !== 0) return false;
  if (encoded[size - 1] !== TRAILER || encoded[0] >> (8 - spare)) return false;
  const split = size - hash.outputLen - 1;
  const start = split - saltSize;
  if (start < 1) return false;
  const found = encoded.subarray(split, size - 1);
  const masked = mask(hash, found, split);
  const block = encoded.subarray(0, split).map((byte, i) => byte ^ masked[i]);
  block[0] &= 0xff >> spare;
  const isPadded = block.subarray(0, start - 1).every((byte) => byte === 0) && block[start - 1] === 1;
  return isPadded && sameBytes(found, hash(concat(new Uint8Array(8), hash(message), block.subarray(start))));
}

// MGF1, RFC 8017 appendix B.2.1.
function mask(hash, seed, size) {
  const count = Math.ceil(size / hash.outputLen);
  const blocks = Array.from({ length: count }, (_, i) => hash(concat(seed, toBytes(i, 4))));
  return concat(...blocks).subarray(0, size);
}

function power(base, exponent, modulus) {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
