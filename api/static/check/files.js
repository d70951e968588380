// SPDX-License-Identifier: Apache-2.0
/**
 * Files read on this device, piece by piece: memory stays flat however large they are.
 * @module
 */
import { sha256 } from '../vendor/noble-hashes/sha2.js';
import { hex } from '../verify/encoding.js';
import { MAX_RECEIPT } from '../verify/receipt.js';
import { Sm3 } from '../verify/sm3.js';
import { formatOf } from './answers.js';

const PIECE = 2 * 1024 * 1024;

/**
 * Return the bytes of a file that looks like a receipt, and null for any other.
 * @param {Blob} file
 */
export async function readReceiptFile(file) {
  // A little more than a receipt may have, so that one with something appended is still seen to be one.
  if (file.size > 2 * MAX_RECEIPT) return null;
  const data = new Uint8Array(await file.arrayBuffer());
  return formatOf(data) === null ? null : data;
}

/**
 * Compute a file's digests.
 * @param {Blob} file
 * @param {function(number): void} onProgress called with the part that is done, 0 to 1
 * @param {AbortSignal} signal ends the work early; then the result is null
 * @returns {Promise<?{sha256: string, sm3: string}>} in hex
 */
export async function digestFile(file, onProgress, signal) {
  const [first, second] = [sha256.create(), new Sm3()];
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
    if (signal.aborted) return null;
    first.update(piece);
    second.update(piece);
    onProgress(Math.min(1, (at + PIECE) / file.size));
  }
  return { sha256: hex(first.digest()), sm3: hex(second.digest()) };
}
