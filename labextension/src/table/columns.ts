/** Which columns are shown, in which order and how wide. */

import type { Change, Choices, Column } from '../protocol.js';
import { cellText, DURATION, isBest, NAME, NUMBER, STARTED, STATUS } from './cells.js';
import type { Row } from './rows.js';

/** A column as it stands on the page. */
export interface Slot {
  id: string;
  title: string;
  hint: string;
  right: boolean;
  goal: string;
  width: number;
  /** Its place among the columns of the message; null for the columns that every table has. */
  place: number | null;
  column: Column | null;
  main: boolean;
  /** The width that a change to the baseline takes; 0 where the column shows none. */
  changeWidth: number;
}

const MIN_WIDTH = 40;
const MAX_WIDTH = 600;
/** The width of the checkbox before the first column. */
export const MARK_WIDTH = 28;
/** Below this width of the page the first columns are narrow, so that something is left to scroll. */
export const NARROW = 600;

/** How many columns stay while the others are scrolled. */
export const FIXED = 3;

const PADDING = 22;
const BEST_MARK = 22; // and for the best value being bold
const SORT_MARK = 10;
const NUMBER_PADDING = 14;
const SPARK_WIDTH = 84;
const LOG_WIDTH = 22;
const CHANGE_GAP = 6; // as between all parts of a cell
const WIDEST = 240;
/** How many lines the widths are made from. */
export const SAMPLED = 200;
const BOLDER = 1.08; // a name is set in semi-bold
const LAST = [DURATION, STARTED];
/** How narrow and how wide the name becomes so that all columns have room, where the person chose no width. */
const NAME_LEAST = 160;
const NAME_MOST = 420;

interface Own {
  title: string;
  hint: string;
  right: boolean;
  /** The longest text that it is made for, or a width in CSS pixels. */
  holds: string | number;
  narrow: number | null;
}
const OWN: Record<string, Own> = {
  [STATUS]: { title: 'status', hint: 'state of the run', right: false, holds: '● scheduled', narrow: 30 },
  [NUMBER]: { title: '#', hint: 'number in this store', right: true, holds: 46, narrow: 40 },
  [NAME]: { title: 'name', hint: 'name, and what changed', right: false, holds: 244, narrow: 132 },
  [DURATION]: { title: 'duration', hint: 'how long the run took', right: true, holds: '12 m 22 s', narrow: null },
  [STARTED]: { title: 'age', hint: 'when the run began', right: true, holds: 'yesterday 22:22', narrow: null }
};

/** How wide a text is on the page, in CSS pixels. */
export type Measure = (text: string) => number;

/** Widths from the number of characters, where nothing can be measured. */
const byCharacters: Measure = text => text.length * 7.5;

/** Ids of the columns that are shown after the first three, in order. */
export function shownColumns(columns: readonly Column[], chosen: readonly string[] | null): string[] {
  if (chosen === null) {
    return [...columns.filter(column => column.shown).map(column => column.id), ...LAST];
  }
  const known = new Set([...columns.map(column => column.id), ...LAST]);
  return chosen.filter(id => known.has(id));
}

/** The texts that the columns must hold. */
export interface Texts {
  rows: readonly Row[];
  /** What the groups say, one text per column. */
  groups: readonly (readonly string[])[];
  /** What a row says against its baseline. */
  change?: (row: Row, column: Column) => Change | null;
  /** Whether a curve has a log scale, which is said beside it. */
  logged?: boolean;
}

/**
 * Return the columns of the page.
 *
 * @param available - the width of the page, in CSS pixels; 0 where it is not known
 */
export function layout(
  columns: readonly Column[],
  choices: Pick<Choices, 'columns' | 'widths'>,
  texts: Texts,
  available: number,
  measure: Measure = byCharacters
): Slot[] {
  const narrow = available > 0 && available < NARROW;
  const sample = { ...texts, rows: texts.rows.slice(0, SAMPLED) };
  const places = new Map(columns.map((column, place) => [column.id, place]));
  const slots = [STATUS, NUMBER, NAME, ...shownColumns(columns, choices.columns)].map(id => {
    const place = places.get(id) ?? null;
    const column = place === null ? undefined : columns[place];
    const chosen = choices.widths[id] ?? null;
    if (column === undefined || place === null) {
      const { title, hint, right, holds, narrow: least } = OWN[id] as Own;
      const wide = typeof holds === 'number' ? holds : measure(holds) + PADDING;
      const natural = narrow ? (least ?? wide) : wide;
      const number = id === NUMBER ? measure(`${texts.rows[0]?.number ?? ''}`) + NUMBER_PADDING : 0;
      const width = bounded(chosen ?? Math.max(natural, number));
      const bare = narrow && least !== null && least < MIN_WIDTH; // no room for a word: the hint says it
      return { id, title: bare ? '' : title, hint, right, goal: '', place, column: null, main: false, changeWidth: 0, width };
    }
    const changeWidth = widthOfChange(sample, column, measure);
    const natural = naturalWidth(column, place, sample, measure) + (changeWidth > 0 ? CHANGE_GAP + changeWidth : 0);
    const hint = [column.kind, column.key, goalWords(column.goal)].filter(Boolean).join(' · ');
    const { title, right, goal, main } = column;
    return { id, title, hint, right, goal, place, column, main, changeWidth, width: bounded(chosen ?? natural) };
  });
  const elastic = available > 0 && !narrow && choices.widths[NAME] === undefined;
  return elastic ? fitted(slots, sample.rows, available, measure) : slots;
}

