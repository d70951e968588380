// SPDX-License-Identifier: Apache-2.0
/**
 * PS256: RSASSA-PSS with SHA-256, MGF1 over SHA-256 and a salt of 32 bytes (RFC 7518 section 3.5, RFC 8017 9.1.2).
 *
 * Written here and not left to WebCrypto, which pages have only over https.
 * @module
 */
import { concat, sameBytes, toBytes, toNumber } from './encoding.js';
import { refuse } from './errors.js';
import { HASH_SIZE, sha256 } from './hashing.js';

const [LEAST_BITS, MOST_BITS] = [2048, 8192];
const LEAST_EXPONENT = 65537n;
const SALT = 32;
const TRAILER = 0xbc;

/**
 * Verify as many bytes as the modulus has.
 * @param {Uint8Array[]} key modulus and exponent
 * @throws {BrokenError}
 */
export function verify([modulus, exponent], message, signature) {
  const [n, e] = [toNumber(modulus), toNumber(exponent)];
  const bits = n.toString(2).length;
  checkKey(n, e, bits);
  const wrong = 'the PS256 signature does not verify';
  const s = toNumber(signature);
  if (signature.length !== modulus.length || s >= n) refuse(wrong);
  const encoded = toBytes(power(s, e, n), modulus.length);
  if (!isEncodingOf(encoded, sha256(message), bits - 1)) refuse(wrong);
}

function checkKey(n, e, bits) {
  if (bits < LEAST_BITS || bits > MOST_BITS) refuse(`/n: must have ${LEAST_BITS} to ${MOST_BITS} bits, not ${bits}`);
  if (n % 2n === 0n) refuse('/n: is even, and so no product of two large primes');
  if (e < LEAST_EXPONENT || e % 2n === 0n) refuse(`/e: must be odd and at least ${LEAST_EXPONENT}`);
}

// EMSA-PSS-VERIFY; `padded` may have one byte more than the encoding, which then is zero.
function isEncodingOf(padded, digest, bits) {
  const size = Math.ceil(bits / 8);
  const encoded = padded.subarray(padded.length - size);
  const spare = 8 * size - bits;
  if (padded.length > size && padded[0] !== 0) return false;
  if (encoded[size - 1] !== TRAILER || encoded[0] >> (8 - spare)) return false;
  const split = size - HASH_SIZE - 1;
  const hash = encoded.subarray(split, size - 1);
  const masked = mask(hash, split);
  const block = encoded.subarray(0, split).map((byte, i) => byte ^ masked[i]);
  block[0] &= 0xff >> spare;
  const salt = block.subarray(split - SALT);
  const isPadded = block.subarray(0, split - SALT - 1).every((byte) => byte === 0) && block[split - SALT - 1] === 1;
  return isPadded && sameBytes(hash, sha256(concat(new Uint8Array(8), digest, salt)));
}

// MGF1, RFC 8017 appendix B.2.1.
function mask(seed, size) {
  const blocks = Array.from({ length: Math.ceil(size / HASH_SIZE) }, (_, i) => sha256(concat(seed, toBytes(i, 4))));
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
