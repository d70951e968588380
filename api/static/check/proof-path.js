// SPDX-License-Identifier: Apache-2.0
/**
 * The way of a record's proof, drawn: from the record's entry over the tree's hashes to the root, the checkpoint and the
 * block. The same stands below it as a list, for whoever reads rather than looks.
 * @module
 */
import { hex } from '../verify/encoding.js';
import { leafHash, recordEntry } from '../verify/hashing.js';
import { inclusionPath } from '../verify/merkle.js';
import { element } from './elements.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, ROW, BOX, HEIGHT] = [340, 46, 104, 28];
const WIDE_BOX = 160;
const MIDDLE = WIDTH / 2;

/**
 * Draw the proof of one record of a receipt.
 * @param {object} document of `readDocument`
 * @param {number} size of the tree
 * @param {{say: function}} language
 * @returns {HTMLElement}
 */
export function proofPath(document, size, { say }) {
  const [record] = document.records;
  const leaf = leafHash(recordEntry(record.tag, record.nonce, record.envelope.encoded));
  const steps = inclusionPath(record.index, size, record.inclusion, leaf);
  const anchor = document.anchors.find(({ state }) => state === 'final') ?? document.anchors[0];
  const title = say('path.title', { index: record.index, size, count: steps.length });
  return element(
    'details',
    { class: 'more path' },
    element('summary', {}, say('path')),
    drawing(title, leaf, steps, anchor, say),
    asText(leaf, steps, anchor, size, say),
  );
}

function drawing(title, leaf, steps, anchor, say) {
  const rows = steps.length + (anchor ? 4 : 3);
  const height = rows * ROW;
  const figure = shape('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': title, class: 'proof' });
  let y = height - ROW / 2;
  const up = (from, to) => figure.append(line(MIDDLE, from, MIDDLE, to));
  box(figure, MIDDLE, y, say('path.record'), 'end');
  up(y - HEIGHT / 2, y - ROW + HEIGHT / 2);
  y -= ROW;
  box(figure, MIDDLE, y, short(leaf), 'own');
  steps.forEach(({ side, sibling, result }, i) => {
    const x = side === 'left' ? BOX / 2 : WIDTH - BOX / 2;
    figure.append(line(x, y - HEIGHT / 2, MIDDLE, y - ROW + HEIGHT / 2));
    up(y - HEIGHT / 2, y - ROW + HEIGHT / 2);
    box(figure, x, y, short(sibling), 'sibling');
    y -= ROW;
    box(figure, MIDDLE, y, short(result), i === steps.length - 1 ? 'root' : 'own');
  });
  up(y - HEIGHT / 2, y - ROW + HEIGHT / 2);
  y -= ROW;
  box(figure, MIDDLE, y, say('path.checkpoint'), 'end');
  if (anchor) {
    up(y - HEIGHT / 2, y - ROW + HEIGHT / 2);
    box(figure, MIDDLE, y - ROW, say('path.block', { number: anchor.block_number }), 'end');
  }
  return figure;
}

function asText(leaf, steps, anchor, size, say) {
  const items = [say('path.leaf', { hash: hex(leaf) })];
  for (const { side, sibling, result } of steps)
    items.push(say(`path.${side}`, { sibling: hex(sibling), result: hex(result) }));
  items.push(say('path.root', { size }));
  if (anchor) items.push(say('path.anchored', { number: anchor.block_number, chain: anchor.chain_id }));
  return element(
    'details',
    {},
    element('summary', {}, say('path.text')),
    element('ol', { class: 'hashes' }, ...items.map((item) => element('li', {}, item))),
  );
}

function box(figure, x, y, text, kind) {
  const width = kind === 'end' ? WIDE_BOX : BOX;
  figure.append(
    shape('rect', { x: x - width / 2, y: y - HEIGHT / 2, width, height: HEIGHT, rx: 6, class: `node ${kind}` }),
    shape('text', { x, y: y + 4, 'text-anchor': 'middle', class: kind }, text),
  );
}

function line(x1, y1, x2, y2) {
  return shape('line', { x1, y1, x2, y2, class: 'edge' });
}

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

function short(hash) {
  return `${hex(hash).slice(0, 10)}…`;
}