/** The columns with a name that gives way so that the last one is seen whole, or takes room that is left. */
function fitted(slots: Slot[], rows: readonly Row[], available: number, measure: Measure): Slot[] {
  const spare = Math.floor(available) - slots.reduce((sum, slot) => sum + slot.width, MARK_WIDTH);
  return slots.map(slot => {
    if (slot.id !== NAME) {
      return slot;
    }
    const wanted = Math.min(longestName(rows, measure), NAME_MOST);
    const width = slot.width + spare;
    if (spare < 0 && width < NAME_LEAST) {
      // Not all columns have room: no empty room after the names, so that as many as can be are seen.
      return { ...slot, width: Math.round(Math.min(slot.width, Math.max(NAME_LEAST, wanted))) };
    }
    if (spare < 0) {
      return { ...slot, width };
    }
    return { ...slot, width: Math.round(Math.max(slot.width, Math.min(width, wanted))) };
  });
}

function longestName(rows: readonly Row[], measure: Measure): number {
  const texts = rows.map(row => [row.name, row.changed.join(', ') || row.note].filter(Boolean).join('   '));
  return measure(texts.reduce(longer, '')) * BOLDER + PADDING + BEST_MARK;
}

/** A width within the bounds, in whole pixels. */
export function bounded(width: number): number {
  return Number.isFinite(width) ? Math.round(Math.min(Math.max(width, MIN_WIDTH - 12), MAX_WIDTH)) : MIN_WIDTH;
}

/** Move one of the shown columns by one place; the first three stay. */
export function moved(shown: readonly string[], id: string, by: number): string[] {
  const from = shown.indexOf(id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= shown.length) {
    return [...shown];
  }
  const others = shown.filter(each => each !== id);
  return [...others.slice(0, to), id, ...others.slice(to)];
}

/** Show or hide a column; one that comes back stands before the columns that close the row. */
export function switched(shown: readonly string[], id: string): string[] {
  if (shown.includes(id)) {
    return shown.filter(each => each !== id);
  }
  const end = LAST.includes(id) ? shown.length : shown.findIndex(each => LAST.includes(each));
  const place = end < 0 ? shown.length : end;
  return [...shown.slice(0, place), id, ...shown.slice(place)];
}

/** Ids of the columns that are equal or empty, or that differ, and are not shown. */
export function hiddenColumns(columns: readonly Column[], shown: readonly string[], equal: boolean): string[] {
  const seen = new Set(shown);
  return columns.filter(column => column.equal === equal && !seen.has(column.id)).map(column => column.id);
}

/** A goal in words. */
function goalWords(goal: string): string {
  const words = goal.startsWith('↑') ? 'higher is better' : goal.startsWith('↓') ? 'lower is better' : '';
  return words && goal.endsWith('?') ? `${words} (guessed from the name)` : words;
}

function naturalWidth(
  column: Column,
  place: number,
  sample: Texts,
  measure: Measure
): number {
  let longest = sample.groups.reduce((text, cells) => longer(text, cells[place] ?? ''), '');
  let best = 0;
  for (const row of sample.rows) {
    longest = longer(longest, cellText(row, column));
    best = isBest(row, column) ? BEST_MARK : best;
  }
  const title = measure(`${column.title} ${column.goal}`) + SORT_MARK;
  const text = Math.min(Math.max(title, measure(longest) + best), WIDEST);
  return text + PADDING + (column.main ? SPARK_WIDTH + (sample.logged ? LOG_WIDTH : 0) : 0);
}

function widthOfChange(sample: Texts, column: Column, measure: Measure): number {
  let longest = '';
  for (const row of sample.rows) {
    const change = sample.change?.(row, column);
    longest = change ? longer(longest, `${change.text} ${change.arrow}`) : longest;
  }
  return longest ? Math.ceil(measure(longest)) + 2 : 0;
}

function longer(one: string, other: string): string {
  return other.length > one.length ? other : one;
}
