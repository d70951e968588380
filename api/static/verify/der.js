// SPDX-License-Identifier: Apache-2.0
/**
 * DER (ITU-T X.690), read strictly: one form for each value, and every byte accounted for.
 *
 *     const [algorithm, key] = readDer(data).items(SEQUENCE);
 * @module
 */
import { hex } from './encoding.js';
import { refuse } from './errors.js';

export const [BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID] = [1, 2, 3, 4, 5, 6];
export const [UTF8_STRING, UTC_TIME, GENERALIZED_TIME, UNIVERSAL_STRING, BMP_STRING] = [12, 23, 24, 28, 30];
export const [SEQUENCE, SET] = [0x30, 0x31];

const UTC = /^([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$/;
const GENERALIZED = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{0,8}[1-9]))?Z$/;
const LONGEST_LENGTH = 4;

/** Return the tag of a context-specific value; constructed if it holds others. */
export function context(number, isConstructed = true) {
  return (isConstructed ? 0xa0 : 0x80) | number;
}

/** One value: its tag, the bytes within, and all of its bytes. */
export class Der {
  constructor(tag, body, raw) {
    this.tag = tag;
    this.body = body;
    this.raw = raw;
  }

  /** Return the values within one of this tag. @throws {BrokenError} */
  items(tag) {
    this.need(tag);
    const found = [];
    for (let at = 0; at < this.body.length; at += found.at(-1).raw.length) found.push(readOne(this.body.subarray(at)));
    return found;
  }

  /** Return the one value within. @throws {BrokenError} */
  only(tag) {
    const [found, ...more] = this.items(tag);
    return found && !more.length ? found : refuse('not the one value that belongs here');
  }

  /** Return the bytes within, if the tag is this one. @throws {BrokenError} */
  need(tag) {
    if (this.tag !== tag) refuse(`not as its DER should be: tag ${this.tag} where ${tag} belongs`);
    return this.body;
  }

  /** Read an OBJECT IDENTIFIER as numbers with dots between. @throws {BrokenError} */
  oid() {
    const body = this.need(OID);
    const numbers = [];
    let value = 0n;
    body.forEach((byte, i) => {
      if (value === 0n && byte === 0x80) refuse('an object identifier with zeros before a number');
      value = (value << 7n) | BigInt(byte & 0x7f);
      if (byte < 0x80) {
        numbers.push(value);
        value = 0n;
      } else if (i === body.length - 1) {
        refuse('an object identifier that ends early');
      }
    });
    if (!numbers.length) refuse('an empty object identifier');
    const [first, ...rest] = numbers;
    const top = first < 80n ? first / 40n : 2n;
    return [top, first - 40n * top, ...rest].join('.');
  }

  /** Read an INTEGER that is not below zero. @returns {bigint} @throws {BrokenError} */
  whole(tag = INTEGER) {
    const body = this.need(tag);
    if (!body.length || body[0] & 0x80) refuse('a number that is empty or below zero');
    if (body.length > 1 && body[0] === 0 && body[1] < 0x80) refuse('a number with zeros before it');
    return BigInt(`0x${hex(body)}`);
  }

  /** Read a BIT STRING of whole bytes. @returns {Uint8Array} @throws {BrokenError} */
  bits() {
    const body = this.need(BIT_STRING);
    if (body[0] !== 0) refuse('a string of bits that are no whole bytes');
    return body.subarray(1);
  }

  /** Read a BOOLEAN. @throws {BrokenError} */
  truth() {
    const body = this.need(BOOLEAN);
    if (body.length !== 1 || (body[0] !== 0 && body[0] !== 0xff)) refuse('neither true nor false');
    return body[0] === 0xff;
  }

  /** Read UTCTime (RFC 5280 section 4.1.2.5) or GeneralizedTime. @returns {number} microseconds since 1970 */
  time() {
    if (this.tag !== UTC_TIME) this.need(GENERALIZED_TIME);
    const match = (this.tag === UTC_TIME ? UTC : GENERALIZED).exec(String.fromCharCode(...this.body));
    if (!match) refuse('not a time in DER');
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
    const full = this.tag === UTC_TIME ? year + (year < 50 ? 2000 : 1900) : year;
    const date = new Date(0);
    date.setUTCFullYear(full, month - 1, day);
    date.setUTCHours(hour, minute, second);
    const written = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes()];
    if ([month, day, hour, minute].some((part, i) => part !== written[i]) || second > 59) refuse('no time that there is');
    return date.getTime() * 1000 + Math.ceil(Number((match[7] ?? '0').padEnd(9, '0')) / 1000);
  }
}

/** Read the one value that the bytes are. @throws {BrokenError} */
export function readDer(data) {
  const found = readOne(data);
  if (found.raw.length !== data.length) refuse('something follows the DER');
  return found;
}

/** Take items in order where some may be left out: `take(tag)` returns the next one if it has the tag, else null. */
export function taker(items) {
  let at = 0;
  const take = (tag) => (items[at]?.tag === tag ? items[at++] : null);
  take.rest = () => items.slice(at);
  return take;
}

function readOne(data) {
  if (data.length < 2 || (data[0] & 0x1f) === 0x1f) refuse('not DER');
  let size = data[1];
  let head = 2;
  if (size & 0x80) {
    const count = size & 0x7f;
    const bytes = data.subarray(2, 2 + count);
    if (!count || count > LONGEST_LENGTH || bytes.length < count || bytes[0] === 0) refuse('not DER: a length');
    size = bytes.reduce((value, byte) => value * 256 + byte, 0);
    if (size < 0x80) refuse('not DER: a length that is longer than it need be');
    head += count;
  }
  if (head + size > data.length) refuse('DER that ends early');
  return new Der(data[0], data.subarray(head, head + size), data.subarray(0, head + size));
}
