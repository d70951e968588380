// SPDX-License-Identifier: Apache-2.0
/**
 * Files read on this device, piece by piece: memory stays flat however large they are.
 * @module
 */
import { sha256 } from '../vendor/noble-hashes/sha2.js';
import { hex } from '../verify/encoding.js';
import { MAX_HISTORY } from '../verify/receipt.js';
import { Sm3 } from '../verify/sm3.js';
import { MIMETYPE, isArchive } from '../verify/zip.js';
import { formatOf } from './answers.js';

const PIECE = 2 * 1024 * 1024;
const HEAD = 64 * 1024;
/** Where the name of the first file of an archive stands. */
const FIRST_NAME = 30;

/**
 * Look what a file is: `{data}` with the bytes of what looks like a receipt, `{isPackage}` for what looks like an
 * evidence package, or an empty object for any other.
 * @param {Blob} file
 */
export async function recognise(file) {
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  if (isArchive(head)) return { isPackage: latin(head.subarray(FIRST_NAME, FIRST_NAME + MIMETYPE.length)) === MIMETYPE };
  // A little more than a receipt may have, so that one with something appended is still seen to be one.
  if (file.size > MAX_HISTORY + HEAD || !latin(head).trimStart().startsWith('{')) return {};
  const data = new Uint8Array(await file.arrayBuffer());
  return formatOf(data) === null ? {} : { data };
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

/** Read certificates in PEM. @returns {Uint8Array[]} DER of each; none for a text without any */
export function readPem(text) {
  const found = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
  return Array.from(found, ([, body]) => Uint8Array.from(atob(body.replace(/\s/g, '')), (sign) => sign.charCodeAt(0)));
}

function latin(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
