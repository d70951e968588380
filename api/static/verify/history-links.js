// SPDX-License-Identifier: Apache-2.0
/**
 * Verification of a history receipt: every record as in a receipt, then all of them as one loan's history.
 *
 *     ... -> documents -> completeness -> lifecycle -> anchor -> block
 *
 * Where the loan stands is computed from the records and no word of the notary; findings are the command line's alone.
 * @module
 */
import { hex } from './encoding.js';
import { NotCheckedError, refuse } from './errors.js';
import { sha256 } from './hashing.js';
import { loanView } from './loan-view.js';
import { FAILED, NOT_CHECKED, OK, Report, UNKNOWN } from './report.js';

const MOST_TOLD = 10;

/**
 * Check every link between `format` and `time`.
 * @param {SealedLinks} common
 * @param {RecordLinks[]} links in the order of the records
 * @param {Report} report
 * @returns {object[]} the anchors that evidence speaks for
 */
export function runHistory(common, links, report) {
  const each = (link, check) => runEach(report, link, links, check);
  report.run('seal', () => common.seal());
  each('record', (item) => item.form());
  each('signatures', (item) => item.signatures());
  report.run('checkpoint', () => common.checkpoint());
  each('inclusion', (item) => item.inclusion(common.openedCheckpoint()));
  if (links.some((item) => item.speaksOfDocuments)) each('documents', (item) => item.documents());
  report.run('completeness', () => completeness(report, common, links));
  report.run('lifecycle', () => lifecycle(report, links));
  return common.runAnchors();
}

// One line if all records hold, else one that names those that do not.
function runEach(report, link, links, check) {
  const found = new Report();
  for (const item of links) found.run(link, () => check(item));
  for (const status of [FAILED, UNKNOWN, NOT_CHECKED]) {
    const told = found.checks.flatMap((item, i) => (item.status === status ? [`record ${i}: ${item.detail}`] : []));
    if (told.length) {
      const more = told.length > MOST_TOLD ? `; and ${told.length - MOST_TOLD} more` : '';
      report.add(link, status, told.slice(0, MOST_TOLD).join('; ') + more);
      return;
    }
  }
  report.add(link, OK, summary(found.checks.map((item) => item.detail)));
}

function summary(details) {
  const counted = new Map();
  for (const detail of details) counted.set(detail, (counted.get(detail) ?? 0) + 1);
  if (details.length === 1) return details[0];
  if (counted.size < details.length) return [...counted].map(([detail, count]) => `${count} ${detail}`).join(', ');
  return `each of the ${details.length} records`;
}

// That each record stands at its number is what its tag, and so its inclusion, shows.
function completeness(report, common, links) {
  const { size } = common.openedCheckpoint();
  if (!report.holds('inclusion'))
    refuse('not every record is in the log under its number, so nobody can tell whether one is left out');
  links.slice(1).forEach(({ receipt: { index } }, i) => {
    const { index: before } = links[i].receipt;
    if (index <= before) refuse(`record ${i + 1} stands at entry ${index}, not behind entry ${before}`);
  });
  checkClaims(links);
  return (
    `records 0 to ${links.length - 1}, none between them is missing; whether there were more of this loan in the log ` +
    `of ${size} entries, or have been since, no history receipt can show`
  );
}

// What the lender himself said about a record's number and the one before it.
function checkClaims(links) {
  let digest;
  links.forEach(({ record, receipt }, number) => {
    const { sequence, previous } = record?.members ?? {};
    if (sequence !== undefined && sequence !== number) refuse(`record ${number} says that it is number ${sequence}`);
    if (previous !== undefined && previous !== digest) refuse(`record ${number} names another record before it`);
    digest = hex(sha256(receipt.envelope.payload));
  });
}

function lifecycle(report, links) {
  const records = links.map(({ record }) => record?.members);
  if (records.includes(undefined)) throw new NotCheckedError('not every record could be read');
  const [{ loan }] = records;
  const other = records.findIndex((record) => record.loan !== loan);
  if (other >= 0) refuse(`/records/${other}: is of loan ${records[other].loan}, not of ${loan}`);
  const asOf = links.map(({ receipt }) => receipt.received_at).reduce((a, b) => (a > b ? a : b));
  const view = loanView(records, asOf);
  report.loan = view;
  Object.assign(report.facts, { loan, records: records.length, as_of: asOf, state: view.state });
  return `a legal history, which leaves the loan ${view.state}`;
}
