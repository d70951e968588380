// SPDX-License-Identifier: Apache-2.0
/**
 * What a verification found, link by link.
 * @module
 */
import { BrokenError, NotCheckedError, UnknownError } from './errors.js';

export const OK = 'ok';
export const FAILED = 'failed';
export const PENDING = 'pending';
export const UNKNOWN = 'unknown';
export const NOT_CHECKED = 'not checked';

/**
 * The checks of one receipt in order, what had to be trusted, and `facts`: what the record says.
 *
 * `receipt` and `record` are its members once they could be read, else null; whether they are true is in the checks.
 */
export class Report {
  constructor() {
    this.checks = [];
    this.trusted = [];
    this.facts = {};
    this.receipt = null;
    this.record = null;
  }

  /** Return `invalid` if a link broke, else `cannot tell` if one could not be checked, else `valid`. */
  get verdict() {
    const found = new Set(this.checks.map((check) => check.status));
    if (found.has(FAILED)) return 'invalid';
    return found.has(UNKNOWN) ? 'cannot tell' : 'valid';
  }

  /** Note what a check found. */
  add(link, status, detail) {
    this.checks.push({ link, status, detail });
  }

  /** Note what had to be believed, once. */
  trust(sentence) {
    if (!this.trusted.includes(sentence)) this.trusted.push(sentence);
  }

  /** Run one check, which returns a sentence or throws, and note what it found. */
  run(link, check) {
    try {
      this.add(link, OK, check());
    } catch (error) {
      this.add(link, statusOf(error), error.message);
    }
  }

  /** Return the report as plain data, with the members of the notary's own reports. */
  toJSON() {
    return { verdict: this.verdict, facts: this.facts, checks: this.checks, trusted: this.trusted };
  }
}

function statusOf(error) {
  if (error instanceof BrokenError) return FAILED;
  if (error instanceof UnknownError) return UNKNOWN;
  if (error instanceof NotCheckedError) return NOT_CHECKED;
  throw error;
}
