// SPDX-License-Identifier: Apache-2.0
/**
 * The page that asks a node of the visitor's choice about an anchor, and nobody before he presses the button.
 * @module
 */
import { element } from '../check/elements.js';
import { ask, readAnchor } from './ask.js';
import { Node, NodeError } from './rpc.js';
import { TEXTS } from './texts.js';

const byId = (id) => document.getElementById(id);
const texts = TEXTS[document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'];
const say = (name, values = {}) => texts[name].replace(/\{([a-z]+)\}/g, (_, key) => String(values[key]));
const MARKS = { recorded: '✓', waiting: '…', altered: '✕', unknown: '?' };
const anchor = readAnchor(window.location.hash);

function show({ kind, reason, values }) {
  const mark = element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[kind]);
  const answer = element('p', { class: 'answer' }, mark, say(`kind.${kind}`));
  const text = element('p', { class: 'reason' }, say(`${kind}.${reason}`, values));
  byId('answer').replaceChildren(element('article', { class: `card ${kind}` }, answer, text));
}

async function asked(url) {
  byId('answer').textContent = say('asking');
  try {
    show(await ask(new Node(url), anchor));
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    show({ kind: 'unknown', reason: 'node', values: { error: error.message } });
  }
}

function start() {
  if (!anchor) {
    byId('ask').hidden = true;
    show({ kind: 'unknown', reason: 'values', values: {} });
    return;
  }
  const rows = Object.entries(anchor).flatMap(([name, value]) => [
    element('dt', {}, say(`value.${name}`)),
    element('dd', { class: 'code' }, value),
  ]);
  byId('values').replaceChildren(...rows);
  byId('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    asked(byId('url').value.trim());
  });
}

start();
document.body.dataset.ready = 'true';
