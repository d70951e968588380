// SPDX-License-Identifier: Apache-2.0
/**
 * The check page: what is dropped, chosen or pasted is judged here, and nothing leaves the page.
 * @module
 */
import { BrokenError } from '../verify/errors.js';
import { parseVerifier } from '../verify/signed-note.js';
import { answerDocument, answerReceipt, parseDigest } from './answers.js';
import { answerCard, progressCard } from './cards.js';
import { digestFile, readReceiptFile } from './files.js';
import { wordsOf } from './texts.js';

const byId = (id) => document.getElementById(id);
const language = { tag: document.documentElement.lang, say: wordsOf(document.documentElement.lang) };

/** What was given, in order: `{title, data}` for a receipt, `{title, given}` for a document, `{title, answer}` if read badly. */
const items = [];
let work = new AbortController();

function trustedKey() {
  return byId('log-key').value.trim() || document.body.dataset.logKey;
}

function failure(reason, error) {
  return { kind: 'unknown', reason, values: { error: error?.message ?? '' } };
}

// Every answer is worked out anew: a receipt may say something about a document that was given before it.
function answerAll() {
  try {
    parseVerifier(trustedKey());
  } catch (error) {
    if (!(error instanceof BrokenError)) throw error;
    return items.map(() => failure('bad-key', error));
  }
  const answers = items.map(
    ({ data, answer }) => answer ?? (data && guarded(() => answerReceipt(data, trustedKey()))),
  );
  const receipts = answers.filter((answer, i) => items[i].data);
  return items.map(({ given }, i) => answers[i] ?? guarded(() => answerDocument(given, receipts)));
}

function guarded(work) {
  try {
    return work();
  } catch (error) {
    return failure('fault', error);
  }
}

function show() {
  const answers = answerAll();
  const cards = items.map(({ title, given }, i) => answerCard(title, answers[i], given ?? null, language));
  byId('results').replaceChildren(...cards);
  byId('empty').hidden = items.length > 0;
  byId('actions').hidden = items.length === 0;
}

async function addFile(file, signal) {
  try {
    const data = await readReceiptFile(file);
    if (data) return { title: file.name, data };
    const { card, onProgress } = progressCard(file.name, language.say);
    byId('results').append(card);
    const digests = await digestFile(file, onProgress, signal);
    card.remove();
    return digests && { title: file.name, given: { name: file.name, size: file.size, ...digests } };
  } catch (error) {
    return { title: file.name, answer: failure('unreadable', error) };
  }
}

async function addFiles(files) {
  const { signal } = work;
  for (const file of files) {
    const item = await addFile(file, signal);
    if (signal.aborted) return;
    items.push(item);
    show();
  }
}

function addDigest(text) {
  const given = parseDigest(text);
  items.push(given ? { title: given.sha256, given } : { title: text.slice(0, 80), answer: failure('bad-digest') });
  show();
}

function clear() {
  work.abort();
  work = new AbortController();
  items.length = 0;
  show();
  byId('files').focus();
}

function listen() {
  const drop = byId('drop');
  byId('files').addEventListener('change', (event) => {
    const files = [...event.target.files];
    event.target.value = '';
    addFiles(files);
  });
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
    if (text) addDigest(text);
    byId('digest').value = '';
  });
  byId('log-key').addEventListener('change', show);
  byId('print').addEventListener('click', () => {
    for (const details of document.querySelectorAll('#results details')) details.open = true;
    window.print();
  });
  byId('clear').addEventListener('click', clear);
}

listen();
document.body.dataset.ready = 'true';
