// SPDX-License-Identifier: Apache-2.0
/**
 * Verification of a receipt, link by link, offline; the same links and answers as notary/receipts/verification.py.
 *
 *     format -> seal -> record -> signatures -> checkpoint -> inclusion -> documents -> anchor -> block -> time
 *
 * Every link is checked even when an earlier one broke. No node of a chain is asked: block hashes are taken on trust.
 * @module
 */
import { sameBytes } from './encoding.js';
import { BrokenError, NotCheckedError, UnknownError, refuse } from './errors.js';
import { MAX_PAYLOAD } from './envelope.js';
import { verifyEvidence } from './evidence.js';
import { leafHash, recordEntry } from './hashing.js';
import { parseCanonical } from './json.js';
import { parseJwk } from './keys.js';
import { verifyInclusion } from './merkle.js';
import { readReceipt } from './receipt.js';
import { readRecord } from './records.js';
import { FAILED, OK, PENDING, Report } from './report.js';
import { checkUntold, verifySignatures } from './signatures.js';
import { openCheckpoint, parseVerifier } from './signed-note.js';
import { LOCAL_CHAINS, runTime } from './time-proof.js';

/**
 * Check every link of a receipt.
 * @param {Uint8Array} data the receipt's bytes
 * @param {string|null} logKey the verifier key of the log that is trusted; without it the receipt's own is taken
 * @returns {Report}
 * @throws {BrokenError} only where `logKey` is no verifier key
 */
export function verifyReceipt(data, logKey = null) {
  const trusted = logKey === null ? null : parseVerifier(logKey);
  const report = new Report();
  const links = openReceipt(data, trusted, report);
  if (!links) return report;
  for (const link of ['seal', 'record', 'signatures', 'checkpoint', 'inclusion'])
    report.run(link, () => links[link]());
  if (links.speaksOfDocuments) report.run('documents', () => links.documents());
  const shown = [];
  for (const anchor of links.receipt.anchors) {
    report.run('anchor', () => links.anchor(anchor));
    if (report.checks.at(-1).status === OK) shown.push(anchor);
    report.run('block', () => links.block(anchor));
  }
  if (!links.receipt.anchors.length)
    report.add('anchor', PENDING, 'recorded and signed for, not anchored in a chain yet');
  runTime(report, links.receipt, shown);
  return report;
}

function openReceipt(data, trusted, report) {
  try {
    const receipt = readReceipt(data);
    const key = trusted ?? parseVerifier(receipt.log_key);
    report.add('format', OK, 'a receipt in canonical form');
    const source = trusted ? 'given by you' : "as the receipt names it: compare it with the operator's";
    report.trust(`the log's key ${key.format()}, ${source}`);
    report.receipt = receipt;
    report.facts = { environment: receipt.environment, lender: receipt.lender };
    return new Links(receipt, key, report);
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    report.add('format', FAILED, error.message);
    return null;
  }
}

function openKey(item, signature) {
  const key = parseJwk(item.jwk);
  const isChained = (signature?.x5c.length ?? 0) > 0;
  if (isChained !== (item.root !== null)) refuse('/keys: a root is there exactly if the signature has an x5c');
  return { ...item, key };
}

function wordOn(word, name, recordedAt) {
  if (!word.present) return `${name}: not deposited`;
  const when = word.received_at <= recordedAt ? 'before' : 'after';
  const size = word.size_ok ? '' : ', of another size than the record says';
  const odd = word.checks.filter(({ status }) => status !== 'ok').map(({ kind, status }) => `${kind} ${status}`);
  return `${name}: deposited ${when} the record${size}${odd.length ? `; found: ${odd.join(', ')}` : ''}`;
}

class Links {
  constructor(receipt, key, report) {
    this.receipt = receipt;
    this.key = key;
    this.report = report;
    this.openedRecord = null;
    this.openedCheckpoint = null;
  }

  seal() {
    if (this.receipt.log_key !== this.key.format()) refuse('/log_key: is not the key of the log that you trust');
    this.key.verify(this.receipt.sealedBytes, this.receipt.seal);
    this.report.trust("the notary's word for the time it received a record and for transaction hashes");
    return `sealed by ${this.key.name}, no byte changed since`;
  }

