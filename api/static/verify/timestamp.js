// SPDX-License-Identifier: Apache-2.0
/**
 * RFC 3161 timestamp tokens over checkpoints (FORMATS.md section 15): CMS (RFC 5652) with one signature, read strictly.
 *
 * A token is verified at its own time: the authority's certificates need to have been valid then.
 * @module
 */
import { sha256 } from '../vendor/noble-hashes/sha2.js';
import { Certificate, nameText, readAlgorithm } from './certificate.js';
import { isIssuedBy } from './certificate-chain.js';
import { checkSignature, readHash, readPublicKey } from './certificate-signature.js';
import {
  BOOLEAN,
  GENERALIZED_TIME,
  INTEGER,
  OCTET_STRING,
  OID,
  SEQUENCE,
  SET,
  context,
  readDer,
  taker,
} from './der.js';
import { concat, hex, sameBytes, utf8 } from './encoding.js';
import { BrokenError, refuse } from './errors.js';
import { earlierForms } from './signed-note.js';

const MAX_TOKEN = 16 * 1024;
const [SIGNED_DATA, TST_INFO] = ['1.2.840.113549.1.7.2', '1.2.840.113549.1.9.16.1.4'];
const [CONTENT_TYPE, MESSAGE_DIGEST] = ['1.2.840.113549.1.9.3', '1.2.840.113549.1.9.4'];
const [SHA256, TIME_STAMPING] = ['2.16.840.1.101.3.4.2.1', '1.3.6.1.5.5.7.3.8'];

/** Thrown for a token by an authority that nobody vouches for: it counts for nothing, and breaks nothing. */
export class UnknownAuthorityError extends Error {
  name = 'UnknownAuthorityError';
}

/**
 * Return when an authority, vouched for by one of the certificates given, saw a checkpoint.
 * @param {Uint8Array} token DER
 * @param {string} note the signed note
 * @param {Uint8Array[]} authorities certificates (DER) of authorities, or of those that issue theirs
 * @returns {{latest: string, by: string}} the time with the authority's inaccuracy added, rounded up to milliseconds
 * @throws {BrokenError|UnknownError|UnknownAuthorityError}
 */
export function verifyToken(token, note, authorities) {
  if (token.length > MAX_TOKEN) refuse(`the token has more than ${MAX_TOKEN} bytes`);
  const signed = readToken(token);
  const info = readInfo(signed.content);
  // A later key of the log may have signed the note too since.
  const isOver = earlierForms(note).some((form) => sameBytes(info.imprint, sha256(utf8(form))));
  if (!info.isSha256 || !isOver)
    refuse('the token is of something else than this checkpoint');
  const signer = signed.certificates.find(({ issuer, serial }) => issuer.der + serial === signed.signer);
  if (!signer) refuse("the token does not carry its one signer's certificate");
  const name = nameText(signer.subject);
  const roots = authorities.map((der) => new Certificate(der));
  const path = pathTo(roots, signer, signed.certificates);
  if (!path) throw new UnknownAuthorityError(`no certificate that was given vouches for ${name}`);
  try {
    checkCertificates(path, signer, info.time / 1000);
    checkContent(signed, readPublicKey(signer.key));
  } catch (error) {
    if (error instanceof BrokenError)
      refuse(`the signature of ${name} is wrong, or its certificate is not for this: ${error.message}`);
    throw error;
  }
  const latest = Math.ceil((info.time + info.accuracy) / 1000);
  return { latest: new Date(latest).toISOString(), by: `the authority ${name}` };
}

function readToken(token) {
  const [type, wrapped] = readDer(token).items(SEQUENCE);
  if (type?.oid() !== SIGNED_DATA || !wrapped) refuse('not a timestamp token');
  const take = taker(wrapped.only(context(0)).items(SEQUENCE));
  const [version, digests, content] = [INTEGER, SET, SEQUENCE].map(take);
  const certificates = take(context(0));
  take(context(1));
  const signers = take(SET)?.items(SET) ?? [];
  if (!version?.whole() || !digests || !content || take.rest().length) refuse('not the parts of a timestamp token');
  const [contentType, held] = content.items(SEQUENCE);
  if (contentType?.oid() !== TST_INFO || !held) refuse('the token is of something else than a time');
  if (signers.length !== 1 || !certificates) refuse("the token does not carry its one signer's certificate");
  const signer = readSigner(signers[0]);
  // RFC 5652 section 5.1: the hashes are listed beforehand.
  if (!digests.items(SET).map(readHash).includes(signer.hash)) refuse('the token does not list the hash of its signer');
  return {
    content: held.only(context(0)).need(OCTET_STRING),
    certificates: certificates.items(context(0)).map(({ raw }) => new Certificate(raw)),
    ...signer,
  };
}

