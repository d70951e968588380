// SPDX-License-Identifier: Apache-2.0
/**
 * Who signed a record, and how sure that makes it.
 * @module
 */
import { BrokenError, refuse } from './errors.js';
import { leafHash } from './hashing.js';
import { WALLET_ALG } from './keys.js';
import { verifyInclusion } from './merkle.js';
import { verifyWallet } from './wallet.js';

/**
 * Verify every signature of an envelope with the key in the same place.
 * @param {object} envelope of `readEnvelope`
 * @param {object} record of `readRecord`
 * @param {object[]} keys those of a receipt, each with its `key` of `parseJwk`
 * @param {string} moment when the record was received, as `parseTime` reads it; such texts sort by time
 * @returns {'received'|'party-signed'|'lender-signed'|'co-signed'}
 * @throws {BrokenError} that a key was revoked is no fault here: see `revocations`
 */
export function verifySignatures(envelope, record, keys, moment) {
  const signed = new Map();
  envelope.signatures.forEach((signature, i) => {
    try {
      checkOne(signature, keys[i], record, envelope.payload, moment);
    } catch (error) {
      if (error instanceof BrokenError) error.message = `/signatures/${i}: ${error.message}`;
      throw error;
    }
    signed.set(signature.kid, keys[i].party);
  });
  const parties = new Set(signed.values());
  if (signed.size && !record.authors.some((party) => parties.has(party))) {
    refuse(`/signatures: the ${record.authors.join(' or ')}'s signature is missing`);
  }
  return assuranceOf(record, signed, parties);
}

/**
 * Say where every signature fits, and yet nobody here can tell whether the party made it.
 * @param {object[]} keys as for `verifySignatures`
 * @param {string} moment
 * @returns {string[]} a sentence for each key that was revoked
 */
export function revocations(keys, moment) {
  const revoked = keys.filter((item) => item.revoked_from !== null && moment >= item.revoked_from);
  return revoked.map(
    ({ key, party, revoked_from: from }) =>
      `the signatures fit, but key ${key.kid} is revoked from ${from} on, and the record was received at ${moment}: ` +
      `whether the ${party} signed cannot be told`,
  );
}

function checkOne(signature, { key, party, valid_from: from, valid_until: until }, record, payload, moment) {
  if (moment < from || (until !== null && moment >= until)) refuse(`its key did not count at ${moment}`);
  if (signature.alg !== key.alg) refuse('its alg is not that of its key');
  if (key.alg === WALLET_ALG) verifyWallet(key.parts[0], record.members, payload, signature);
  else key.verify(signature.signingInput, signature.signature);
  if (signature.batch) verifyPlace(signature.batch, payload);
  const named = record.keysOf(party);
  if (named.length && !named.includes(signature.kid))
    refuse(`its key is not one that the record names for the ${party}`);
}

function verifyPlace({ index, records, path, root }, payload) {
  try {
    verifyInclusion(index, records, path, leafHash(payload), root);
  } catch (error) {
    if (error instanceof BrokenError) error.message = `the record is not in the batch: ${error.message}`;
    throw error;
  }
}

function assuranceOf(record, signed, parties) {
  if (!signed.size) return 'received';
  if (parties.size > 1 && record.signers.every((role) => hasSigned(role, record, signed, parties))) return 'co-signed';
  return parties.has('lender') ? 'lender-signed' : 'party-signed';
}

// Where the record names a key for each party of a role, all of these keys must have signed.
function hasSigned(role, record, signed, parties) {
  const named = record.keysOf(role);
  return named.length ? named.every((kid) => signed.has(kid)) : parties.has(role);
}
