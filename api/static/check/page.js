// SPDX-License-Identifier: Apache-2.0
/**
 * The check page: what is dropped, chosen, pasted or scanned is judged here, and nothing leaves the page.
 * @module
 */
import { BrokenError } from '../verify/errors.js';
import { Certificate } from '../verify/certificate.js';
import { relatedKeys } from '../verify/key-history.js';
import { parseVerifier } from '../verify/signed-note.js';
import { answerCode, answerDocument, answerPackage, answerReceipt, isCode, parseDigest } from './answers.js';
import { answerCard, progressCard } from './cards.js';
import { digestFile, readPem, recognise } from './files.js';
import { readCamera, readPicture } from './scan.js';
import { wordsOf } from './texts.js';

const byId = (id) => document.getElementById(id);
const language = { tag: document.documentElement.lang, say: wordsOf(document.documentElement.lang) };
const LIBRARY = { address: byId('scan').dataset.reader, integrity: byId('scan').dataset.integrity };

/**
 * What was given, in order, each with a `title` and one of: `data` of a receipt, `file` of a package, `code` of a QR code,
 * `given` of a document, `answer` if it could not be read.
 */
const items = [];
let work = new AbortController();
let authorities = [];
let turn = 0;
let judgedBy = null;

function trustedKey() {
  return byId('log-key').value.trim() || document.body.dataset.logKey;
}

// The history is of this notary's log. Of another log's key, which somebody has typed, it says nothing.
function keysBeside(logKey) {
  try {
    return relatedKeys(logKey, new TextEncoder().encode(document.body.dataset.keyHistory));
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    return [];
  }
}

function failure(reason, error) {
  return { kind: 'unknown', reason, values: { error: error?.message ?? '' } };
}

async function guarded(judge) {
  try {
    return await judge();
  } catch (error) {
    return failure('fault', error);
  }
}

// Every answer is worked out anew: a receipt may say something about a document that was given before it.
async function answerAll(onProgress) {
  try {
    parseVerifier(trustedKey());
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    return items.map(() => failure('bad-key', error));
  }
  const trust = { logKey: trustedKey(), related: keysBeside(trustedKey()), authorities };
  const answers = [];
  for (const { answer, data, file } of items) {
    if (data) answers.push(await guarded(() => answerReceipt(data, trust)));
    else if (file) answers.push(await guarded(() => answerPackage(file, trust, onProgress)));
    else answers.push(answer ?? null);
  }
  const proofs = answers.filter((answer, i) => items[i].data || items[i].file);
  const receipts = items.flatMap(({ data }) => (data ? [data] : []));
  const rest = items.map(({ given, code }, i) => {
    if (code) return guarded(() => answerCode(code, trust, receipts));
    return answers[i] ?? guarded(() => answerDocument(given, proofs));
  });
  return Promise.all(rest);
}

async function show(onProgress = () => {}) {
  turn += 1;
  const mine = turn;
  judgedBy = trustedKey();
  const answers = await answerAll(onProgress);
  // Something was added or removed meanwhile, and is being shown.
  if (mine !== turn) return;
  const cards = items.map(({ title, given }, i) => answerCard(title, answers[i], given ?? null, language));
  byId('results').replaceChildren(...cards);
  byId('empty').hidden = items.length > 0;
  byId('actions').hidden = items.length === 0;
}

async function readFile(file, signal, onProgress) {
  try {
    const { data, isPackage } = await recognise(file);
    if (data) return { title: file.name, data };
    if (isPackage) return { title: file.name, file };
    const digests = await digestFile(file, onProgress, signal);
    return digests && { title: file.name, given: { name: file.name, size: file.size, ...digests } };
  } catch (error) {
    return { title: file.name, answer: failure('unreadable', error) };
  }
}

async function addFiles(files) {
  const { signal } = work;
  for (const file of files) {
    const { card, onProgress } = progressCard(file.name, language.say);
    byId('results').append(card);
    // So that a large file can be given up.
    byId('actions').hidden = false;
    const item = await readFile(file, signal, onProgress);
    if (signal.aborted) return;
    items.push(item);
    await show(onProgress);
    card.remove();
  }
}

function addText(text) {
  const given = parseDigest(text);
  if (isCode(text)) items.push({ title: language.say('code.title'), code: text.trim() });
  else if (given) items.push({ title: given.sha256, given });
  else items.push({ title: text.slice(0, 80), answer: failure('bad-text') });
  return show();
}

function clear() {
  work.abort();
  work = new AbortController();
  items.length = 0;
  byId('results').replaceChildren();
  show();
  byId('files').focus();
}

function tellScan(name, error) {
  byId('scan-status').textContent = name ? language.say(`scan.${name}`, { error: error?.message ?? '' }) : '';
}

async function scanned(read, whenNone) {
  tellScan('looking');
  try {
    const text = await read();
    tellScan(text ? null : whenNone);
    if (text) await addText(text);
  } catch (error) {
    tellScan(error.name === 'NotAllowedError' ? 'refused' : error.name === 'TypeError' ? 'offline' : 'failed', error);
  }
}

async function useCamera() {
  const dialog = byId('camera');
  const stop = new AbortController();
  dialog.addEventListener('close', () => stop.abort(), { once: true });
  dialog.showModal();
  await scanned(() => readCamera(byId('video'), LIBRARY, stop.signal), null);
  dialog.close();
}

async function readAuthorities(files) {
  const found = (await Promise.all(files.map((file) => file.text()))).flatMap(readPem);
  try {
    for (const der of found) new Certificate(der);
    authorities = found;
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    authorities = [];
  }
  byId('authorities-status').textContent = language.say('authorities', { count: authorities.length });
  await show();
}

function listen() {
  const drop = byId('drop');
  const chosen = (id, use) =>
    byId(id).addEventListener('change', (event) => {
      const files = [...event.target.files];
      event.target.value = '';
      if (files.length) use(files);
    });
  chosen('files', addFiles);
  chosen('picture', ([picture]) => scanned(() => readPicture(picture, LIBRARY), 'none'));
  chosen('authorities', readAuthorities);
  for (const name of ['dragover', 'drop', 'dragleave']) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', name === 'dragover');
      if (name === 'drop') addFiles([...event.dataTransfer.files]);
    });
  }
  byId('inputs').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = byId('digest').value.trim();
    if (text) addText(text);
    byId('digest').value = '';
  });
  // What was typed may be what all was judged by already, and cards made anew would close what was opened in them.
  byId('log-key').addEventListener('change', () => trustedKey() === judgedBy || show());
  byId('use-camera').hidden = !navigator.mediaDevices?.getUserMedia;
  byId('use-camera').addEventListener('click', useCamera);
  byId('stop-camera').addEventListener('click', () => byId('camera').close());
  byId('print').addEventListener('click', () => {
    for (const details of document.querySelectorAll('#results details')) details.open = true;
    window.print();
  });
  byId('clear').addEventListener('click', clear);
}

listen();
document.body.dataset.ready = 'true';
