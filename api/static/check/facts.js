// SPDX-License-Identifier: Apache-2.0
/**
 * What a card says of a record, a loan or a document: facts, what they prove, what they do not, how to check again.
 * @module
 */
import { hex } from '../verify/encoding.js';
import { HISTORY } from '../verify/receipt.js';
import { element, listOf, timeOf, timeText } from './elements.js';
import { recordName } from './record-names.js';

const DIGITS_OF_ROOT = 64;

/** Return names and values as a list of facts, or nothing if there are none. */
export function factsOf(answer, given, language) {
  const pairs = [...documentFacts(given, language)];
  const basis = answer.basis ?? answer;
  if (answer.kind !== 'altered' && basis.document?.records) pairs.push(...provedFacts(basis, answer.record, language));
  if (!pairs.length) return [];
  const rows = pairs.flatMap(([name, value, attributes = {}]) => [
    element('dt', {}, language.say(`fact.${name}`)),
    element('dd', attributes, value),
  ]);
  return [element('dl', { class: 'facts' }, ...rows)];
}

/** Return what an answer proves, what not, and how to check it without this site. */
export function meaningOf(answer, given, language) {
  const { say, tag } = language;
  const { document, records, report } = answer.basis ?? answer;
  const { not_later_than: latest, signers = [] } = report.facts;
  const proves = [latest ? say('proves.existed', { time: timeText(latest, tag) }) : say('proves.existed-log')];
  const parties = signers.map(({ party, subject }) => subject ?? say(`party.${party}`));
  if (parties.length) proves.push(say('proves.signed', { parties: parties.join(', ') }));
  proves.push(say(records.length > 1 ? 'proves.complete' : 'proves.order'));
  if (given) proves.push(say('proves.document'));
  const limits = ['true', 'paid', 'later', 'person'].map((name) => say(`not-proves.${name}`));
  if (document.format === HISTORY) limits.push(say('not-proves.findings'));
  if (!given && records.some((record) => record?.documents)) limits.push(say('not-proves.document'));
  return [
    element('h4', {}, say('proves')),
    listOf(proves),
    element('h4', {}, say('not-proves')),
    listOf(limits),
    repeatSteps(document, given, say),
  ];
}

/** Return the records of a loan, one a line. */
export function recordsOf({ document, records }, { say, tag }) {
  if (records.length < 2) return [];
  const items = records.map((record, i) =>
    element(
      'li',
      { class: document.state === 'final' ? 'final' : '' },
      element('strong', {}, record ? recordName(record.type, tag) : say('record.unreadable')),
      element('br'),
      timeOf(document.records[i].received_at, tag),
    ),
  );
  const list = element('ol', { class: 'timeline' }, ...items);
  return [element('details', { class: 'more' }, element('summary', {}, say('records', { count: items.length })), list)];
}

/** Return the address of the page that asks a node of the chain about an anchor: all of it stands behind the `#`. */
export function nodeAddress({ chain_id: chain, block_number: block, block_hash: hash, block_time: time, ...rest }) {
  const { registry, log_id: log, size, root } = rest;
  const values = { chain, block, hash, time, registry, log, size, root: hex(root).padStart(DIGITS_OF_ROOT, '0') };
  return `/check/node#${new URLSearchParams(values)}`;
}

/** Return the anchor that says most. */
export function bestAnchor({ anchors = [] }) {
  return anchors.find((anchor) => anchor.state === 'final') ?? anchors[0];
}

function* documentFacts(given, { say, tag }) {
  if (!given || given.size === null) return;
  yield ['size', say('bytes', { count: given.size.toLocaleString(tag) })];
  yield ['sha256', given.sha256, { class: 'code' }];
  yield ['sm3', given.sm3, { class: 'code' }];
}

function* provedFacts({ document, records, report }, about, { say, tag }) {
  const single = about ?? (records.length === 1 ? records[0] : null);
  const place = records.indexOf(single);
  yield ['lender', document.lender];
  if (report.loan) yield* loanFacts(report, say, tag);
  else if (single) yield ['loan', single.loan];
  if (single) {
    yield ['type', recordName(single.type, tag)];
    yield ['occurred_at', timeOf(single.occurred_at, tag)];
    yield ['received_at', timeOf(document.records[place].received_at, tag)];
  }
  if (report.facts.not_later_than) yield ['latest', timeOf(report.facts.not_later_than, tag)];
  const anchor = bestAnchor(document);
  const block = anchor && { chain: anchor.chain_id, number: anchor.block_number, hash: anchor.block_hash };
  if (block) yield ['block', say('block', block), { class: 'code' }];
  if (report.facts.assurance) yield ['assurance', say(`assurance.${report.facts.assurance}`)];
  if (single) yield ['index', String(document.records[place].index)];
  const names = (single?.documents ?? []).map((item) => item.name).join('\n');
  if (names) yield ['documents', names, { class: 'lines' }];
}

function* loanFacts({ facts, loan }, say, tag) {
  yield ['loan', facts.loan];
  yield ['state', say(`stage.${loan.state}`)];
  const { outstanding } = loan.principal;
  if (outstanding) yield ['outstanding', sumText(outstanding, tag)];
  const holders = loan.holders.map(({ name, share }) => (share === '1' ? name : `${name} (${share})`));
  if (holders.length) yield ['holders', holders.join('\n'), { class: 'lines' }];
  yield ['as_of', timeOf(facts.as_of, tag)];
}

function sumText({ currency, amount }, tag) {
  // As text, so that no digit is lost.
  return new Intl.NumberFormat(tag, { style: 'currency', currency }).format(amount);
}

function repeatSteps(document, given, say) {
  const steps = [];
  const add = (name, code) => steps.push(element('li', {}, say(`repeat.${name}`), element('code', {}, code)));
  add('command', `python loan-notary-verify.pyz --log-key '${document.log_key}' FILE`);
  add('key', document.log_key);
  const anchor = bestAnchor(document);
  if (anchor) {
    add('block', say('block', { chain: anchor.chain_id, number: anchor.block_number, hash: anchor.block_hash }));
    const link = element('a', { href: nodeAddress(anchor), target: '_blank', rel: 'noopener' }, say('repeat.node.link'));
    steps.push(element('li', {}, say('repeat.node'), ' ', link));
  }
  if (given) add('digest', `sha256sum FILE  # ${given.sha256}`);
  return element('details', { class: 'more' }, element('summary', {}, say('repeat')), element('ol', {}, ...steps));
}
