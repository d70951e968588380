// SPDX-License-Identifier: Apache-2.0
/**
 * Records: the payload that people signed, checked by the rules of its type.
 * @module
 */
import { refuse } from './errors.js';
import { KEYS_OF, RULES, checkSequence } from './record-rules.js';
import { PARTS, TYPES } from './record-types.js';
import { check } from './schema.js';
import { isObject } from './shape.js';

/**
 * Read a record from JSON that `parseJson` read.
 * @returns {{members: object, signers: string[], authors: string[], keysOf: function(string): string[]}}
 * @throws {BrokenError}
 */
export function readRecord(value) {
  if (!isObject(value)) refuse('must be an object');
  if (typeof value.type !== 'string' || !Object.hasOwn(TYPES, value.type)) refuse('/type: is not a known record type');
  const { schema, signers, authors } = TYPES[value.type];
  check(schema, value, '', PARTS);
  checkSequence(value);
  RULES[value.type]?.(value);
  const keysOf = (role) => KEYS_OF[value.type]?.(value, role) ?? [];
  return { members: value, signers, authors, keysOf };
}
