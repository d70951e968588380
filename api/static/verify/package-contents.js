// SPDX-License-Identifier: Apache-2.0
/**
 * What follows from the history receipt in a package, byte for byte, as notary/package/contents.py makes it.
 * @module
 */
import { b64, b64url, hex, utf8 } from './encoding.js';
import { MAX_PAYLOAD } from './envelope.js';
import { recordEntry, sha256 } from './hashing.js';
import { parseCanonical } from './json.js';
import { isObject } from './shape.js';

/** Return the record in one of a history's `records`; an empty object for a payload that is none. @throws {BrokenError} */
export function recordIn({ envelope }) {
  const value = parseCanonical(envelope.payload, MAX_PAYLOAD);
  return isObject(value) ? value : {};
}

/**
 * Return the files that a package of this history has.
 * @param {object} history of `readDocument`
 * @param {object} raw the same as it stands in JSON
 * @returns {Map<string, Uint8Array>} by name
 * @throws {BrokenError} for a payload that is no canonical JSON
 */
export function derivedFiles(history, raw) {
  const files = new Map();
  history.records.forEach((receipt, number) => {
    const record = recordIn(receipt);
    const kind = String(record.type ?? '').replace(/[^a-z_]/g, '').slice(0, 40) || 'record';
    const place = String(number).padStart(4, '0');
    files.set(`records/${place}-${kind}.json`, readable(record));
    files.set(`proofs/${place}.tlog-proof`, tlogProof(receipt, history.checkpoint));
    files.set(`proofs/${place}.entry`, recordEntry(receipt.tag, receipt.nonce, receipt.envelope.encoded));
  });
  addKeys(files, history, raw);
  addCheckpoint(files, history, raw);
  files.set('policy.json', readable(policy(history)));
  return files;
}

/** Write JSON for people: sorted, indented by two, with a line end. @returns {Uint8Array} */
export function readable(value) {
  return utf8(`${write(value, '')}\n`);
}

function write(value, indent) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Array.isArray(value)
    ? value.map((item) => write(item, inner))
    : Object.keys(value)
        .sort()
        .map((key) => `${JSON.stringify(key)}: ${write(value[key], inner)}`);
  return items.length ? `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}` : open + close;
}

function tlogProof({ index, inclusion }, checkpoint) {
  const hashes = inclusion.map((value) => `${b64(value)}\n`).join('');
  return utf8(`c2sp.org/tlog-proof@v1\nindex ${index}\n${hashes}\n${checkpoint}`);
}

function addKeys(files, history, raw) {
  history.records.forEach(({ envelope, keys }, number) => {
    envelope.signatures.slice(0, keys.length).forEach(({ kid }, place) => {
      const { root: _, ...members } = raw.records[number].keys[place];
      const { party, root } = keys[place];
      files.set(`keys/${party}-${shortDigest(utf8(kid))}.json`, readable({ kid, ...members }));
      if (root) files.set(`keys/${party}-root-${shortDigest(root)}.der`, root);
    });
  });
}

function addCheckpoint(files, history, raw) {
  files.set('checkpoint/checkpoint.txt', utf8(history.checkpoint));
  files.set('checkpoint/log-key.txt', utf8(`${history.log_key}\n`));
  history.timestamps.forEach((token, i) => files.set(`checkpoint/timestamp-${i + 1}.tst`, token));
  raw.anchors.forEach((anchor, i) => files.set(`checkpoint/anchor-${i + 1}.json`, readable(anchor)));
}

// Acceptance rules that a reader may take as an example: this log, and where it is anchored.
function policy({ environment, log_key: logKey, anchors }) {
  const rules = { format: 'loan-notary/acceptance@1', environment, log_keys: [logKey] };
  const numbers = [...new Set(anchors.map((anchor) => anchor.chain_id))].sort((one, other) => one - other);
  const chains = numbers.map((number) => {
    const registries = anchors.filter((anchor) => anchor.chain_id === number).map((anchor) => anchor.registry);
    return { chain_id: number, registries: [...new Set(registries)].sort() };
  });
  return chains.length ? { ...rules, chains } : rules;
}

function shortDigest(data) {
  return hex(sha256(data)).slice(0, 16);
}
