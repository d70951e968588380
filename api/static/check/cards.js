// SPDX-License-Identifier: Apache-2.0
/**
 * One card a result.
 * @module
 */
import { element, listOf } from './elements.js';
import { factsOf, meaningOf, recordsOf } from './facts.js';
import { proofPath } from './proof-path.js';

const MARKS = { recorded: '✓', waiting: '…', missing: '?', altered: '✕', unknown: '?' };

/**
 * Make the card of an answer.
 * @param {string} title the file's name, or the digest
 * @param {object} answer of answers.js
 * @param {object} given `{size, sha256, sm3}` of a document; null for a receipt
 * @param {{say: function, tag: string}} language
 */
export function answerCard(title, answer, given, language) {
  const { say } = language;
  const basis = answer.basis ?? answer;
  const mark = element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[answer.kind]);
  const kind = element('p', { class: 'answer' }, mark);
  kind.append(say(`kind.${answer.kind}`) + (basis.isTest ? say('kind.test') : ''));
  const card = element(
    'article',
    { class: `card ${answer.kind}${basis.isTest ? ' test' : ''}` },
    element('h3', {}, title),
    kind,
    element('p', { class: 'reason' }, reasonOf(answer, say)),
  );
  if (given?.size === 0) card.append(element('p', { class: 'notice' }, say('empty')));
  for (const name of warningsOf(basis)) card.append(element('p', { class: 'notice' }, say(`warning.${name}`)));
  card.append(...factsOf(answer, given, language), ...details(answer, given, language));
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

function details(answer, given, language) {
  const { document, report } = answer.basis ?? answer;
  const isGood = answer.kind === 'recorded' || answer.kind === 'waiting';
  if (!isGood || !document.records) return [];
  const more = [...meaningOf(answer, given, language), ...recordsOf(answer.basis ?? answer, language)];
  const size = sizeOf(report);
  if (document.records.length === 1 && size) more.push(proofPath(document, size, language));
  return more;
}

// The size of the tree, which the checkpoint says on its second line.
function sizeOf({ document }) {
  return Number(document.checkpoint.split('\n')[1]);
}

function reasonOf({ kind, reason, values }, say) {
  const links = values.links?.map((link) => say(`link.${link}`)).join(say('comma'));
  return say(`${kind}.${reason}`, { ...values, links, details: values.details?.join('; ') });
}

function warningsOf({ isTest, isLocal }) {
  return [...(isTest ? ['test'] : []), ...(isLocal ? ['local'] : [])];
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
  const more = element('details', { class: 'more' }, element('summary', {}, say('links')), table);
  if (report.trusted.length)
    more.append(element('h4', {}, say('trusted')), element('div', { lang: 'en' }, listOf(report.trusted)));
  return more;
}
