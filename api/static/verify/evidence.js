// SPDX-License-Identifier: Apache-2.0
/**
 * Offline check that a registry's storage held an anchor (FORMATS.md section 9): only one block's hash is trusted.
 * @module
 */
import { concat, hex, parseHex, sameBytes, toBytes, toNumber } from './encoding.js';
import { UnknownError, refuse } from './errors.js';
import { keccak } from './hashing.js';
import { KNOWN_CODE_HASHES } from './known-registries.js';
import { decodeList, encodeBytes } from './rlp.js';
import { proveValue } from './trie-proof.js';

const MAX_HEADER = 4096;
const MAX_ACCOUNT = 256;
/** How many fields a header has: since London, Shanghai, Cancun, Prague. Of any other fork nobody can tell here. */
const KNOWN_FIELDS = [16, 17, 20, 21];
const FEWEST_FIELDS = 16;
const [STATE_ROOT, NUMBER, TIME] = [3, 8, 11];
const COMMITMENTS_SLOT = 1;

/**
 * Check an anchor's evidence down to the hash, number and time of its block.
 * @param {object} anchor of `readReceipt`, with evidence
 * @throws {BrokenError}
 */
export function verifyEvidence(anchor) {
  const { header, account_proof: accountProof, storage_proof: storageProof } = anchor.evidence;
  if (`0x${hex(keccak(header))}` !== anchor.block_hash) refuse('the evidence is of another block');
  const block = readHeader(header);
  if (block.number !== BigInt(anchor.block_number) || block.time !== BigInt(anchor.block_time)) {
    refuse('the block has another number or time');
  }
  const account = proveValue(block.stateRoot, keccak(parseHex(anchor.registry)), accountProof);
  const { storageRoot, codeHash } = readAccount(account);
  if (!KNOWN_CODE_HASHES.includes(hex(codeHash))) refuse(`the code at ${anchor.registry} is no known registry's`);
  const stored = proveValue(storageRoot, keccak(anchorSlot(anchor.log_id, anchor.size)), storageProof);
  if (!sameBytes(stored, encodeBytes(commitment(anchor.root, anchor.block_time)))) {
    refuse(`the registry holds another root or time at size ${anchor.size}`);
  }
}

function readHeader(header) {
  const fields = decodeList(header, MAX_HEADER);
  if (fields.length < FEWEST_FIELDS)
    refuse(`a block header of ${fields.length} fields, at least ${FEWEST_FIELDS} are known`);
  if (!KNOWN_FIELDS.includes(fields.length))
    throw new UnknownError(
      `block headers of ${fields.length} fields are not known here, but may be to a newer verifier`,
    );
  const stateRoot = fields[STATE_ROOT];
  if (Array.isArray(stateRoot) || stateRoot.length !== 32) refuse('the block header has no state root in its place');
  const [number, time] = [readInteger(fields[NUMBER]), readInteger(fields[TIME])];
  return { number, time, stateRoot };
}

function readInteger(field) {
  if (Array.isArray(field) || field.length > 8 || field[0] === 0)
    refuse('the block header has no number in its place');
  return toNumber(field);
}

function readAccount(account) {
  const fields = decodeList(account, MAX_ACCOUNT);
  const [, , storageRoot, codeHash] = fields;
  if (fields.length !== 4 || !isHash(storageRoot) || !isHash(codeHash)) {
    refuse("the state trie has no account at the registry's address");
  }
  return { storageRoot, codeHash };
}

function isHash(item) {
  return !Array.isArray(item) && item.length === 32;
}

/** Return the slot of a registry's storage that holds a log's anchor at a size. */
export function anchorSlot(logId, size) {
  return keccak(concat(toBytes(size, 32), keccak(concat(parseHex(logId), toBytes(COMMITMENTS_SLOT, 32)))));
}

/** Return the word that stands in that slot. @returns {Uint8Array} 32 bytes */
export function anchorWord(root, time) {
  return keccak(concat(root, toBytes(time, 32)));
}

// A stored word stands in the trie without its leading zeros.
function commitment(root, time) {
  const word = anchorWord(root, time);
  const first = word.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array() : word.subarray(first);
}
