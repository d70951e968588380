// SPDX-License-Identifier: Apache-2.0
/**
 * Verification of an evidence package (FORMATS.md section 19), link by link, without unpacking it:
 *
 *     container -> manifest -> files -> contents -> the links of the history receipt in it -> document, for each
 * @module
 */
import { hex, sameBytes } from './encoding.js';
import { BrokenError, NotCheckedError, refuse } from './errors.js';
import { sha256 } from './hashing.js';
import { parseCanonical } from './json.js';
import { derivedFiles, recordIn } from './package-contents.js';
import { HISTORY, MAX_HISTORY, digest, environment, name, readDocument, seal, sealedBytes } from './receipt.js';
import { Report } from './report.js';
import { isObject, list, object, oneOf, whole } from './shape.js';
import { parseVerifier } from './signed-note.js';
import { Sm3 } from './sm3.js';
import { verifyReceipt } from './verification.js';
import { MAX_FILES, openContainer } from './zip.js';

const FORMAT = 'loan-notary/package@1';
const [MANIFEST, HISTORY_FILE, DOCUMENTS] = ['META-INF/manifest.json', 'history.json', 'documents'];
const MAX_MANIFEST = 16 * 1024 * 1024;
const MOST_TOLD = 10;
const readManifest = object({
  format: oneOf(FORMAT),
  environment,
  lender: name,
  loan: name,
  log_key: name,
  files: list(object({ name, sha256: digest, size: whole }), 0, MAX_FILES),
  seal,
});

/**
 * Check every link of a package.
 * @param {Blob} blob
 * @param {object} trust as for `verifyReceipt`
 * @param {function(number): void} onProgress called with the part of the files that was hashed, 0 to 1
 * @returns {Promise<Report>}
 */
export async function verifyPackage(blob, trust = {}, onProgress = () => {}) {
  const report = new Report();
  await report.runLater('container', async () => {
    const container = await openContainer(blob);
    await new Links(container, report, trust, onProgress).run();
    return `a ZIP archive of ${container.names.length} files`;
  });
  // What the container is was found first, and is told first.
  report.checks.unshift(report.checks.pop());
  return report;
}

class Links {
  constructor(container, report, trust, onProgress) {
    Object.assign(this, { container, report, trust, onProgress, manifest: null });
    this.documents = [...(trust.files ?? [])];
  }

  async run() {
    await this.report.runLater('manifest', () => this.checkManifest());
    await this.report.runLater('files', () => this.checkFiles());
    const history = await this.container.read(HISTORY_FILE, MAX_HISTORY);
    await this.report.runLater('contents', () => this.checkContents(history));
    const found = verifyReceipt(history, { ...this.trust, files: this.documents });
    this.report.checks.push(...found.checks);
    this.report.trusted.push(...found.trusted);
    Object.assign(this.report.facts, found.facts);
    const { loan, document, records } = found;
    Object.assign(this.report, { loan, document, records });
  }

  async checkManifest() {
    const value = parseCanonical(await this.container.read(MANIFEST, MAX_MANIFEST), MAX_MANIFEST);
    if (!isObject(value) || value.format !== FORMAT)
      refuse(`/${MANIFEST}: only packages of the format ${FORMAT} are known here`);
    // Also with a wrong seal: which file was changed is worth telling.
    this.manifest = readManifest(value);
    parseVerifier(this.manifest.log_key).verify(sealedBytes(FORMAT, value), this.manifest.seal);
    return `sealed by ${this.manifest.log_key.split('+')[0]}, for loan ${this.manifest.loan}`;
  }

  get listed() {
    if (!this.manifest) throw new NotCheckedError('the manifest could not be read');
    return this.manifest;
  }

  async checkFiles() {
    const listed = new Map(this.listed.files.map((file) => [file.name, file]));
    const present = this.container.names.filter((file) => file !== MANIFEST).sort();
    const wrong = [...listed.keys()].filter((file) => !present.includes(file)).map((file) => `${file} is missing`);
    wrong.push(...present.filter((file) => !listed.has(file)).map((file) => `${file} is not in the manifest`));
    const both = present.filter((file) => listed.has(file));
    for (const [done, file] of both.entries()) {
      const fault = await this.checkFile(listed.get(file));
      if (fault) wrong.push(fault);
      this.onProgress((done + 1) / both.length);
    }
    if (wrong.length) {
      const more = wrong.length > MOST_TOLD ? `; and ${wrong.length - MOST_TOLD} more` : '';
      refuse(wrong.slice(0, MOST_TOLD).join('; ') + more);
    }
    return `each of the ${listed.size} files is as the manifest has it`;
  }

  /** Return what is wrong with a file, or nothing. */
  async checkFile(file) {
    const [folder, ...rest] = file.name.split('/');
    const isDocument = folder === DOCUMENTS && (rest[1] ?? '').startsWith('document.');
    let found;
    try {
      found = await this.digests(file.name, isDocument);
    } catch (error) {
      if (!(error instanceof BrokenError)) throw error;
      return `${file.name} cannot be read (${error.message})`;
    }
    if (found.sha256 !== file.sha256 || found.size !== file.size) return `${file.name} was changed`;
    if (folder !== DOCUMENTS) return '';
    if (found.sha256 !== (isDocument ? rest[0] : (rest[1] ?? '').split('.')[0]))
      return `${file.name} does not have the SHA-256 that it is named by`;
    if (isDocument) this.documents.push(found);
    return '';
  }

  async digests(file, withSm3) {
    const hashes = [sha256.create(), ...(withSm3 ? [new Sm3()] : [])];
    let size = 0;
    for await (const part of this.container.parts(file)) {
      size += part.length;
      for (const hash of hashes) hash.update(part);
    }
    const [first, second] = hashes.map((hash) => hex(hash.digest()));
    return { sha256: first, sm3: second ?? null, size };
  }

  async checkContents(data) {
    const manifest = this.listed;
    const history = readDocument(data);
    if (history.format !== HISTORY) refuse(`/${HISTORY_FILE}: is not a history receipt`);
    const isSame = ['environment', 'lender', 'log_key'].every((member) => manifest[member] === history[member]);
    const { loan = '' } = recordIn(history.records[0]);
    if (!isSame || manifest.loan !== String(loan)) refuse(`/${MANIFEST}: is not about the loan in ${HISTORY_FILE}`);
    const files = derivedFiles(history, parseCanonical(data, MAX_HISTORY));
    for (const [file, content] of files) {
      const isThere = this.container.entries.has(file);
      if (!isThere || !sameBytes(await this.container.read(file, content.length), content))
        refuse(`/${file}: is not what follows from ${HISTORY_FILE}`);
    }
    return `${files.size} readable files say what ${HISTORY_FILE} says`;
  }
}
