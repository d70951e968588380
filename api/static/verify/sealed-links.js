// SPDX-License-Identifier: Apache-2.0
/**
 * The links that a receipt and a history receipt have in common: the seal, the checkpoint, its anchors, their blocks.
 * @module
 */
import { sameBytes } from './encoding.js';
import { NotCheckedError, UnknownError, refuse } from './errors.js';
import { verifyEvidence } from './evidence.js';
import { OK, PENDING } from './report.js';
import { openCheckpoint } from './signed-note.js';

export const LOCAL_CHAINS = [1337, 31337];

/** A check returns a sentence for the report, or throws what stands against it. */
export class SealedLinks {
  /** @param {object} document of `readDocument` @param {NoteVerifier} key @param {Report} report */
  constructor(document, key, report) {
    this.document = document;
    this.key = key;
    this.report = report;
    this.opened = null;
  }

  seal() {
    if (this.document.log_key !== this.key.format()) refuse('/log_key: is not the key of the log that you trust');
    this.key.verify(this.document.sealedBytes, this.document.seal);
    this.report.trust("the notary's word for the time it received a record and for transaction hashes");
    return `sealed by ${this.key.name}, no byte changed since`;
  }

  checkpoint() {
    this.opened = openCheckpoint(this.document.checkpoint, this.key);
    return `${this.opened.origin} at size ${this.opened.size}, signed`;
  }

  /** Return the checkpoint once it was checked. @returns {{origin: string, size: number, root: Uint8Array}} */
  openedCheckpoint() {
    if (!this.opened) throw new NotCheckedError('the checkpoint could not be opened');
    return this.opened;
  }

  /** Check every anchor and its block. @returns {object[]} the anchors that evidence speaks for */
  runAnchors() {
    const shown = [];
    for (const anchor of this.document.anchors) {
      this.report.run('anchor', () => this.anchor(anchor));
      if (this.report.checks.at(-1).status === OK) shown.push(anchor);
      this.report.run('block', () => this.block(anchor));
    }
    if (!this.document.anchors.length)
      this.report.add('anchor', PENDING, 'recorded and signed for, not anchored in a chain yet');
    return shown;
  }

  anchor(anchor) {
    const { size, root } = this.openedCheckpoint();
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
