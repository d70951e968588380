// SPDX-License-Identifier: Apache-2.0
/**
 * Base64, hex, numbers and times, read strictly: whatever would be written differently is refused.
 * @module
 */
import { refuse } from './errors.js';

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{3}Z$/;

/** Write standard base64 with padding (RFC 4648 section 4). */
export function b64(data) {
  const text = encode(data, STANDARD);
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

/** Write base64url without padding (RFC 7515 section 2). */
export function b64url(data) {
  return encode(data, URL_SAFE);
}

/** Read what `b64` writes. @throws {BrokenError} */
export function parseB64(text) {
  const bare = text.replace(/={1,2}$/, '');
  const data = decode(bare, STANDARD, 'base64');
  if (b64(data) !== text) refuse('not the only base64 of its bytes');
  return data;
}

/** Read what `b64url` writes. @throws {BrokenError} */
export function parseB64url(text) {
  const data = decode(text, URL_SAFE, 'base64url');
  if (b64url(data) !== text) refuse('not the only base64url of its bytes');
  return data;
}

/** Write bytes as lower-case hex. */
export function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Read an even number of hex digits that were checked before, with or without 0x. */
export function parseHex(text) {
  const digits = text.replace(/^0x/, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Return the UTF-8 bytes of a text. */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** Join byte strings. */
export function concat(...parts) {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Tell whether two byte strings are the same. */
export function sameBytes(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

/** Read a big-endian number. @returns {bigint} */
export function toNumber(data) {
  return data.length ? BigInt(`0x${hex(data)}`) : 0n;
}

/** Write a number as `size` big-endian bytes. @param {bigint|number} value */
export function toBytes(value, size) {
  return parseHex(
    BigInt(value)
      .toString(16)
      .padStart(2 * size, '0'),
  );
}

/** Count the characters (code points) of a text, as the limits of FORMATS.md do. */
export function countCharacters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Check a time like `2026-01-31T08:30:00.125Z` of the years 1 to 9999, and return it. @throws {BrokenError} */
export function parseTime(text) {
  const match = TIME.exec(text);
  if (!match) refuse('not a time like 2026-01-31T08:30:00.125Z');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const isReal =
    year > 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!isReal) refuse('not a time that there is');
  return text;
}

function daysIn(year, month) {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function encode(data, alphabet) {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += alphabet[(held >> (bits - 6)) & 63];
  }
  return bits ? text + alphabet[(held << (6 - bits)) & 63] : text;
}

function decode(text, alphabet, name) {
  const data = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) refuse(`not ${name}`);
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      data[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  return data;
}
