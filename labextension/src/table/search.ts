/** Search by words, in the browser; and telling words from the search grammar, which the kernel answers. */

import type { Column } from '../protocol.js';
import { cellText } from './cells.js';
import type { Row } from './rows.js';

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

/**
 * All that the rows of a table say, in lower case. Each is made once, since a changed row is a new one; other columns
 * say other things.
 */
export class SearchTexts {
  private texts = new WeakMap<Row, string>();

  constructor(private readonly columns: readonly Column[]) {}

  /** All that a row says. */
  of(row: Row): string {
    let text = this.texts.get(row);
    if (text === undefined) {
      const tags = Object.entries(row.tags).map(([key, value]) => `${key}=${value}`);
      const own = [row.name, `#${row.number ?? ''}`, row.state.word, row.experiment, row.notebook, row.note];
      const cells = this.columns.map(column => cellText(row, column));
      text = [...own, ...row.changed, ...tags, ...cells, row.id].join('\n').toLowerCase();
      this.texts.set(row, text);
    }
    return text;
  }

  /** Whether a row holds every word. */
  holds(row: Row, words: readonly string[]): boolean {
    if (words.length === 0) {
      return true;
    }
    const text = this.of(row);
    return words.every(word => text.includes(word));
  }

  /**
   * Make the texts of rows while the browser has nothing else to do, so that the first search finds them made.
   *
   * @returns a function that stops it
   */
  prepare(rows: readonly Row[]): () => void {
    if (typeof requestIdleCallback === 'undefined') {
      return () => {}; // Safari: the first search makes them
    }
    let place = 0;
    let handle = 0;
    const some = (deadline: IdleDeadline) => {
      while (place < rows.length && deadline.timeRemaining() > 1) {
        for (const stop = Math.min(place + 50, rows.length); place < stop; place++) {
          this.of(rows[place] as Row);
        }
      }
      if (place < rows.length) {
        handle = requestIdleCallback(some);
      }
    };
    handle = requestIdleCallback(some);
    return () => cancelIdleCallback(handle);
  }
}
