// SPDX-License-Identifier: Apache-2.0
/**
 * ECDSA: ES256 over P-256 (RFC 7518 section 3.4), ES256K over secp256k1 (RFC 8812 section 3.2), and the curves and
 * hashes that certificates are signed with (FIPS 186-5).
 *
 * A signature of ours is r || s, 32 bytes each; a high s is taken. Ethereum's signatures are over secp256k1 as well.
 * @module
 */
import { ecdsa, weierstrass } from '../vendor/noble-curves/abstract/weierstrass.js';
import { concat, toNumber } from './encoding.js';
import { refuse } from './errors.js';
import { sha256 } from './hashing.js';

const prime384 = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
const prime521 = 2n ** 521n - 1n;
const PARAMETERS = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    h: 1n,
    a: 0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
  secp256k1: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    h: 1n,
    a: 0n,
    b: 7n,
    Gx: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
    Gy: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  },
  'P-384': {
    p: prime384,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    h: 1n,
    a: prime384 - 3n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    Gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    Gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
  'P-521': {
    p: prime521,
    n: BigInt(`0x01${'ff'.repeat(32)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
    h: 1n,
    a: prime521 - 3n,
    b: BigInt(
      '0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109' +
        'e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00',
    ),
    Gx: BigInt(
      '0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d' +
        'baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66',
    ),
    Gy: BigInt(
      '0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e66' +
        '2c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650',
    ),
  },
};

/** A curve in short Weierstrass form: its points, and ECDSA over them with any hash. */
class Curve {
  #schemes = new Map();

  constructor(parameters) {
    this.Point = weierstrass(parameters);
    this.size = Math.ceil(parameters.p.toString(2).length / 8);
  }

  /** Return the library's ECDSA over this curve with a hash of @noble/hashes. */
  scheme(hash) {
    if (!this.#schemes.has(hash)) this.#schemes.set(hash, ecdsa(this.Point, hash));
    return this.#schemes.get(hash);
  }

  /** Tell whether r || s is over a message, by the key 4 || x || y; a high s is taken. */
  verifies(hash, key, message, signature) {
    return this.scheme(hash).verify(signature, message, key, { lowS: false });
  }

  /** Refuse coordinates that are no point of the curve. @throws {BrokenError} */
  checkPoint(x, y) {
    try {
      this.Point.fromAffine({ x: toNumber(x), y: toNumber(y) }).assertValidity();
    } catch {
      refuse('x and y are not a point of the curve');
    }
  }
}

const made = new Map();

/** Return a curve by its name; it is made when it is first asked for. */
export function curve(name) {
  if (!made.has(name)) made.set(name, new Curve(PARAMETERS[name]));
  return made.get(name);
}

/** One ECDSA scheme of JWS, with SHA-256. */
class Ecdsa {
  constructor(alg, name) {
    this.alg = alg;
    this.curve = curve(name);
  }

  /** Verify r || s over a message by the key with coordinates x and y, 32 bytes each. @throws {BrokenError} */
  verify([x, y], message, signature) {
    this.curve.checkPoint(x, y);
    if (signature.length !== 64) refuse(`an ${this.alg} signature has 64 bytes, not ${signature.length}`);
    if (!this.curve.verifies(sha256, concat(Uint8Array.of(4), x, y), message, signature))
      refuse(`the ${this.alg} signature does not verify`);
  }
}

export const ES256 = new Ecdsa('ES256', 'P-256');
export const ES256K = new Ecdsa('ES256K', 'secp256k1');
