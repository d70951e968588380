// SPDX-License-Identifier: Apache-2.0
/**
 * JSON as the notary reads and writes it: strict in, canonical (RFC 8785, JCS) out.
 *
 * Refused, because parsers differ on it: duplicate keys, numbers that are not integers within ±(2^53 - 1), strings
 * that are not in Unicode's normalisation form C, unpaired surrogates, keys beyond ASCII. `JSON.parse` takes all of these.
 * @module
 */
import { refuse } from './errors.js';

const DEEPEST = 254;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WHITE = /[ \t\n\r]*/y;
// Up to the closing quotation mark, an escape, or a control character, which may not stand in a string.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const HEX4 = /[0-9A-Fa-f]{4}/y;
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/**
 * Read one JSON value. Objects have no prototype, so that no key is special.
 * @param {Uint8Array} data
 * @param {number} limit most bytes that are taken
 * @returns {*} null, boolean, number (a safe integer), string, array or object
 * @throws {BrokenError}
 */
export function parseJson(data, limit) {
  if (data.length > limit) refuse(`more than ${limit} bytes`);
  const reader = new Reader(decodeUtf8(data));
  const value = reader.value(0);
  reader.skip(WHITE);
  if (reader.at < reader.text.length) reader.fail('something follows the value');
  return value;
}

/**
 * Read one JSON value that is written exactly as `canonicalJson` writes it.
 * @param {Uint8Array} data
 * @param {number} limit most bytes that are taken
 * @throws {BrokenError}
 */
export function parseCanonical(data, limit) {
  const value = parseJson(data, limit);
  const written = canonicalJson(value);
  if (written.length !== data.length || written.some((byte, i) => byte !== data[i])) {
    refuse('not in canonical form (RFC 8785)');
  }
  return value;
}

/**
 * Write the JCS form (RFC 8785) of a value that `parseJson` could have read.
 * @returns {Uint8Array}
 */
export function canonicalJson(value) {
  return new TextEncoder().encode(write(value));
}

// JSON.stringify writes strings and safe integers as RFC 8785 section 3.2.2 wants them; ASCII keys sort in byte order.
function write(value) {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${write(value[key])}`);
  return `{${members.join(',')}}`;
}

function decodeUtf8(data) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return refuse('not UTF-8');
  }
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  value(depth) {
    this.skip(WHITE);
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === '{' || first === '[') {
      if (depth >= DEEPEST) refuse('nested too deeply');
      return first === '{' ? this.object(depth + 1) : this.array(depth + 1);
    }
    for (const [word, meaning] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return meaning;
      }
    }
    return this.number();
  }

  object(depth) {
    const result = Object.create(null);
    this.list('}', () => {
      this.skip(WHITE);
      if (this.text[this.at] !== '"') this.fail('a key is wanted');
      const key = this.string();
      if (!/^[\x00-\x7f]*$/.test(key)) this.fail('a key with characters beyond ASCII');
      if (key in result) this.fail(`key ${JSON.stringify(key.slice(0, 40))} stands twice in one object`);
      this.skip(WHITE);
      this.expect(':');
      result[key] = this.value(depth);
    });
    return result;
  }

  array(depth) {
    const result = [];
    this.list(']', () => result.push(this.value(depth)));
    return result;
  }

  list(close, readItem) {
    this.at += 1;
    this.skip(WHITE);
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      readItem();
      this.skip(WHITE);
      if (this.text[this.at] === close) {
        this.at += 1;
        return;
      }
      this.expect(',');
    }
  }

  string() {
    let result = '';
    this.at += 1;
    for (;;) {
      result += this.skip(PLAIN);
      const mark = this.text[this.at];
      if (mark === '"') break;
      if (mark !== '\\') this.fail('a string that does not end, or a control character in it');
      this.at += 1;
      result += this.escape();
    }
    this.at += 1;
    if (!result.isWellFormed()) this.fail('a string with an unpaired surrogate');
    if (result.normalize('NFC') !== result) this.fail('text that is not in Unicode normalisation form C');
    return result;
  }

  escape() {
    const mark = this.text[this.at];
    this.at += 1;
    if (mark === 'u') {
      const digits = this.skip(HEX4);
      if (!digits) this.fail('an escape without its four digits');
      return String.fromCharCode(parseInt(digits, 16));
    }
    if (mark === undefined || !Object.hasOwn(ESCAPES, mark)) this.fail('an escape that JSON does not know');
    return ESCAPES[mark];
  }

  number() {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (!match) this.fail('a value is wanted');
    this.at = NUMBER.lastIndex;
    const [text, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined)
      this.fail(`the number ${text.slice(0, 40)} is not an integer`);
    const value = Number(text);
    if (!Number.isSafeInteger(value) || text.length > 17) this.fail('an integer beyond 2^53 - 1');
    if (text === '-0') this.fail('the number -0');
    return value;
  }

  skip(expression) {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (!match) return '';
    this.at = expression.lastIndex;
    return match[0];
  }

  expect(mark) {
    if (this.text[this.at] !== mark) this.fail(`${mark} is wanted`);
    this.at += 1;
  }

  fail(detail) {
    refuse(`${detail}, at character ${this.at}`);
  }
}
