// SPDX-License-Identifier: Apache-2.0
/**
 * The links of one record, alone in a receipt or among others in a history receipt: form, signatures, inclusion, documents.
 * @module
 */
import { certifiedKey } from './certificate-chain.js';
import { NotCheckedError, UnknownError, refuse } from './errors.js';
import { MAX_PAYLOAD } from './envelope.js';
import { leafHash, recordEntry } from './hashing.js';
import { parseCanonical } from './json.js';
import { parseJwk } from './keys.js';
import { verifyInclusion } from './merkle.js';
import { readRecord } from './records.js';
import { revocations, verifySignatures } from './signatures.js';

/** A check returns a sentence for the report, or throws what stands against it. */
export class RecordLinks {
  /** @param {object} receipt one of `records` of `readDocument` @param {Report} report */
  constructor(receipt, report) {
    this.receipt = receipt;
    this.report = report;
    this.record = null;
    this.assurance = null;
    this.signers = [];
  }

  /** The entry of the log that the record's nonce and tag open. */
  get entry() {
    const { tag, nonce, envelope } = this.receipt;
    return recordEntry(tag, nonce, envelope.encoded);
  }

  form() {
    this.record = readRecord(parseCanonical(this.receipt.envelope.payload, MAX_PAYLOAD));
    const { type, id, loan } = this.record.members;
    return `${type} ${id} of loan ${loan}`;
  }

  signatures() {
    if (!this.record) throw new NotCheckedError('the record could not be read');
    const { envelope, received_at: moment } = this.receipt;
    const keys = this.keys();
    this.assurance = verifySignatures(envelope, this.record, keys, moment);
    this.signers = keys.map(({ party, key, subject }) => ({ party, kid: key.kid, subject }));
    if (this.assurance !== 'received') {
      this.report.trust("the notary's word for whose keys signed, and when these keys were valid");
    }
    for (const { domain } of envelope.signatures) {
      const registry = domain && `registry ${domain.registry} on chain ${domain.chain_id}`;
      if (domain) this.report.trust(`that ${registry}, which a wallet signed for, was the notary's`);
    }
    const doubts = [...revocations(keys, moment), ...keys.flatMap((item) => item.doubts)];
    if (doubts.length) throw new UnknownError(doubts.join('; '));
    return this.assurance;
  }

  // The keys in the order of the signatures that they made; where one came with certificates, these must vouch for it.
  keys() {
    const { signatures } = this.receipt.envelope;
    const keys = this.receipt.keys.map((item, i) => this.key(item, i));
    if (keys.length !== signatures.length || keys.some(({ key }, i) => key.kid !== signatures[i].kid)) {
      refuse('/keys: are not the keys of the signatures, in their order');
    }
    return keys;
  }

  key(item, number) {
    const key = parseJwk(item.jwk);
    const signature = this.receipt.envelope.signatures[number];
    const isChained = (signature?.x5c.length ?? 0) > 0;
    if (isChained !== (item.root !== null)) refuse('/keys: a root is there exactly if the signature has an x5c');
    const certified = isChained ? certifiedKey(signature, item.root, this.receipt.received_at) : {};
    return { ...item, key, subject: certified.subject ?? null, doubts: certified.doubts ?? [] };
  }

  inclusion({ size, root }) {
    const { index, inclusion } = this.receipt;
    verifyInclusion(index, size, inclusion, leafHash(this.entry), root);
    return `the envelope is committed to by entry ${index} of ${size}`;
  }

  get speaksOfDocuments() {
    return this.receipt.documents.length > 0 || Boolean(this.record?.members.documents);
  }

  documents() {
    if (!this.record) throw new NotCheckedError('the record could not be read');
    const { documents, received_at: recordedAt } = this.receipt;
    if (documents.length) {
      this.report.trust("the notary's word for which documents were deposited, when, and what it found in them");
    }
    const named = this.record.members.documents ?? [];
    if (documents.length !== named.length || documents.some((word, i) => word.sha256 !== named[i].sha256)) {
      refuse('/documents: are not the documents that the record names, in their order');
    }
    return documents.map((word, i) => wordOn(word, named[i].name, recordedAt)).join('; ') || 'none are named';
  }
}

/**
 * Check that a file is a document that one of the records names.
 * @param {{sha256: string, size: number, sm3: string}} file
 * @param {?object[]} records of `readRecord`; null for one that could not be read
 */
export function checkFile(file, records) {
  const named = records.flatMap((record) => record?.members.documents ?? []);
  const item = named.find(({ sha256 }) => sha256 === file.sha256);
  if (!item && records.includes(null)) throw new NotCheckedError('not every record could be read');
  if (!item) refuse(`/documents: no record names a document of the file's SHA-256, ${file.sha256}`);
  if (item.size !== file.size) refuse(`/documents: ${item.name} has ${item.size} bytes by the record, not ${file.size}`);
  if (item.sm3 !== undefined && item.sm3 !== file.sm3)
    refuse(`/documents: ${item.name} has another SM3 by the record than the file's`);
  return `the file is ${item.name}, as the record names it`;
}

function wordOn(word, name, recordedAt) {
  if (!word.present) return `${name}: not deposited`;
  const when = word.received_at <= recordedAt ? 'before' : 'after';
  const size = word.size_ok ? '' : ', of another size than the record says';
  const odd = word.checks.filter(({ status }) => status !== 'ok').map(({ kind, status }) => `${kind} ${status}`);
  return `${name}: deposited ${when} the record${size}${odd.length ? `; found: ${odd.join(', ')}` : ''}`;
}
