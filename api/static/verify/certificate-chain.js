// SPDX-License-Identifier: Apache-2.0
/**
 * Keys vouched for by certificates: the chain in a signature's `x5c`, up to the registered root (FORMATS.md section 3).
 *
 * The rules of RFC 5280 section 6.1, but that constraints of names and policies are not computed here: where a
 * certificate has some, whether they are kept stays open, and that is returned as a doubt.
 * @module
 */
import { Certificate, nameText } from './certificate.js';
import { checkSignature, readPublicKey } from './certificate-signature.js';
import { b64url, sameBytes, toBytes } from './encoding.js';
import { BrokenError, UnknownError, refuse } from './errors.js';
import { bitsOf } from './rsa.js';
import { parseJwk } from './keys.js';

const [DIGITAL_SIGNATURE, NON_REPUDIATION, SIGN_CERTIFICATES] = [0, 1, 5];
const PURPOSES = [
  '2.5.29.37.0',
  '1.3.6.1.5.5.7.3.2',
  '1.3.6.1.5.5.7.3.4',
  '1.3.6.1.5.5.7.3.36',
  '1.3.6.1.4.1.311.10.3.12',
  '1.2.840.113583.1.1.5',
];
/** Extensions that may be critical: identifiers, usage, names, constraints, policies and revocation (RFC 5280). */
const KNOWN = new Set([
  ...[14, 15, 17, 18, 19, 30, 31, 32, 33, 35, 36, 37, 46, 54].map((number) => `2.5.29.${number}`),
  '1.3.6.1.5.5.7.48.1.5',
]);
/** Constraints of names, mappings of policies, constraints of policies, inhibitAnyPolicy. */
const NOT_COMPUTED = ['2.5.29.30', '2.5.29.33', '2.5.29.36', '2.5.29.54'];
const [LEAST_BITS, MOST_RSA_BITS, LEAST_RSA_BITS] = [256, 8192, 2048];

/**
 * Check that a root vouches for the key that made a signature.
 * @param {{x5c: Uint8Array[], alg: string, kid: string}} signature of `readEnvelope`
 * @param {Uint8Array} rootDer
 * @param {string} moment as `parseTime` reads it
 * @returns {{subject: string, doubts: string[]}} whom the certificate names, and what could not be told
 * @throws {BrokenError}
 */
export function certifiedKey({ x5c, alg, kid }, rootDer, moment) {
  const doubts = new Set();
  const given = sameBytes(x5c.at(-1), rootDer) ? x5c.slice(0, -1) : x5c;
  if (!given.length) refuse('/x5c/0: is a root; a key that vouches for itself is registered as a key');
  const chain = [...given, rootDer].map((der, place) => at(place, () => readStrong(der, doubts)));
  chain.forEach((item, place) => at(place, () => checkTime(item.certificate, moment)));
  chain.forEach((item, place) => at(place, () => checkIssued(item, chain[place + 1] ?? item, doubts)));
  chain.slice(1).forEach(({ certificate }, place) => at(place + 1, () => checkAuthority(certificate)));
  checkLengths(chain);
  chain.forEach(({ certificate }, place) => at(place, () => checkExtensions(certificate, doubts)));
  const [leaf] = chain;
  at(0, () => checkLeaf(leaf.certificate));
  at(0, () => checkKey(leaf.key, alg, kid));
  const { common, organization } = leaf.certificate.names;
  const subject = [common, organization].filter(Boolean).join(', ');
  return { subject: subject || `certificate ${leaf.certificate.serial.replace(/^0+(?=.)/, '')}`, doubts: [...doubts] };
}

/** Tell whether a certificate is issued and signed by another. @throws {UnknownError} where that cannot be told */
export function isIssuedBy(certificate, issuer) {
  if (certificate.issuer.der !== issuer.subject.der || !certificate.isAlgorithmOne) return false;
  try {
    checkSignature(certificate.algorithm, readPublicKey(issuer.key), certificate.signed, certificate.signature);
    return true;
  } catch (error) {
    if (error instanceof BrokenError) return false;
    throw error;
  }
}

