// SPDX-License-Identifier: Apache-2.0
/**
 * RLP (Ethereum yellow paper, appendix B), canonical or refused.
 * @module
 */
import { concat, toBytes, toNumber } from './encoding.js';
import { refuse } from './errors.js';

/**
 * Decode a list of at most `limit` bytes.
 * @returns {Array} items, each bytes or again a list
 * @throws {BrokenError} when it is anything else, or not canonical
 */
export function decodeList(data, limit) {
  if (data.length > limit) refuse(`${data.length} bytes of RLP, at most ${limit} are taken`);
  const { item, end } = decodeItem(data, 0);
  if (!Array.isArray(item) || end !== data.length) refuse('not a list in canonical RLP');
  return item;
}

/** Encode a string of bytes. */
export function encodeBytes(data) {
  if (data.length === 1 && data[0] < 0x80) return data;
  if (data.length < 56) return concat(Uint8Array.of(0x80 + data.length), data);
  const size = minimalBytes(data.length);
  return concat(Uint8Array.of(0xb7 + size.length), size, data);
}

function decodeItem(data, at) {
  if (at >= data.length) refuse('RLP that ends too early');
  const first = data[at];
  if (first < 0x80) return { item: data.subarray(at, at + 1), end: at + 1 };
  const isList = first >= 0xc0;
  const { begin, end } = contentOf(data, at, first - (isList ? 0xc0 : 0x80));
  if (isList) return { item: decodeItems(data, begin, end), end };
  if (end - begin === 1 && data[begin] < 0x80) refuse('RLP in which a byte has a length');
  return { item: data.subarray(begin, end), end };
}

function contentOf(data, at, code) {
  let begin = at + 1;
  let size = code;
  if (code >= 56) {
    const written = data.subarray(begin, begin + code - 55);
    if (written.length < code - 55 || written[0] === 0) refuse('RLP with a length that is cut or begins with zero');
    const value = toNumber(written);
    if (value < 56n || value > BigInt(data.length)) refuse('RLP with a length that is too short or too long');
    begin += written.length;
    size = Number(value);
  }
  if (begin + size > data.length) refuse('RLP that ends too early');
  return { begin, end: begin + size };
}

function decodeItems(data, begin, end) {
  const items = [];
  for (let at = begin; at < end;) {
    const next = decodeItem(data.subarray(0, end), at);
    items.push(next.item);
    at = next.end;
  }
  return items;
}

function minimalBytes(value) {
  const digits = value.toString(16);
  return toBytes(value, Math.ceil(digits.length / 2));
}
