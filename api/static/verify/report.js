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
 * The checks of one document in order, what had to be trusted, and `facts`: what the record says.
 *
 * `document` is what was read of it, and `records` those of its records that could be read, null for others; whether
 * they are true is in the checks. `loan` is where the loan stands, by its records; null where not all of them were there.
 */
export class Report {
  constructor() {
    this.checks = [];
    this.trusted = [];
    this.facts = {};
    this.loan = null;
    this.document = null;
    this.records = [];
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

  /** Tell whether all checks of a link were done and found nothing. */
  holds(link) {
    const found = this.checks.filter((check) => check.link === link);
    return found.length > 0 && found.every((check) => check.status === OK);
  }

  /** Run one check, which returns a sentence or throws, and note what it found. */
  run(link, check) {
    try {
      this.add(link, OK, check());
    } catch (error) {
      this.add(link, statusOf(error), error.message);
    }
  }

  /** Run one check that returns a promise of a sentence, and note what it found. */
  async runLater(link, check) {
    try {
      this.add(link, OK, await check());
    } catch (error) {
      this.add(link, statusOf(error), error.message);
    }
  }

  /** Return the report as plain data, with the members of the notary's own reports. */
  toJSON() {
    const told = { verdict: this.verdict, facts: this.facts, checks: this.checks, trusted: this.trusted };
    return this.loan ? { ...told, loan: this.loan } : told;
  }
}

function statusOf(error) {
  if (error instanceof BrokenError) return FAILED;
  if (error instanceof UnknownError) return UNKNOWN;
  if (error instanceof NotCheckedError) return NOT_CHECKED;
  throw error;
}
