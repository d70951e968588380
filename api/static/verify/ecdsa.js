// SPDX-License-Identifier: Apache-2.0
/**
 * ECDSA with SHA-256: ES256 over P-256 (RFC 7518 section 3.4) and ES256K over secp256k1 (RFC 8812 section 3.2).
 *
 * A signature is r || s, 32 bytes each; a high s is taken. Ethereum's signatures are over secp256k1 as well.
 * @module
 */
import { ecdsa, weierstrass } from '../vendor/noble-curves/abstract/weierstrass.js';
import { concat, toNumber } from './encoding.js';
import { refuse } from './errors.js';
import { sha256 } from './hashing.js';

const P256 = {
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  h: 1n,
  a: 0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};
const SECP256K1 = {
  p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
  n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  h: 1n,
  a: 0n,
  b: 7n,
  Gx: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  Gy: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};

/** One ECDSA scheme: its curve's points and the library's verifier. */
class Ecdsa {
  constructor(alg, curve) {
    this.alg = alg;
    this.Point = weierstrass(curve);
    this.ecdsa = ecdsa(this.Point, sha256);
  }

  /** Verify r || s over a message by the key with coordinates x and y, 32 bytes each. @throws {BrokenError} */
  verify([x, y], message, signature) {
    this.checkPoint(x, y);
    if (signature.length !== 64) refuse(`an ${this.alg} signature has 64 bytes, not ${signature.length}`);
    const key = concat(Uint8Array.of(4), x, y);
    if (!this.ecdsa.verify(signature, message, key, { lowS: false }))
      refuse(`the ${this.alg} signature does not verify`);
  }

  checkPoint(x, y) {
    try {
      this.Point.fromAffine({ x: toNumber(x), y: toNumber(y) }).assertValidity();
    } catch {
      refuse('x and y are not a point of the curve');
    }
  }
}

export const ES256 = new Ecdsa('ES256', P256);
export const ES256K = new Ecdsa('ES256K', SECP256K1);
