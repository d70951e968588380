// SPDX-License-Identifier: Apache-2.0
/**
 * Merkle proofs of RFC 9162 section 2.1, verified step by step as the RFC says.
 * @module
 */
import { sameBytes } from './encoding.js';
import { refuse } from './errors.js';
import { HASH_SIZE, nodeHash, sha256 } from './hashing.js';

const EMPTY_ROOT = sha256(new Uint8Array());

/**
 * Check by RFC 9162 2.1.3.2 that a leaf (hash) stands at `index` of the tree of `size` leaves with this root.
 * @param {number} index
 * @param {number} size
 * @param {Uint8Array[]} hashes leaf to root
 * @throws {BrokenError}
 */
export function verifyInclusion(index, size, hashes, leaf, root) {
  checkHashes([leaf, root, ...hashes]);
  if (index >= size) refuse(`a tree of ${size} leaves has no leaf ${index}`);
  let [fn, sn, r] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const p of hashes) {
    if (sn === 0n) refuse('the proof has too many hashes');
    if (fn & 1n || fn === sn) {
      r = nodeHash(p, r);
      while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      r = nodeHash(r, p);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) refuse('the proof has too few hashes');
  if (!sameBytes(r, root)) refuse('the proof leads to another root');
}

/**
 * Follow an inclusion proof from its leaf, to show the way; `verifyInclusion` says whether it holds.
 * @returns {{side: 'left'|'right', sibling: Uint8Array, result: Uint8Array}[]} a step for each hash
 */
export function inclusionPath(index, size, hashes, leaf) {
  let [fn, sn, r] = [BigInt(index), BigInt(size) - 1n, leaf];
  return hashes.map((sibling) => {
    const side = fn & 1n || fn === sn ? 'left' : 'right';
    r = side === 'left' ? nodeHash(sibling, r) : nodeHash(r, sibling);
    while (side === 'left' && !(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    [fn, sn] = [fn >> 1n, sn >> 1n];
    return { side, sibling, result: r };
  });
}

/**
 * Check by RFC 9162 2.1.4.2 that the tree of `newSize` leaves begins with that of `oldSize`.
 * A tree is consistent with itself (no hashes, equal roots); nothing is proved from the empty tree.
 * @param {number} oldSize
 * @param {number} newSize
 * @param {Uint8Array[]} hashes
 * @throws {BrokenError}
 */
export function verifyConsistency(oldSize, newSize, hashes, oldRoot, newRoot) {
  checkHashes([oldRoot, newRoot, ...hashes]);
  if (oldSize === newSize) {
    const isSame = !hashes.length && sameBytes(oldRoot, newRoot) && (oldSize > 0 || sameBytes(oldRoot, EMPTY_ROOT));
    if (!isSame) refuse(`two different roots, or hashes too many, for ${oldSize} leaves`);
    return;
  }
  if (oldSize <= 0 || oldSize > newSize) refuse(`no proof leads from ${oldSize} leaves to ${newSize}`);
  let [fn, sn] = [BigInt(oldSize) - 1n, BigInt(newSize) - 1n];
  const isPowerOfTwo = (BigInt(oldSize) & fn) === 0n;
  const path = isPowerOfTwo ? [oldRoot, ...hashes] : hashes;
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  if (!path.length) refuse('the proof has too few hashes');
  let [fr, sr] = [path[0], path[0]];
  for (const c of path.slice(1)) {
    if (sn === 0n) refuse('the proof has too many hashes');
    if (fn & 1n || fn === sn) {
      [fr, sr] = [nodeHash(c, fr), nodeHash(c, sr)];
      while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      sr = nodeHash(sr, c);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) refuse('the proof has too few hashes');
  if (!sameBytes(fr, oldRoot)) refuse('the proof leads to another old root');
  if (!sameBytes(sr, newRoot)) refuse('the proof leads to another new root');
}

function checkHashes(hashes) {
  if (hashes.some((value) => value.length !== HASH_SIZE)) refuse(`a hash that is not ${HASH_SIZE} bytes long`);
}
