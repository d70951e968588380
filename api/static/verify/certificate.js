// SPDX-License-Identifier: Apache-2.0
/**
 * X.509 certificates (RFC 5280 section 4), read from DER. Nothing is verified here.
 * @module
 */
import {
  BIT_STRING,
  BMP_STRING,
  BOOLEAN,
  INTEGER,
  OCTET_STRING,
  OID,
  SEQUENCE,
  SET,
  UNIVERSAL_STRING,
  context,
  readDer,
  taker,
} from './der.js';
import { hex } from './encoding.js';
import { refuse } from './errors.js';

const [V1, V3] = [0n, 2n];
const [COMMON_NAME, ORGANIZATION] = ['2.5.4.3', '2.5.4.10'];
const SHORT_NAMES = {
  [COMMON_NAME]: 'CN',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  [ORGANIZATION]: 'O',
  '2.5.4.11': 'OU',
  '2.5.4.6': 'C',
  '2.5.4.9': 'STREET',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
};
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';

/** One certificate; `issuer` and `subject` have their DER in hex, so that names can be compared, and their parts. */
export class Certificate {
  /** @param {Uint8Array} der @throws {BrokenError} for bytes that are no certificate */
  constructor(der) {
    const [tbs, algorithm, signature, ...more] = readDer(der).items(SEQUENCE);
    if (!signature || more.length) refuse('not the three parts of a certificate');
    const take = taker(tbs.items(SEQUENCE));
    const version = take(context(0))?.only(context(0)).whole() ?? V1;
    const [serial, inner, issuer, validity, subject, key] = [INTEGER, ...Array(5).fill(SEQUENCE)].map(take);
    if (!key || (version !== V1 && version !== V3)) refuse('not a certificate of version 1 or 3');
    const [begin, end] = validity.items(SEQUENCE);
    if (!end) refuse('a certificate without its times');
    this.der = der;
    this.signed = tbs.raw;
    this.serial = hex(serial.body);
    this.issuer = readName(issuer);
    this.subject = readName(subject);
    this.begin = begin.time() / 1000;
    this.end = end.time() / 1000;
    this.key = readKey(key);
    this.algorithm = readAlgorithm(algorithm);
    this.isAlgorithmOne = readAlgorithm(inner).oid === this.algorithm.oid && hex(inner.raw) === hex(algorithm.raw);
    this.signature = signature.bits();
    [context(1, false), context(2, false)].forEach(take);
    const extensions = take(context(3))?.only(context(3));
    if (take.rest().length || (extensions && version !== V3)) refuse('a certificate with parts of another version');
    this.extensions = extensions ? readExtensions(extensions) : new Map();
  }

  /** The subject's common name and organization, null where there is none. */
  get names() {
    const first = (oid) => this.subject.parts.flat().find((part) => part.oid === oid)?.value ?? null;
    return { common: first(COMMON_NAME), organization: first(ORGANIZATION) };
  }

  /** `{isAuthority, pathLength}` by its basicConstraints; null if it has none. */
  get constraints() {
    const extension = this.extensions.get(BASIC_CONSTRAINTS);
    if (!extension) return null;
    const take = taker(readDer(extension.value).items(SEQUENCE));
    const isAuthority = take(BOOLEAN)?.truth() ?? false;
    const pathLength = take(INTEGER)?.whole();
    return { isAuthority, pathLength: pathLength === undefined ? null : Number(pathLength) };
  }

  get isAuthority() {
    return this.constraints?.isAuthority ?? false;
  }

  /** Tell whether keyUsage has a bit (RFC 5280 section 4.2.1.3); null if there is no keyUsage. */
  hasUsage(bit) {
    const extension = this.extensions.get(KEY_USAGE);
    return extension ? ((readDer(extension.value).need(BIT_STRING)[1] ?? 0) & (0x80 >> bit)) !== 0 : null;
  }

  /** `{isCritical, purposes}` of its extendedKeyUsage, purposes as object identifiers; null if it has none. */
  get extendedUsage() {
    const extension = this.extensions.get(EXTENDED_KEY_USAGE);
    if (!extension) return null;
    const purposes = readDer(extension.value).items(SEQUENCE);
    return { isCritical: extension.isCritical, purposes: purposes.map((item) => item.oid()) };
  }
}

/** Read an AlgorithmIdentifier. @returns {{oid: string, parameters: ?Der}} */
export function readAlgorithm(der) {
  const [oid, parameters = null, ...more] = der.items(SEQUENCE);
  if (!oid || more.length) refuse('not the name of an algorithm');
  return { oid: oid.oid(), parameters };
}

/** Write a name as RFC 4514 does, the last part first. */
export function nameText(name) {
  const written = name.parts.map((parts) =>
    parts.map(({ oid, value }) => `${SHORT_NAMES[oid] ?? oid}=${escaped(value)}`).join('+'),
  );
  return written.reverse().join(',');
}

function readName(der) {
  const parts = der.items(SEQUENCE).map((set) =>
    set.items(SET).map((item) => {
      const [oid, value, ...more] = item.items(SEQUENCE);
      if (!value || more.length) refuse('not a name as certificates have it');
      return { oid: oid.oid(), value: readText(value) };
    }),
  );
  return { der: hex(der.raw), parts };
}

function readText({ tag, body }) {
  if (tag === BIT_STRING) return hex(body);
  try {
    if (tag === UNIVERSAL_STRING) return utf32(body);
    return new TextDecoder(tag === BMP_STRING ? 'utf-16be' : 'utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return refuse('a name that cannot be read');
  }
}

function utf32(body) {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return Array.from({ length: body.length / 4 }, (_, i) => String.fromCodePoint(view.getUint32(4 * i))).join('');
}

function escaped(value) {
  return value
    .replace(/[\\"+,;<>]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replace(/^[# ]/, '\\$&')
    .replace(/ $/, '\\ ');
}

function readKey(der) {
  const [algorithm, bits, ...more] = der.items(SEQUENCE);
  if (!bits || more.length) refuse('not a public key as certificates have it');
  return { ...readAlgorithm(algorithm), bits: bits.bits() };
}

function readExtensions(der) {
  const found = new Map();
  for (const item of der.items(SEQUENCE)) {
    const take = taker(item.items(SEQUENCE));
    const oid = take(OID)?.oid();
    const isCritical = take(BOOLEAN)?.truth() ?? false;
    const value = take(OCTET_STRING)?.body;
    if (!oid || !value || take.rest().length) refuse('not an extension as certificates have it');
    if (found.has(oid)) refuse('a certificate with an extension twice');
    found.set(oid, { isCritical, value });
  }
  return found;
}
