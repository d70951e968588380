// SPDX-License-Identifier: Apache-2.0
/**
 * What a receipt proves of time: an end, no beginning (FORMATS.md section 15); the same words as notary/receipts/time_proof.py.
 *
 * Timestamp tokens count only with certificates that vouch for their authorities.
 * @module
 */
import { NotCheckedError, refuse } from './errors.js';
import { FAILED, PENDING } from './report.js';
import { LOCAL_CHAINS } from './sealed-links.js';
import { UnknownAuthorityError, verifyToken } from './timestamp.js';

const LAST_SECOND = 253402300799;

/**
 * Check the link `time`.
 * @param {Report} report with all links before it
 * @param {object} document of `readDocument`
 * @param {object[]} shown those of its anchors whose evidence holds
 * @param {Uint8Array[]} authorities certificates (DER) by which timestamps count
 */
export function runTime(report, document, shown, authorities) {
  if (document.timestamps.length || document.anchors.length) {
    report.run('time', () => check(report, document, shown, authorities));
  } else {
    report.add('time', PENDING, 'nobody but the notary says yet when the record was in the log');
  }
}

function check(report, document, shown, authorities) {
  if (!report.holds('inclusion')) {
    throw new NotCheckedError('the checkpoint is not shown to cover the record, so its time says nothing of it');
  }
  const isBroken = report.checks.some(({ link, status }) => link === 'anchor' && status === FAILED);
  const { moments, passedOver } = proveTime(document, isBroken ? [] : shown, authorities);
  if (!moments.length) {
    const reason = passedOver.join('; ') || 'no anchor could be checked';
    throw new NotCheckedError(`only the notary says when the record was in the log: ${reason}`);
  }
  const [first] = moments;
  report.facts.not_later_than = first.latest;
  report.trust(`the clock of ${first.by}`);
  const sentences = [`in the log not later than ${first.latest}, by ${first.by}`, 'how much earlier, nothing proves'];
  sentences.push(...passedOver);
  const received = document.records.map((record) => record.received_at).reduce((a, b) => (a > b ? a : b));
  if (first.latest < received) {
    sentences.push('the notary says that it received the record later, so one of the clocks is wrong');
  }
  return sentences.join('; ');
}

function proveTime({ checkpoint, timestamps }, anchors, authorities) {
  const passedOver = new Set();
  const moments = [];
  for (const token of timestamps) {
    if (!authorities.length) {
      passedOver.add("a timestamp counts only with its authority's certificate, and none was given");
      continue;
    }
    try {
      moments.push(verifyToken(token, checkpoint, authorities));
    } catch (error) {
      if (!(error instanceof UnknownAuthorityError)) throw error;
      passedOver.add(error.message);
    }
  }
  for (const { block_time: seconds, block_number: number, chain_id: chain } of anchors) {
    const by = `block ${number} of chain ${chain}`;
    if (seconds > LAST_SECOND) refuse(`${by} has a time beyond the year 9999`);
    if (LOCAL_CHAINS.includes(chain)) {
      passedOver.add(`${by} counts for nothing: whoever runs that test chain sets its clock`);
    } else {
      moments.push({ latest: new Date(seconds * 1000).toISOString(), by });
    }
  }
  moments.sort((a, b) => (a.latest < b.latest ? -1 : a.latest > b.latest ? 1 : 0));
  return { moments, passedOver: [...passedOver] };
}
