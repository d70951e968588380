// SPDX-License-Identifier: Apache-2.0
/**
 * How one key of a log followed another (FORMATS.md section 6): for whoever trusts one of them and meets the other.
 * @module
 */
import { parseTime } from './encoding.js';
import { refuse } from './errors.js';
import { parseCanonical } from './json.js';
import { list, object, oneOf, text } from './shape.js';
import { openNote, parseVerifier } from './signed-note.js';

const FORMAT = 'loan-notary/log-keys@1';
const FIRST_LINE = 'loan-notary/log-key@1';
const LINES = 6;
const MAX_HISTORY = 256 * 1024;
const readHistory = object({ format: oneOf(FORMAT), successions: list(text(0, MAX_HISTORY), 0, 1000) });

/**
 * Return the keys that a key history ties to a key, before it and after it, over any number of steps.
 * @param {string} logKey the verifier key that is trusted
 * @param {Uint8Array} history the bytes of a key history, each succession of which is verified
 * @returns {NoteVerifier[]}
 * @throws {BrokenError} also for a history that says nothing of `logKey`
 */
export function relatedKeys(logKey, history) {
  const successions = readHistory(parseCanonical(history, MAX_HISTORY)).successions.map(openSuccession);
  const found = [parseVerifier(logKey).format()];
  for (const key of found) {
    for (const pair of successions) {
      if (pair.includes(key)) found.push(...pair.filter((other) => !found.includes(other)));
    }
  }
  if (successions.length && found.length === 1) refuse(`the key history says nothing of ${logKey}`);
  return found.slice(1).map(parseVerifier);
}

/**
 * Return the key to check a document with that names one: `trusted`, or one of those `related` to it; the one that is
 * named if none is trusted.
 * @param {string} named
 * @param {?NoteVerifier} trusted
 * @param {NoteVerifier[]} related
 * @throws {BrokenError}
 */
export function chooseKey(named, trusted, related) {
  if (!trusted) return parseVerifier(named);
  return related.find((key) => key.format() === named) ?? trusted;
}

/** Say for a report where the key that `chooseKey` chose comes from. */
export function sourceOf(key, trusted, kind) {
  if (!trusted) return `as the ${kind} names it: compare it with the operator's`;
  if (key === trusted) return 'given by you';
  return `which a key history ties to the one given by you, ${trusted.format()}`;
}

// Both verifier keys of a note that both have signed.
function openSuccession(note) {
  const lines = note.split('\n');
  if (lines.length < LINES || lines[0] !== FIRST_LINE) refuse('is not the succession of one key of a log to another');
  const [old, next] = lines.slice(2, 4).map(parseVerifier);
  lines.slice(4, LINES).forEach(parseTime);
  if (old.name !== next.name || lines[2] === lines[3]) refuse('does not name two keys of one log');
  const wanted = [FIRST_LINE, old.name, ...lines.slice(2, LINES), ''].join('\n');
  if ([old, next].some((key) => openNote(note, key) !== wanted)) refuse('is not written as this format has it');
  return [lines[2], lines[3]];
}
