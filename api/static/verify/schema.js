// SPDX-License-Identifier: Apache-2.0
/**
 * As much of JSON Schema (draft 2020-12) as the record types use.
 * @module
 */
import { countCharacters } from './encoding.js';
import { refuse } from './errors.js';
import { isObject } from './shape.js';

const TYPES = {
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => typeof value === 'number',
  object: isObject,
  string: (value) => typeof value === 'string',
};
const KEYWORDS = {
  additionalProperties: (no, value, at, { properties }) =>
    Object.keys(value).forEach(
      (name) => Object.hasOwn(properties, name) || refuse(`${at}/${name}: is not a member here`),
    ),
  const: (wanted, value, at) => value === wanted || refuse(`${at}: must be ${wanted}`),
  enum: (values, value, at) => values.includes(value) || refuse(`${at}: must be one of ${values.join(', ')}`),
  items: (schema, value, at, _, parts) => value.forEach((item, i) => check(schema, item, `${at}/${i}`, parts)),
  maximum: (most, value, at) => value <= most || refuse(`${at}: must be at most ${most}`),
  minimum: (least, value, at) => value >= least || refuse(`${at}: must be at least ${least}`),
  maxItems: (most, value, at) => value.length <= most || refuse(`${at}: must have at most ${most} items`),
  minItems: (least, value, at) => value.length >= least || refuse(`${at}: must have at least ${least} items`),
  maxLength: (most, value, at) =>
    countCharacters(value) <= most || refuse(`${at}: must have at most ${most} characters`),
  oneOf: checkOneOf,
  pattern: (source, value, at) => expression(source).test(value) || refuse(`${at}: does not match its form`),
  properties: (members, value, at, _, parts) => {
    for (const [name, schema] of Object.entries(members)) {
      if (name in value) check(schema, value[name], `${at}/${name}`, parts);
    }
  },
  required: (names, value, at) => names.forEach((name) => name in value || refuse(`${at}/${name}: is required`)),
  $ref: (reference, value, at, _, parts) => check(parts[reference.slice('#/$defs/'.length)], value, at, parts),
  type: () => {}, // tested first: the other keywords rely on it
};
const expressions = new Map();

/**
 * Check a value that `parseJson` read against a schema.
 * @param {object} schema
 * @param {*} value
 * @param {string} at JSON Pointer of the value
 * @param {object} parts shared schemas, for `$ref`
 * @throws {BrokenError}
 */
export function check(schema, value, at, parts) {
  if (schema.type !== undefined && !TYPES[schema.type](value)) refuse(`${at}: must be of type ${schema.type}`);
  for (const [keyword, argument] of Object.entries(schema)) KEYWORDS[keyword](argument, value, at, schema, parts);
}

// The choices differ in one member, a constant or an enumeration in each of them, so at most one can fit.
function checkOneOf(choices, value, at, _, parts) {
  if (!isObject(value)) refuse(`${at}: must be an object`);
  const choice = choices.map((item) => parts[item.$ref.slice('#/$defs/'.length)]).find((part) => isMeant(part, value));
  if (!choice) refuse(`${at}: is none of the kinds that are known`);
  check(choice, value, at, parts);
}

function isMeant({ properties }, value) {
  return Object.entries(properties).some(
    ([name, schema]) => name in value && (schema.const === value[name] || isListed(schema, value[name])),
  );
}

function isListed(schema, value) {
  return typeof value === 'string' && schema.enum !== undefined && schema.enum.includes(value);
}

function expression(source) {
  if (!expressions.has(source)) expressions.set(source, new RegExp(source, 'u'));
  return expressions.get(source);
}
