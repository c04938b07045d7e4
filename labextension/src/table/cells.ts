/** What a row says in a column: as a text, in full, and as a value to sort by. */

import { middleCut, number, repr } from '../format.js';
import type { Cell, Column, MetricValue } from '../protocol.js';
import { type Row, tagOf } from './rows.js';

/** A value to sort by: null stands for nothing and for NaN, and comes last. */
export type Value = number | string | null;

/** Ids of the columns that every table has. */
export const STATUS = 'attributes.status';
export const NUMBER = 'attributes.number';
export const NAME = 'attributes.name';
export const DURATION = 'attributes.duration';
export const STARTED = 'attributes.start_time';

/** Runs that broke off: their last value is no result. */
export const BROKEN = /^(failed|stopped|lost)/;

const LIMIT = 32; // characters of a value, as in views.format
const WORDS: Record<string, number> = { NaN: Number.NaN, inf: Infinity, '-inf': -Infinity };
const NUMERIC = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** The last value of a metric in a row, NaN and infinities too; null where it has none. */
export function metricValue(row: Row, column: Column): number | null {
  const cell = cellOf(row, column);
  const value = Array.isArray(cell) ? cell[0] : cell;
  return value === null || typeof value === 'object' ? null : numberOf(value);
}

/** The text of a row in a column as it is shown. */
export function cellText(row: Row, column: Column): string {
  const cell = cellOf(row, column);
  if (cell === null) {
    return '';
  }
  if (column.kind === 'metric') {
    const value = metricValue(row, column);
    return value === null ? '' : number(value, column);
  }
  return typeof cell === 'string' ? middleCut(cell, LIMIT) : textOf(cell);
}

/** What a row says in a column in full: every digit of a number, and its step. */
export function cellFull(row: Row, column: Column): string {
  const cell = cellOf(row, column);
  if (cell === null) {
    return '';
  }
  if (column.kind === 'metric') {
    const value = metricValue(row, column);
    const step = Array.isArray(cell) && cell[1] !== null ? ` at step ${cell[1]}` : '';
    return value === null ? '' : `${repr(value)}${step}`;
  }
  return typeof cell === 'string' ? cell : isRich(cell) ? (cell.f ?? cell.t) : '';
}

/** What is copied of a row in a column: all of the value, without its step. */
export function cellCopy(row: Row, column: Column): string {
  const value = column.kind === 'metric' ? metricValue(row, column) : null;
  return value === null ? cellFull(row, column) : repr(value);
}

/** The value of a row in a column. */
export function cellValue(row: Row, column: Column): Value {
  const cell = cellOf(row, column);
  if (column.kind === 'metric') {
    const value = metricValue(row, column);
    return value === null || Number.isNaN(value) ? null : value;
  }
  if (typeof cell === 'string') {
    return column.kind === 'param' && NUMERIC.test(cell) ? Number(cell) : cell || null;
  }
  return isRich(cell) ? (cell.v === undefined ? cell.t || null : cell.v) : null;
}

/** Whether a row's value in a column is to be muted: nobody has written it. */
export function isMuted(row: Row, column: Column): boolean {
  const cell = cellOf(row, column);
  return isRich(cell) && cell.m === true;
}

/** Whether a metric of a row has a curve: more than one point. */
export function hasCurve(row: Row, column: Column): boolean {
  return Array.isArray(cellOf(row, column));
}

/** Whether a row has the best value of a column; one that broke off has not. */
export function isBest(row: Row, column: Column): boolean {
  const value = column.best === null || row.deleted || BROKEN.test(row.state.word) ? null : metricValue(row, column);
  return value !== null && value === column.best;
}

/**
 * How to read the value of a column from a row.
 *
 * @param id - of one of the columns that every table has, or of the message's
 * @param index - the message's columns, by id
 */
export function reader(id: string, index: ReadonlyMap<string, Column>): (row: Row) => Value {
  switch (id) {
    case STATUS:
      return row => row.state.word;
    case NUMBER:
      return row => row.number;
    case NAME:
      return row => row.name;
    case DURATION:
      return row => row.seconds;
    case STARTED:
      return row => row.started;
  }
  const column = index.get(id);
  return column === undefined ? () => null : row => cellValue(row, column);
}

function cellOf(row: Row, column: Column): Cell {
  if (column.place !== null) {
    return row.cells[column.place] ?? null;
  }
  if (column.kind === 'tag') {
    return tagOf(row, column.key) ?? null;
  }
  return (column.key === 'experiment' ? row.experiment : column.key === 'notebook' ? row.notebook : '') || null;
}

function numberOf(value: MetricValue): number | null {
  return typeof value === 'number' ? value : (WORDS[value] ?? null);
}

function isRich(cell: Cell): cell is Extract<Cell, { t: string }> {
  return typeof cell === 'object' && cell !== null && !Array.isArray(cell);
}

function textOf(cell: Cell): string {
  return isRich(cell) ? cell.t : '';
}
