// SPDX-License-Identifier: Apache-2.0
/**
 * What the page says in answer, in Chinese and English.
 * @module
 */
import { EN } from './texts-en.js';
import { ZH } from './texts-zh.js';

export const TEXTS = { zh: ZH, en: EN };

/**
 * Return a function that gives the words of a language for a name, with values put in.
 * @param {string} tag of the language, such as `zh-CN`
 * @returns {function(string, object=): string}
 */
export function wordsOf(tag) {
  const texts = tag.startsWith('zh') ? ZH : EN;
  return (name, values = {}) => texts[name].replace(/\{([a-z]+)\}/g, (_, key) => String(values[key]));
}
