// SPDX-License-Identifier: Apache-2.0
/**
 * Signatures by the keys of certificates: RSA, ECDSA and Ed25519 over SHA-256, SHA-384 or SHA-512 (RFC 5758, 8017, 8410).
 *
 * What is weak or no algorithm at all is refused; what is sound but not known here is thrown as an `UnknownError`.
 * @module
 */
import { sha256, sha384, sha512 } from '../vendor/noble-hashes/sha2.js';
import { NULL, SEQUENCE, context, readDer, taker } from './der.js';
import { curve } from './ecdsa.js';
import { verify as verifyEd25519 } from './ed25519.js';
import { concat, toBytes } from './encoding.js';
import { BrokenError, UnknownError, refuse } from './errors.js';
import { bitsOf, verifyPkcs1, verifyPss } from './rsa.js';
import { readAlgorithm } from './certificate.js';

const [RSA, PSS, EC, ED25519] = ['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10', '1.2.840.10045.2.1', '1.3.101.112'];
const MGF1 = '1.2.840.113549.1.1.8';
const HASHES = {
  '2.16.840.1.101.3.4.2.1': sha256,
  '2.16.840.1.101.3.4.2.2': sha384,
  '2.16.840.1.101.3.4.2.3': sha512,
};
const RSA_HASHES = {
  '1.2.840.113549.1.1.11': sha256,
  '1.2.840.113549.1.1.12': sha384,
  '1.2.840.113549.1.1.13': sha512,
};
const ECDSA_HASHES = { '1.2.840.10045.4.3.2': sha256, '1.2.840.10045.4.3.3': sha384, '1.2.840.10045.4.3.4': sha512 };
const CURVES = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.10': 'secp256k1',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};
/** Curves of 256 bits and more that the notary's own verifier knows: Brainpool's, and those over binary fields. */
const OTHER_CURVES = new Set([
  '1.3.36.3.3.2.8.1.1.7',
  '1.3.36.3.3.2.8.1.1.11',
  '1.3.36.3.3.2.8.1.1.13',
  ...[16, 17, 36, 37, 38, 39].map((number) => `1.3.132.0.${number}`),
]);

/** SHA-1, SHA-224, the four of SHA-3, and SM3: hashes that others know. */
const OTHER_HASHES = new Set([
  '1.3.14.3.2.26',
  ...[4, 7, 8, 9, 10].map((number) => `2.16.840.1.101.3.4.2.${number}`),
  '1.2.156.10197.1.401',
]);

/**
 * Return the hash function that an AlgorithmIdentifier names.
 * @param {Der} der
 * @throws {BrokenError|UnknownError}
 */
export function readHash(der) {
  const { oid, parameters } = readAlgorithm(der);
  if (parameters && (parameters.tag !== NULL || parameters.body.length)) refuse('a hash with parameters');
  if (OTHER_HASHES.has(oid)) throw new UnknownError(`the hash ${oid} is not known here`);
  return HASHES[oid] ?? refuse(`the hash ${oid} is unknown`);
}

/**
 * Read the public key of a certificate.
 * @returns {{kind: string, bits: number, parts: object}} kind `RSA`, `EC` or `Ed25519`
 * @throws {BrokenError|UnknownError}
 */
export function readPublicKey({ oid, parameters, bits }) {
  if (oid === RSA) {
    const [n, e, ...more] = readDer(bits).items(SEQUENCE);
    if (!e || more.length) refuse('an RSA key without its two numbers');
    return { kind: 'RSA', bits: bitsOf(n.whole()), parts: { n: n.whole(), e: e.whole() } };
  }
  if (oid === ED25519) {
    if (bits.length !== 32) refuse('an Ed25519 key that has not 32 bytes');
    return { kind: 'Ed25519', bits: 256, parts: { x: bits } };
  }
  if (oid !== EC || !parameters) refuse(`a key of an unknown kind: ${oid}`);
  const name = CURVES[parameters.oid()];
  if (OTHER_CURVES.has(parameters.oid())) throw new UnknownError(`the curve ${parameters.oid()} is not known here`);
  return name ? readPoint(name, bits) : refuse(`a curve that is too small or unknown: ${parameters.oid()}`);
}

/**
 * Check a signature.
 * @param {{oid: string, parameters: ?Der}} algorithm of the signature
 * @param {object} key of `readPublicKey`
 * @param {?function} hash to take where the algorithm itself names none, as CMS allows it
 * @throws {BrokenError|UnknownError}
 */
export function checkSignature(algorithm, key, message, signature, hash = null) {
  if (!verifies(algorithm, key, message, signature, hash)) refuse('the signature does not verify');
}

function verifies({ oid, parameters }, { kind, parts }, message, signature, hash) {
  if (kind === 'Ed25519' && oid === ED25519) return isEd25519(parts.x, message, signature);
  if (kind === 'RSA' && oid === PSS) return isPss(parameters, parts, message, signature);
  const rsaHash = RSA_HASHES[oid] ?? (oid === RSA ? hash : null);
  if (kind === 'RSA' && rsaHash) return verifyPkcs1(parts, rsaHash, message, signature);
  const ecdsaHash = ECDSA_HASHES[oid] ?? (oid === EC ? hash : null);
  if (kind === 'EC' && ecdsaHash) return isEcdsa(parts, ecdsaHash, message, signature);
  return refuse(`a signature of a weak or unknown kind, or of another kind than its key: ${oid}`);
}

function isEd25519(key, message, signature) {
  try {
    verifyEd25519(key, message, signature);
    return true;
  } catch (error) {
    if (error instanceof BrokenError) return false;
    throw error;
  }
}

function isPss(parameters, key, message, signature) {
  if (!parameters) refuse('an RSASSA-PSS signature without its parameters');
  const take = taker(parameters.items(SEQUENCE));
  const [digest, mask, salt] = [0, 1, 2].map((number) => take(context(number))?.only(context(number)));
  // Left out means SHA-1, which is weak.
  if (!digest || !mask) refuse('an RSASSA-PSS signature over SHA-1');
  const hash = readHash(digest);
  const generator = readAlgorithm(mask);
  if (generator.oid !== MGF1 || !generator.parameters || readHash(generator.parameters) !== hash)
    throw new UnknownError('an RSASSA-PSS signature with a mask of another kind');
  if (take.rest().length) throw new UnknownError('an RSASSA-PSS signature with another trailer');
  return verifyPss(key, hash, Number(salt?.whole() ?? 20n), message, signature);
}

function isEcdsa({ name, point }, hash, message, signature) {
  const { size } = curve(name);
  const [r, s, ...more] = readDer(signature).items(SEQUENCE);
  if (!s || more.length) return false;
  const numbers = [r.whole(), s.whole()];
  if (numbers.some((number) => bitsOf(number) > 8 * size)) return false;
  const flat = concat(...numbers.map((number) => toBytes(number, size)));
  return curve(name).verifies(hash, point, message, flat);
}

function readPoint(name, bits) {
  const { size } = curve(name);
  if (bits.length !== 2 * size + 1 || bits[0] !== 4) throw new UnknownError('a point that is not written in full');
  const [x, y] = [bits.subarray(1, size + 1), bits.subarray(size + 1)];
  curve(name).checkPoint(x, y);
  return { kind: 'EC', bits: size * 8, parts: { name, point: bits, x, y } };
}
