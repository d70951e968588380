// SPDX-License-Identifier: Apache-2.0
/**
 * Proofs that a Merkle-Patricia trie maps a key to a value (Ethereum yellow paper, appendix D).
 *
 * Only what state and storage proofs of anchors need: keys are 32-byte hashes, and the value exists. Every node must be
 * on the path, in order, in canonical RLP, and needed, so that no two proofs show the same thing.
 * @module
 */
import { hex, sameBytes } from './encoding.js';
import { refuse } from './errors.js';
import { keccak } from './hashing.js';
import { decodeList } from './rlp.js';

const MAX_NODE = 1024;
const BRANCH = 17;

/**
 * Return the value that the trie with this root hash maps a key to.
 * @param {Uint8Array} root
 * @param {Uint8Array} key
 * @param {Uint8Array[]} nodes of the path, root first
 * @returns {Uint8Array}
 * @throws {BrokenError}
 */
export function proveValue(root, key, nodes) {
  let path = hex(key);
  let wanted = root;
  for (const [i, node] of nodes.entries()) {
    if (!sameBytes(keccak(node), wanted)) refuse('a trie node that its parent does not ask for');
    const items = decodeList(node, MAX_NODE);
    if (items.length === 2) {
      const { isLeaf, part } = decodePath(items[0]);
      if (!path.startsWith(part) || isLeaf !== (path === part))
        refuse('the trie has another key in the place of this one');
      if (isLeaf) {
        if (i !== nodes.length - 1) refuse('trie nodes that follow the leaf');
        return bytesOf(items[1]);
      }
      path = path.slice(part.length);
      wanted = reference(items[1]);
    } else if (items.length === BRANCH && path) {
      wanted = reference(items[parseInt(path[0], 16)]);
      path = path.slice(1);
    } else {
      refuse(`a trie node of ${items.length} items`);
    }
  }
  return refuse('the trie nodes end before the leaf');
}

// Undo the hex prefix encoding (appendix C).
function decodePath(item) {
  const encoded = hex(bytesOf(item));
  const flags = encoded ? parseInt(encoded[0], 16) : 15;
  const isOdd = (flags & 1) === 1;
  if (flags > 3 || (!isOdd && encoded[1] !== '0')) refuse('not a hex prefix encoding');
  return { isLeaf: (flags & 2) === 2, part: encoded.slice(isOdd ? 1 : 2) };
}

// Nodes below 32 bytes stand inside their parent, but no leaf with an anchor is that small.
function reference(item) {
  const child = bytesOf(item);
  if (child.length !== 32) refuse('the trie has nothing at this key');
  return child;
}

function bytesOf(item) {
  return Array.isArray(item) ? refuse('a list where a trie node has a string') : item;
}
