// SPDX-License-Identifier: Apache-2.0
/**
 * Ed25519 (RFC 8032 section 5.1), by the rules of notary/schemes/eddsa.py, because libraries differ on odd inputs: S is
 * below the group's order, and the equation is the one without the cofactor, which compares R byte by byte.
 * @module
 */
import { edwards } from '../vendor/noble-curves/abstract/edwards.js';
import { sha512 } from '../vendor/noble-hashes/sha2.js';
import { concat, sameBytes, toNumber } from './encoding.js';
import { refuse } from './errors.js';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const Point = edwards({
  p: P,
  n: L,
  h: 8n,
  a: P - 1n,
  d: D,
  Gx: 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,
  Gy: 0x6666666666666666666666666666666666666666666666666666666666666658n,
});
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL_ORDER_Y = [0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y];

/**
 * Verify 64 bytes R || S. The key is read as it comes; `checkKey` says which keys a party may have.
 * @throws {BrokenError}
 */
export function verify(publicKey, message, signature) {
  const wrong = 'the Ed25519 signature does not verify';
  if (signature.length !== 64 || publicKey.length !== 32) refuse(wrong);
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= L) refuse(wrong);
  const k = littleEndian(sha512(concat(r, publicKey, message))) % L;
  const found = point(publicKey).negate().multiplyUnsafe(k).add(Point.BASE.multiplyUnsafe(s));
  if (!sameBytes(found.toBytes(), r)) refuse(wrong);
}

/**
 * Refuse a party's key that is no canonical encoding of a point, or one of the eight points of small order.
 * @throws {BrokenError}
 */
export function checkKey(publicKey) {
  const y = littleEndian(publicKey) & (2n ** 255n - 1n);
  if (y >= P) refuse('not the canonical encoding of a point');
  if (SMALL_ORDER_Y.includes(y)) refuse('a point of small order');
  point(publicKey);
}

function point(encoded) {
  try {
    return Point.fromBytes(encoded, true);
  } catch {
    return refuse('not a point of Ed25519');
  }
}

function littleEndian(data) {
  return toNumber(data.toReversed());
}