function at(place, check) {
  try {
    return check();
  } catch (error) {
    if (error instanceof BrokenError) error.message = `/x5c/${place}: ${error.message}`;
    throw error;
  }
}

// What cannot be told goes on the list; what is broken is thrown.
function unlessUnknown(doubts, work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UnknownError)) throw error;
    doubts.add(error.message);
    return null;
  }
}

function readStrong(der, doubts) {
  const certificate = new Certificate(der);
  const key = unlessUnknown(doubts, () => readPublicKey(certificate.key));
  const isWeak = key?.kind === 'RSA' ? key.bits < LEAST_RSA_BITS || key.bits > MOST_RSA_BITS : key?.bits < LEAST_BITS;
  if (isWeak) refuse('holds a key that is too weak or too large');
  return { certificate, key };
}

function checkTime({ begin, end, subject }, moment) {
  const time = Date.parse(moment);
  if (time < begin) refuse(`is not yet valid at ${moment}: ${nameText(subject)}`);
  if (time > end) refuse(`had expired at ${moment}: ${nameText(subject)}`);
}

function checkIssued({ certificate }, issuer, doubts) {
  const isIssued = unlessUnknown(doubts, () => isIssuedBy(certificate, issuer.certificate));
  if (isIssued === false) refuse(`is not issued and signed by ${nameText(issuer.certificate.subject)}`);
}

function checkAuthority(certificate) {
  if (!certificate.isAuthority) refuse(`is not an authority's: ${nameText(certificate.subject)}`);
  if (certificate.hasUsage(SIGN_CERTIFICATES) === false) refuse('is not allowed to sign certificates');
}

// RFC 5280 section 6.1.4 (l) and (m), from the root down; certificates that name themselves as issuer do not count.
function checkLengths(chain) {
  let left = chain.length;
  for (const { certificate } of chain.slice(1).reverse()) {
    if (certificate.issuer.der !== certificate.subject.der) {
      if (left <= 0) refuse('/x5c: the path exceeds the maximum path length');
      left -= 1;
    }
    const { pathLength } = certificate.constraints;
    if (pathLength !== null) left = Math.min(left, pathLength);
  }
}

function checkExtensions({ extensions, subject }, doubts) {
  for (const [oid, { isCritical }] of extensions) {
    if (isCritical && !KNOWN.has(oid)) refuse(`has an unsupported critical extension: ${oid}`);
    if (NOT_COMPUTED.includes(oid)) {
      doubts.add(`whether the constraint ${oid} of ${nameText(subject)} is kept is not computed here`);
    }
  }
}

function checkLeaf(leaf) {
  if (leaf.isAuthority) refuse("is an authority's, not a signer's");
  if (!leaf.hasUsage(DIGITAL_SIGNATURE) && !leaf.hasUsage(NON_REPUDIATION))
    refuse('has no keyUsage digitalSignature or nonRepudiation');
  const usage = leaf.extendedUsage;
  if (usage && !usage.purposes.some((purpose) => PURPOSES.includes(purpose)))
    refuse('is not for signing documents, by its extended key usage');
}

// The key of the leaf must be the one that the header names.
function checkKey(key, alg, kid) {
  const jwk = jwkOf(key);
  const found = jwk && parseJwk(jwk);
  if (!found || found.alg !== alg) refuse(`holds no key for ${alg}`);
  if (found.kid !== kid) refuse(`is of key ${found.kid}, and the header names ${kid}`);
}

function jwkOf(key) {
  if (key?.kind === 'Ed25519') return { crv: 'Ed25519', kty: 'OKP', x: b64url(key.parts.x) };
  if (key?.kind === 'RSA') return { e: number(key.parts.e), kty: 'RSA', n: number(key.parts.n) };
  const { name, x, y } = key?.parts ?? {};
  return ['P-256', 'secp256k1'].includes(name) ? { crv: name, kty: 'EC', x: b64url(x), y: b64url(y) } : null;
}

function number(value) {
  return b64url(toBytes(value, Math.ceil(bitsOf(value) / 8)));
}
