// SPDX-License-Identifier: Apache-2.0
/**
 * One card a result. All text goes in as text, never as markup.
 * @module
 */
import { recordName } from './record-names.js';

const MARKS = { recorded: '✓', waiting: '…', missing: '?', altered: '✕', unknown: '?' };

/**
 * Make an element.
 * @param {string} name
 * @param {object} attributes
 * @param {...(Node|string)} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * Make the card of an answer.
 * @param {string} title the file's name, or the digest
 * @param {object} answer of answers.js
 * @param {object} given `{size, sha256, sm3}` of a document; null for a receipt
 * @param {{say: function, tag: string}} language
 */
export function answerCard(title, answer, given, language) {
  const { say } = language;
  const { isTest } = answer.basis ?? answer;
  const kind = element(
    'p',
    { class: 'answer' },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[answer.kind]),
  );
  kind.append(say(`kind.${answer.kind}`) + (isTest ? say('kind.test') : ''));
  const card = element(
    'article',
    { class: `card ${answer.kind}${isTest ? ' test' : ''}` },
    element('h3', {}, title),
    kind,
  );
  card.append(element('p', { class: 'reason' }, reasonOf(answer, say)));
  if (given?.size === 0) card.append(element('p', { class: 'notice' }, say('empty')));
  for (const warning of warningsOf(answer.basis ?? answer, say)) card.append(warning);
  const facts = factsOf(answer, given, language);
  if (facts.length) card.append(element('dl', { class: 'facts' }, ...facts.flat()));
  const basis = answer.basis ?? answer;
  if (answer.kind === 'recorded' || answer.kind === 'waiting') card.append(...meaning(basis, given, language));
  if (answer.report) card.append(linksOf(answer.report, say));
  return card;
}

/** Make the card of a file that is still read; `onProgress` moves its bar. */
export function progressCard(title, say) {
  const bar = element('progress', { max: '1', value: '0', 'aria-label': `${say('hashing')}: ${title}` });
  const card = element(
    'article',
    { class: 'card working' },
    element('h3', {}, title),
    element('p', {}, say('hashing')),
    bar,
  );
  return {
    card,
    onProgress: (part) => {
      bar.value = part;
    },
  };
}

function reasonOf({ kind, reason, values }, say) {
  const links = values.links?.map((link) => say(`link.${link}`)).join(', ');
  return say(`${kind}.${reason}`, { ...values, links, details: values.details?.join('; ') });
}

function warningsOf({ isTest, isLocal }, say) {
  const names = [...(isTest ? ['test'] : []), ...(isLocal ? ['local'] : [])];
  return names.map((name) => element('p', { class: 'notice' }, say(`warning.${name}`)));
}

function factsOf(answer, given, { say, tag }) {
  const pairs = [];
  const add = (name, value, attributes = {}) =>
    pairs.push([element('dt', {}, say(`fact.${name}`)), element('dd', attributes, value)]);
  if (given && given.size !== null) {
    add('size', say('bytes', { count: given.size.toLocaleString(tag) }));
    add('sha256', given.sha256, { class: 'code' });
    add('sm3', given.sm3, { class: 'code' });
  }
  const { receipt, record, report } = answer.basis ?? answer;
  if (!record || answer.kind === 'altered') return pairs;
  add('type', recordName(record.type, tag));
  add('lender', receipt.lender);
  add('loan', record.loan);
  add('occurred_at', timeText(record.occurred_at, tag));
  add('received_at', timeText(receipt.received_at, tag));
  const anchor = bestAnchor(receipt);
  if (report.facts.not_later_than) add('latest', timeText(report.facts.not_later_than, tag));
  if (anchor) {
    add('block', say('block', { chain: anchor.chain_id, number: anchor.block_number, hash: anchor.block_hash }), {
      class: 'code',
    });
  }
  if (report.facts.assurance) add('assurance', say(`assurance.${report.facts.assurance}`));
  add('index', String(receipt.index));
  const names = (record.documents ?? []).map((item) => item.name).join('\n');
  if (names) add('documents', names, { class: 'lines' });
  return pairs;
}

function meaning({ receipt, record, report }, given, { say, tag }) {
  const { not_later_than: latest } = report.facts;
  const proves = [latest ? say('proves.existed', { time: timeText(latest, tag) }) : say('proves.existed-log')];
  const parties = (report.facts.signers ?? []).map(({ party, subject }) => subject ?? say(`party.${party}`));
  if (parties.length) proves.push(say('proves.signed', { parties: parties.join(', ') }));
  proves.push(say('proves.order'));
  if (given) proves.push(say('proves.document'));
  const limits = ['true', 'paid', 'later', 'person'].map((name) => say(`not-proves.${name}`));
  if (!given && record.documents) limits.push(say('not-proves.document'));
  return [
    element('h4', {}, say('proves')),
    listOf(proves),
    element('h4', {}, say('not-proves')),
    listOf(limits),
    repeatSteps(receipt, given, say),
  ];
}

function repeatSteps(receipt, given, say) {
  const steps = [];
  const add = (name, code) => steps.push(element('li', {}, say(`repeat.${name}`), element('code', {}, code)));
  add('command', `python loan-notary-verify.pyz receipt.json --log-key '${receipt.log_key}'`);
  add('key', receipt.log_key);
  const anchor = bestAnchor(receipt);
  if (anchor)
    add('block', say('block', { chain: anchor.chain_id, number: anchor.block_number, hash: anchor.block_hash }));
  if (given) add('digest', `sha256sum FILE  # ${given.sha256}`);
  return element('details', { class: 'more' }, element('summary', {}, say('repeat')), element('ol', {}, ...steps));
}

function linksOf(report, say) {
  const rows = report.checks.map(({ link, status, detail }) =>
    element(
      'tr',
      { class: status.replace(' ', '-') },
      element('th', { scope: 'row' }, say(`link.${link}`)),
      element('td', {}, say(`status.${status}`)),
      element('td', { lang: 'en' }, detail),
    ),
  );
  const table = element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': say('links') },
    element('table', {}, element('tbody', {}, ...rows)),
  );
  const trusted = element('div', { lang: 'en' }, listOf(report.trusted));
  const more = element('details', { class: 'more' }, element('summary', {}, say('links')), table);
  if (report.trusted.length) more.append(element('h4', {}, say('trusted')), trusted);
  return more;
}

function listOf(sentences) {
  return element('ul', {}, ...sentences.map((sentence) => element('li', {}, sentence)));
}

function bestAnchor({ anchors }) {
  return anchors.find((anchor) => anchor.state === 'final') ?? anchors[0];
}

// The reader's own time for people, and the exact one beside it.
function timeText(text, tag) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  return `${date.toLocaleString(tag, { dateStyle: 'long', timeStyle: 'long' })} (${text})`;
}
