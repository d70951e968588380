// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a node's chain holds an anchor: the block is part of it and final, the contract's code is a registry's, and the
 * registry holds the root.
 * @module
 */
import { hex, parseHex } from '../verify/encoding.js';
import { anchorSlot, anchorWord } from '../verify/evidence.js';
import { keccak } from '../verify/hashing.js';
import { KNOWN_CODE_HASHES } from '../verify/known-registries.js';

const FORMS = {
  chain: /^[1-9][0-9]{0,15}$/,
  registry: /^0x[0-9a-f]{40}$/,
  log: /^0x[0-9a-f]{64}$/,
  size: /^[1-9][0-9]{0,14}$/,
  root: /^[0-9a-f]{64}$/,
  block: /^(?:0|[1-9][0-9]{0,15})$/,
  hash: /^0x[0-9a-f]{64}$/,
  time: /^[1-9][0-9]{0,15}$/,
};

/**
 * Read the values of an anchor from what stands behind the `#` of an address.
 * @returns {?object} null if they are not exactly those
 */
export function readAnchor(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const isWhole = Object.entries(FORMS).every(([name, form]) => form.test(given.get(name) ?? ''));
  return isWhole ? Object.fromEntries(Object.keys(FORMS).map((name) => [name, given.get(name)])) : null;
}

/**
 * Ask a node.
 * @param {Node} node
 * @param {object} anchor of `readAnchor`
 * @returns {Promise<{kind: 'recorded'|'waiting'|'altered'|'unknown', reason: string, values: object}>}
 * @throws {NodeError} if it does not answer
 */
export async function ask(node, anchor) {
  const chain = await node.chainId();
  if (chain !== Number(anchor.chain)) return told('unknown', 'chain', { chain });
  const number = Number(anchor.block);
  const block = await node.block(number);
  if (block === null) return told('unknown', 'behind', { number });
  if (block.hash !== anchor.hash) return told('altered', 'block', { number, hash: block.hash });
  const code = hex(keccak(parseHex(await node.code(anchor.registry))));
  if (!KNOWN_CODE_HASHES.includes(code)) return told('altered', 'code', { registry: anchor.registry });
  const size = Number(anchor.size);
  const slot = `0x${hex(anchorSlot(anchor.log, size))}`;
  const word = `0x${hex(anchorWord(parseHex(anchor.root), Number(anchor.time)))}`;
  const held = (await node.storage(anchor.registry, slot)).replace('0x', '').padStart(64, '0');
  if (`0x${held}` !== word) return told('altered', 'root', { size });
  const [latest, final] = [await node.block('latest'), await node.block('finalized')];
  const depth = Math.max(0, (latest?.number ?? number) - number);
  return final && final.number >= number ? told('recorded', 'final', { depth }) : told('waiting', 'depth', { depth });
}

function told(kind, reason, values) {
  return { kind, reason, values };
}
