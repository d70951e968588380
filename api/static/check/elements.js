// SPDX-License-Identifier: Apache-2.0
/**
 * Parts of pages made by scripts. All text goes in as text, never as markup.
 * @module
 */

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

/** Make a list of sentences. */
export function listOf(sentences) {
  return element('ul', {}, ...sentences.map((sentence) => element('li', {}, sentence)));
}

/** Write a moment in the reader's own time. */
export function timeText(text, tag) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toLocaleString(tag, { dateStyle: 'long', timeStyle: 'long' });
}

/** Make a moment in the reader's own time, and the exact one beside it. */
export function timeOf(text, tag) {
  const exact = element('span', { class: 'exact' }, text);
  return element('time', { datetime: text }, timeText(text, tag), ' ', exact);
}