function readSigner(der) {
  const take = taker(der.items(SEQUENCE));
  const [version, name, digest, attributes] = [INTEGER, SEQUENCE, SEQUENCE, context(0)].map(take);
  const [algorithm, signature] = [SEQUENCE, OCTET_STRING].map(take);
  take(context(1));
  if (!version?.whole() || !name || !signature || !attributes || take.rest().length)
    refuse('the token is not signed as timestamps are');
  const [issuer, serial] = name.items(SEQUENCE);
  if (!serial) refuse('the token does not say who signed it');
  return {
    signer: hex(issuer.raw) + hex(serial.need(INTEGER)),
    hash: readHash(digest),
    attributes,
    algorithm: readAlgorithm(algorithm),
    signature: signature.body,
  };
}

function readInfo(content) {
  const take = taker(readDer(content).items(SEQUENCE));
  const [version, policy, imprint, serial, time] = [INTEGER, OID, SEQUENCE, INTEGER, GENERALIZED_TIME].map(take);
  if (version?.whole() !== 1n || !policy || !imprint || !serial || !time) refuse('not what a timestamp says');
  const accuracy = take(SEQUENCE);
  [BOOLEAN, INTEGER, context(0), context(1)].forEach(take);
  if (take.rest().length) refuse('not what a timestamp says');
  const [algorithm, digest] = imprint.items(SEQUENCE);
  if (!digest) refuse('a timestamp of nothing');
  return {
    isSha256: readAlgorithm(algorithm).oid === SHA256,
    imprint: digest.need(OCTET_STRING),
    time: time.time(),
    accuracy: accuracy ? readAccuracy(accuracy) : 0,
  };
}

// In microseconds.
function readAccuracy(der) {
  const take = taker(der.items(SEQUENCE));
  const seconds = take(INTEGER)?.whole() ?? 0n;
  const parts = [0, 1].map((number) => take(context(number, false))?.whole(context(number, false)) ?? 0n);
  if (take.rest().length || seconds > 10n ** 9n || parts.some((part) => part > 999n)) refuse('an accuracy that is none');
  return Number(seconds * 1_000_000n + parts[0] * 1000n + parts[1]);
}

/** Return certificates from the signer's to one that is trusted or issued by such; null if none leads there. */
function pathTo(roots, signer, others) {
  const paths = [[signer]];
  for (const path of paths) {
    const last = path.at(-1);
    const root = roots.find((item) => sameBytes(item.der, last.der)) ?? roots.find((item) => isIssuedBy(last, item));
    if (root) return root === last || sameBytes(root.der, last.der) ? path : [...path, root];
    const next = others.filter((other) => !paths.flat().includes(other) && isIssuedBy(last, other));
    paths.push(...next.map((other) => [...path, other]));
  }
  return null;
}

function checkCertificates(path, signer, time) {
  if (path.some(({ begin, end }) => time < begin || time > end)) refuse('a certificate was not valid then');
  if (path.slice(1).some((certificate) => !certificate.isAuthority)) refuse('a certificate is not by an authority');
  const usage = signer.extendedUsage;
  if (!usage?.isCritical || !usage.purposes.includes(TIME_STAMPING)) refuse('it is not for timestamps alone');
}

// RFC 5652 section 5.4: the signature is over the attributes, which hold the digest of the content.
function checkContent({ content, attributes, hash, algorithm, signature }, key) {
  const found = new Map();
  for (const item of attributes.items(context(0))) {
    const [type, values, ...more] = item.items(SEQUENCE);
    if (!values || more.length) refuse('an attribute that is none');
    if (found.has(type.oid())) refuse('an attribute twice');
    found.set(type.oid(), values.items(SET));
  }
  const only = (oid) => (found.get(oid)?.length === 1 ? found.get(oid)[0] : refuse('an attribute is missing'));
  if (only(CONTENT_TYPE).oid() !== TST_INFO) refuse('it is signed as something else');
  if (!sameBytes(only(MESSAGE_DIGEST).need(OCTET_STRING), hash(content))) refuse('it was signed over another time');
  const { raw } = attributes;
  checkSignature(algorithm, key, concat(Uint8Array.of(SET), raw.subarray(1)), signature, hash);
}
