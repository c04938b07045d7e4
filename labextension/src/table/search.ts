/** Search by words, in the browser; and telling words from the search grammar, which the kernel answers. */

import type { Row } from '../protocol.js';
import { cellText } from './cells.js';

const FIELD = /(^|[\s(])(metrics?|params?|parameters?|tags?|attributes?|attr|run|datasets?)\.\S/i;
const SIGN = /\S\s*(=|!=|<|>)\s*\S/;
const KEYWORD = /\bI?LIKE\s+['"]|\bIN\s*\(|\bIS\s+(NOT\s+)?NULL\b|\bBETWEEN\s+[-+.\d]/i;

/** Whether a text is a filter in the search grammar and not a list of words. */
export function isGrammar(text: string): boolean {
  return FIELD.test(text) || SIGN.test(text) || KEYWORD.test(text);
}

/** The words of a search, in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

const texts = new WeakMap<Row, string>();

/** All that a row says, in lower case; made once per row, since a changed row is a new one. */
export function rowText(row: Row): string {
  let text = texts.get(row);
  if (text === undefined) {
    const tags = Object.entries(row.tags).map(([key, value]) => `${key}=${value}`);
    const own = [row.name, `#${row.number ?? ''}`, row.state.word, row.experiment, row.notebook, row.note];
    text = [...own, ...row.changed, ...tags, ...row.cells.map(cellText), row.id].join('\n').toLowerCase();
    texts.set(row, text);
  }
  return text;
}

/**
 * Make the texts of rows while the browser has nothing else to do, so that the first search finds them made.
 *
 * @returns a function that stops it
 */
export function prepareTexts(rows: readonly Row[]): () => void {
  let place = 0;
  let handle = 0;
  const some = (deadline: IdleDeadline) => {
    while (place < rows.length && deadline.timeRemaining() > 1) {
      for (const stop = Math.min(place + 50, rows.length); place < stop; place++) {
        rowText(rows[place] as Row);
      }
    }
    if (place < rows.length) {
      handle = requestIdleCallback(some);
    }
  };
  if (typeof requestIdleCallback === 'undefined') {
    return () => {}; // Safari: the first search makes them
  }
  handle = requestIdleCallback(some);
  return () => cancelIdleCallback(handle);
}

/** Whether a row holds every word. */
export function holdsWords(row: Row, words: readonly string[]): boolean {
  if (words.length === 0) {
    return true;
  }
  const text = rowText(row);
  return words.every(word => text.includes(word));
}
