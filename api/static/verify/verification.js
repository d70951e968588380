// SPDX-License-Identifier: Apache-2.0
/**
 * Verification of a receipt or history receipt, link by link, offline; the same links and answers as
 * notary/receipts/verification.py.
 *
 *     format -> seal -> record -> signatures -> checkpoint -> inclusion -> documents -> anchor -> block -> time
 *
 * Every link is checked even when an earlier one broke. No node of a chain is asked: block hashes are taken on trust.
 * @module
 */
import { BrokenError } from './errors.js';
import { runHistory } from './history-links.js';
import { chooseKey, sourceOf } from './key-history.js';
import { HISTORY, readDocument } from './receipt.js';
import { RecordLinks, checkFile } from './record-links.js';
import { FAILED, OK, Report } from './report.js';
import { SealedLinks } from './sealed-links.js';
import { parseVerifier } from './signed-note.js';
import { runTime } from './time-proof.js';

/**
 * Check every link of a receipt or history receipt.
 * @param {Uint8Array} data its bytes
 * @param {object} trust what to hold it against, all optional: `logKey`, the verifier key of the log, without which the
 *   receipt's own is taken; `related`, the keys that a key history ties to it (key-history.js); `authorities`,
 *   certificates (DER) by which timestamps count; `files`, digests of documents, each of which a record must name
 * @returns {Report}
 * @throws {BrokenError} only where `logKey` is no verifier key, or one of `authorities` no certificate
 */
export function verifyReceipt(data, { logKey = null, related = [], authorities = [], files = [] } = {}) {
  const trusted = logKey === null ? null : parseVerifier(logKey);
  const report = new Report();
  const opened = open(data, trusted, related, report);
  if (!opened) return report;
  const { document, key } = opened;
  const common = new SealedLinks(document, key, report);
  const links = document.records.map((record) => new RecordLinks(record, report));
  const shown = document.format === HISTORY ? runHistory(common, links, report) : runSingle(common, links[0], report);
  report.records = links.map(({ record }) => record);
  for (const file of files) report.run('document', () => checkFile(file, report.records));
  runTime(report, document, shown, authorities);
  return report;
}

function open(data, trusted, related, report) {
  try {
    const document = readDocument(data);
    const key = chooseKey(document.log_key, trusted, related);
    const kind = document.format === HISTORY ? 'history receipt' : 'receipt';
    report.add('format', OK, `a ${kind} in canonical form`);
    report.trust(`the log's key ${key.format()}, ${sourceOf(key, trusted, 'receipt')}`);
    report.document = document;
    report.facts = { environment: document.environment, lender: document.lender };
    return { document, key };
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    report.add('format', FAILED, error.message);
    return null;
  }
}

function runSingle(common, links, report) {
  report.run('seal', () => common.seal());
  report.run('record', () => links.form());
  report.run('signatures', () => links.signatures());
  report.run('checkpoint', () => common.checkpoint());
  report.run('inclusion', () => links.inclusion(common.openedCheckpoint()));
  if (links.speaksOfDocuments) report.run('documents', () => links.documents());
  const shown = common.runAnchors();
  if (links.record) {
    const { type, id, loan, occurred_at } = links.record.members;
    const { received_at, index } = links.receipt;
    Object.assign(report.facts, { type, id, loan, occurred_at, received_at, index });
  }
  if (links.assurance !== null) Object.assign(report.facts, { assurance: links.assurance, signers: links.signers });
  return shown;
}
