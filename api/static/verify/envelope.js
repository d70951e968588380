// SPDX-License-Identifier: Apache-2.0
/**
 * Envelopes: a record's payload and its signatures, in JWS JSON General Serialization (RFC 7515 section 7.2.1), in the
 * one form that FORMATS.md section 3 fixes.
 * @module
 */
import { parseB64url, utf8 } from './encoding.js';
import { refuse } from './errors.js';
import { canonicalJson, parseCanonical } from './json.js';
import { WALLET_ALG } from './keys.js';
import { b64Bytes, isObject, list, object, oneOf, text, whole } from './shape.js';

export const MAX_PAYLOAD = 64 * 1024;
const TYPE = 'loan-notary/record@1';
const BATCH_TYPE = 'loan-notary/batch@1';
const MAX_BATCH_RECORDS = 2 ** 32;
const MAX_STATEMENT = 256;
const LONGEST_PATH = 32;
const MAX_SIGNATURES = 16;
const MAX_CERTIFICATES = 8;
const MAX_HEADER = 1024;
const MAX_HEADER_WITH_CHAIN = 24 * 1024;
const MAX_SIGNATURE = 1024;
const PLAIN = ['alg', 'kid', 'typ'];
const readChain = list(b64Bytes(1, MAX_HEADER_WITH_CHAIN), 1, MAX_CERTIFICATES);
const readDomain = object({
  chain_id: (value) => (value === 0 ? refuse('must be at least 1') : whole(value)),
  registry: text(42, 42, /^0x[0-9a-f]{40}$/),
});

const hash = b64Bytes(32, 32);
const readStatement = object({
  id: text(36, 36, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  records: (value) => (whole(value) >= 1 && value <= MAX_BATCH_RECORDS ? value : refuse('no number of records')),
  root: hash,
  type: oneOf('batch'),
});
const readPlace = object({ index: whole, path: list(hash, 0, LONGEST_PATH), payload: (value) => value });

/**
 * Read an envelope from a parsed JSON value. Signatures are not verified here, and the payload is only decoded.
 * @returns {{encoded: Uint8Array, payload: Uint8Array, signatures: Array}} `encoded` is what is committed to; a
 *   signature has `alg`, `kid`, `x5c`, `domain`, `signature` (bytes) and `signingInput` (RFC 7515 section 5.1), and
 *   `batch`: null, or the record's place among those that were signed at once
 * @throws {BrokenError}
 */
export function readEnvelope(value) {
  if (!hasExactly(value, 'payload', 'signatures'))
    refuse('an envelope has the members payload and signatures, and no others');
  const payload = readBytes(value.payload, MAX_PAYLOAD);
  if (!Array.isArray(value.signatures) || value.signatures.length > MAX_SIGNATURES) {
    refuse(`a list of at most ${MAX_SIGNATURES} signatures is wanted`);
  }
  const signatures = value.signatures.map((item) => readSignature(item, value.payload));
  if (new Set(signatures.map((item) => item.kid)).size !== signatures.length) refuse('one key signed twice');
  return { encoded: canonicalJson(value), payload, signatures };
}

function readSignature(value, payload) {
  const isBatch = isObject(value) && 'batch' in value;
  if (!hasExactly(value, 'protected', 'signature', ...(isBatch ? ['batch'] : []))) {
    refuse('a signature has the members protected and signature, perhaps batch, and no others');
  }
  const { alg, kid, x5c, domain } = readHeader(value.protected, isBatch ? BATCH_TYPE : TYPE);
  if (isBatch && domain) refuse('a wallet signs records one by one');
  return {
    alg,
    kid,
    x5c,
    domain,
    signature: readBytes(value.signature, MAX_SIGNATURE),
    signingInput: utf8(`${value.protected}.${isBatch ? value.batch.payload : payload}`),
    batch: isBatch ? readBatch(value.batch) : null,
  };
}

function readBatch(value) {
  const { index, path, payload } = readPlace(value);
  const { records, root } = readStatement(parseCanonical(readBytes(payload, MAX_STATEMENT), MAX_STATEMENT));
  if (index >= records) refuse(`a batch of ${records} records has no record ${index}`);
  return { index, path, records, root };
}

// `x5c` is a chain of certificates in DER, leaf first, or empty; `domain` what a wallet's signature is bound to.
function readHeader(encoded, typ) {
  const data = readBytes(encoded, MAX_HEADER_WITH_CHAIN);
  const header = parseCanonical(data, MAX_HEADER_WITH_CHAIN);
  if (!isObject(header) || PLAIN.some((name) => typeof header[name] !== 'string')) {
    refuse('a protected header has the strings alg, kid and typ');
  }
  if (header.typ !== typ) refuse(`typ is not ${typ}`);
  const isWallet = header.alg === WALLET_ALG;
  const hasChain = !isWallet && 'x5c' in header;
  const more = isWallet ? ['domain'] : hasChain ? ['x5c'] : [];
  if (!hasExactly(header, ...PLAIN, ...more)) refuse('a protected header with members too many or too few');
  if (!hasChain && data.length > MAX_HEADER)
    refuse(`a protected header without certificates has at most ${MAX_HEADER} bytes`);
  const x5c = hasChain ? readChain(header.x5c) : [];
  return { alg: header.alg, kid: header.kid, x5c, domain: isWallet ? readDomain(header.domain) : null };
}

function readBytes(value, limit) {
  if (typeof value !== 'string' || value.length > Math.floor((limit * 4 + 2) / 3)) {
    refuse(`a base64url string of at most ${limit} bytes is wanted`);
  }
  return parseB64url(value);
}

function hasExactly(value, ...names) {
  return isObject(value) && Object.keys(value).length === names.length && names.every((name) => name in value);
}
