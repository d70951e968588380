// SPDX-License-Identifier: Apache-2.0
/**
 * Readers of parsed JSON: each takes a value and returns what it means, or throws a `BrokenError`.
 *
 *     const read = object({ index: whole, hashes: list(b64Bytes(32, 32), 0, 64) });
 * @module
 */
import { countCharacters, parseB64, parseB64url } from './encoding.js';
import { BrokenError, refuse } from './errors.js';

/** A text of so many characters, which matches an expression if one is given. */
export function text(least, most, expression) {
  return (value) => {
    if (typeof value !== 'string') refuse('must be a string');
    const length = countCharacters(value);
    if (length < least || length > most) refuse(`must have ${least} to ${most} characters`);
    if (expression && !expression.test(value)) refuse('does not match its form');
    return value;
  };
}

/** One of some values. */
export function oneOf(...values) {
  return (value) => (values.includes(value) ? value : refuse(`must be one of ${values.join(', ')}`));
}

/** An integer of 0 or more. */
export function whole(value) {
  return typeof value === 'number' && value >= 0 ? value : refuse('must be an integer of 0 or more');
}

/** Bytes in base64 with padding. @returns a reader that gives a Uint8Array */
export function b64Bytes(least, most) {
  return bytesBy(parseB64, least, most);
}

/** Bytes in base64url without padding. @returns a reader that gives a Uint8Array */
export function b64urlBytes(least, most) {
  return bytesBy(parseB64url, least, most);
}

/** A list of so many items that `readItem` takes. */
export function list(readItem, least, most) {
  return (value) => {
    if (!Array.isArray(value)) refuse('must be a list');
    if (value.length < least || value.length > most) refuse(`must have ${least} to ${most} items`);
    return value.map((item, i) => at(i, () => readItem(item)));
  };
}

/** Null, or what another reader takes. */
export function orNull(read) {
  return (value) => (value === null ? null : read(value));
}

/** An object of exactly these members. */
export function object(members) {
  return (value) => {
    if (!isObject(value)) refuse('must be an object');
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(members, name)) refuse(`/${name}: is not a member of this format`);
    }
    const read = ([name, readMember]) => {
      if (!(name in value)) refuse(`/${name}: is required`);
      return [name, at(name, () => readMember(value[name]))];
    };
    return Object.fromEntries(Object.entries(members).map(read));
  };
}

/** Tell whether a parsed JSON value is an object. */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Read any text that a parser takes. */
export function parsedBy(parse) {
  return (value) => (typeof value === 'string' ? parse(value) : refuse('must be a string'));
}

function bytesBy(parse, least, most) {
  return (value) => {
    const data = parsedBy(parse)(value);
    if (data.length < least || data.length > most) refuse(`must be ${least} to ${most} bytes, not ${data.length}`);
    return data;
  };
}

function at(step, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof BrokenError)
      error.message = `/${step}${error.message.startsWith('/') ? '' : ': '}${error.message}`;
    throw error;
  }
}