  record() {
    const { envelope, received_at, index } = this.receipt;
    const record = readRecord(parseCanonical(envelope.payload, MAX_PAYLOAD));
    const { type, id, loan, occurred_at } = record.members;
    this.openedRecord = record;
    this.report.record = record.members;
    Object.assign(this.report.facts, { type, id, loan, occurred_at, received_at, index });
    return `${type} ${id} of loan ${loan}`;
  }

  signatures() {
    if (!this.openedRecord) throw new NotCheckedError('the record could not be read');
    const { envelope, received_at: moment } = this.receipt;
    const keys = this.receipt.keys.map((item, i) => openKey(item, envelope.signatures[i]));
    const signers = envelope.signatures.map((signature) => signature.kid);
    if (keys.length !== signers.length || keys.some(({ key }, i) => key.kid !== signers[i])) {
      refuse('/keys: are not the keys of the signatures, in their order');
    }
    const assurance = verifySignatures(envelope, this.openedRecord, keys, moment);
    this.report.facts.assurance = assurance;
    this.report.facts.signers = keys.map(({ party, key }) => ({ party, kid: key.kid, subject: null }));
    if (assurance !== 'received') {
      this.report.trust("the notary's word for whose keys signed, and when these keys were valid");
    }
    for (const { domain } of envelope.signatures) {
      const registry = domain && `registry ${domain.registry} on chain ${domain.chain_id}`;
      if (domain) this.report.trust(`that ${registry}, which a wallet signed for, was the notary's`);
    }
    checkUntold(envelope, keys, moment);
    return assurance;
  }

  checkpoint() {
    this.openedCheckpoint = openCheckpoint(this.receipt.checkpoint, this.key);
    return `${this.openedCheckpoint.origin} at size ${this.openedCheckpoint.size}, signed`;
  }

  needCheckpoint() {
    if (!this.openedCheckpoint) throw new NotCheckedError('the checkpoint could not be opened');
    return this.openedCheckpoint;
  }

  inclusion() {
    const { size, root } = this.needCheckpoint();
    const { tag, nonce, envelope, index, inclusion } = this.receipt;
    verifyInclusion(index, size, inclusion, leafHash(recordEntry(tag, nonce, envelope.encoded)), root);
    return `the envelope is committed to by entry ${index} of ${size}`;
  }

  get speaksOfDocuments() {
    return this.receipt.documents.length > 0 || Boolean(this.openedRecord?.members.documents);
  }

  documents() {
    if (!this.openedRecord) throw new NotCheckedError('the record could not be read');
    const { documents, received_at } = this.receipt;
    if (documents.length) {
      this.report.trust("the notary's word for which documents were deposited, when, and what it found in them");
    }
    const named = this.openedRecord.members.documents ?? [];
    if (documents.length !== named.length || documents.some((word, i) => word.sha256 !== named[i].sha256)) {
      refuse('/documents: are not the documents that the record names, in their order');
    }
    return documents.map((word, i) => wordOn(word, named[i].name, received_at)).join('; ');
  }

  anchor(anchor) {
    const { size, root } = this.needCheckpoint();
    if (anchor.size !== size || !sameBytes(anchor.root, root)) {
      refuse('the anchor is of another tree size or root than the checkpoint');
    }
    if (!anchor.evidence)
      throw new UnknownError('the receipt carries no evidence of the anchor, and no node was asked');
    verifyEvidence(anchor);
    return `registry ${anchor.registry} holds it in block ${anchor.block_number}, by Merkle-Patricia proof`;
  }

  block(anchor) {
    const block = `block ${anchor.block_hash} of chain ${anchor.chain_id}`;
    this.report.trust(`registry ${anchor.registry} and log ${anchor.log_id}, as the receipt names them`);
    if (LOCAL_CHAINS.includes(anchor.chain_id)) {
      this.report.trust(`whoever runs the node of chain ${anchor.chain_id}: it is a local test chain`);
    }
    this.report.trust(`that ${block} is part of that chain`);
    throw new NotCheckedError(`no node was asked whether ${block} is part of its chain`);
  }
}
