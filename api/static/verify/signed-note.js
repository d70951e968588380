// SPDX-License-Identifier: Apache-2.0
/**
 * Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519 signatures (type 0x01).
 * @module
 */
import { verify as verifyEd25519 } from './ed25519.js';
import { b64, concat, countCharacters, hex, parseB64, utf8 } from './encoding.js';
import { BrokenError, refuse } from './errors.js';
import { HASH_SIZE, sha256 } from './hashing.js';

const MAX_NOTE = 1_000_000;
const MAX_SIGNATURES = 100;
const ED25519 = 1;
// White space as Python's `\s` has it, and every control character; both end a name.
const NAME_CHARACTER =
  '[^+\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ud800-\\udfff]';
const NAME = new RegExp(`^${NAME_CHARACTER}{1,200}$`, 'u');
const LINE = new RegExp(`^— (${NAME_CHARACTER}+) ([A-Za-z0-9+/]+={0,2})$`, 'u');
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/;
const SIZE = /^(?:0|[1-9][0-9]{0,14})$/;

/** A key that signed notes are checked with. */
export class NoteVerifier {
  /** @param {string} name @param {Uint8Array} publicKey 32 bytes */
  constructor(name, publicKey) {
    this.name = name;
    this.publicKey = publicKey;
    this.keyId = hex(sha256(concat(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey)).subarray(0, 4));
  }

  /** Write the C2SP verifier key: `name+hex(key ID)+base64(0x01 || public key)`. */
  format() {
    return `${this.name}+${this.keyId}+${b64(concat(Uint8Array.of(ED25519), this.publicKey))}`;
  }

  /** Check this key's signature. @throws {BrokenError} */
  verify(message, signature) {
    try {
      verifyEd25519(this.publicKey, message, signature);
    } catch (error) {
      if (error instanceof BrokenError) refuse(`the signature of ${this.name} is wrong`);
      throw error;
    }
  }
}

/** Read what `NoteVerifier.format` writes. @throws {BrokenError} */
export function parseVerifier(text) {
  const plus = text.indexOf('+');
  const name = plus < 0 ? text : text.slice(0, plus);
  const key = parseB64(plus < 0 ? '' : text.slice(plus + 10));
  if (!NAME.test(name) || key.length !== 33 || key[0] !== ED25519) refuse('not the verifier key of an Ed25519 key');
  const verifier = new NoteVerifier(name, key.subarray(1));
  if (verifier.format() !== text) refuse('a verifier key whose key ID is not that of its key');
  return verifier;
}

/**
 * Return a signed note as it is, and as it was before its last line was added, and so on down to one signature.
 * @param {string} note
 * @returns {string[]}
 */
export function earlierForms(note) {
  const begin = note.lastIndexOf('\n\n') + 2;
  const lines = note.slice(begin).match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const used = lines.slice(0, MAX_SIGNATURES);
  return used.map((_, dropped) => note.slice(0, begin) + used.slice(0, used.length - dropped).join(''));
}

/**
 * Return the text of a signed note that the verifier's key signed; signatures by other keys are passed over.
 * @param {string} note
 * @param {NoteVerifier} verifier
 * @throws {BrokenError}
 */
export function openNote(note, verifier) {
  if (countCharacters(note) > MAX_NOTE || CONTROL.test(note)) {
    refuse('a signed note that is too long, or has control characters');
  }
  const gap = note.lastIndexOf('\n\n');
  const block = note.slice(gap + 2);
  if (gap < 0 || !block.endsWith('\n')) refuse('not a signed note: no block of signatures');
  const text = note.slice(0, gap + 1);
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) refuse(`more than ${MAX_SIGNATURES} signatures`);
  let isGood = false;
  for (const line of lines) {
    const { name, blob } = parseLine(line);
    if (name === verifier.name && hex(blob.subarray(0, 4)) === verifier.keyId) {
      verifier.verify(utf8(text), blob.subarray(4));
      isGood = true;
    }
  }
  if (!isGood) refuse('no signature by a known key');
  return text;
}

function parseLine(line) {
  const match = LINE.exec(line);
  if (!match) refuse('a line that is no signature');
  const blob = parseB64(match[2]);
  if (blob.length < 5) refuse('a signature shorter than its key ID');
  return { name: match[1], blob };
}

/**
 * Read a checkpoint that the verifier's key signed; the key's name must be the origin. No extension lines are taken.
 * @returns {{origin: string, size: number, root: Uint8Array}}
 * @throws {BrokenError}
 */
export function openCheckpoint(note, verifier) {
  const lines = openNote(note, verifier).split('\n');
  if (lines.length !== 4 || lines[3] || !lines[0]) refuse('not the three lines of a checkpoint');
  const [origin, size, encoded] = lines;
  if (!SIZE.test(size)) refuse(`${size.slice(0, 20)} is not a tree size`);
  const root = parseB64(encoded);
  if (root.length !== HASH_SIZE) refuse(`a root hash of ${root.length} bytes`);
  if (origin !== verifier.name) refuse(`a checkpoint of ${origin} under the key of ${verifier.name}`);
  return { origin, size: Number(size), root };
}
