/** What of a run a filter can ask for in a report: the values that the table was sent. */

import type { Column } from '../protocol.js';
import { cellFull, cellValue, metricValue } from '../table/cells.js';
import { type Row, tagOf } from '../table/rows.js';

export type Kind = 'metric' | 'param' | 'tag' | 'attribute';

export interface Field {
  /** As errors name it. */
  name: string;
  kind: Kind;
  numeric: boolean;
  time: boolean;
  /** The values that it has, in capitals; empty where it may have any. */
  choices: readonly string[];
  /** As a number; null where it is none, undefined where the run has no such thing. */
  number(row: Row): number | null | undefined;
  /** As a text; undefined where the run has no such thing. */
  text(row: Row): string | undefined;
}

export const ATTRIBUTES = [
  'run_id', 'run_name', 'status', 'artifact_uri', 'user_id', 'start_time', 'end_time', 'duration', 'number', 'experiment', 'notebook', 'note',
  'code', 'pinned'
] as const;
// Maps, since names that a person types lead into them: an object has "constructor" too.
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['name', 'run_name'], ['created', 'start_time'], ['Created', 'start_time'], ['run name', 'run_name'], ['Run name', 'run_name'],
  ['Run Name', 'run_name'], ['experiment_name', 'experiment']
]);
const STATUS = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
const STATUS_OF: ReadonlyMap<string, string> = new Map([
  ['finished', 'FINISHED'], ['failed', 'FAILED'], ['stopped', 'KILLED'], ['scheduled', 'SCHEDULED']
]);
const TRUTH: ReadonlyMap<string, number> = new Map([['True', 1], ['False', 0]]);
const ODD: ReadonlyMap<string, number> = new Map([['inf', Infinity], ['-inf', -Infinity], ['nan', Number.NaN]]);
/** The tags of mlflow that the table was sent in other words; its others are not in a report. */
export const OWN_TAGS: ReadonlyMap<string, (row: Row) => string | undefined> = new Map([
  ['mlflow.runName', (row: Row): string | undefined => row.name],
  ['mlflow.note.content', row => row.note || undefined],
  ['mlflow.parentRunId', row => row.parent ?? undefined]
]);

const NUMBERS: ReadonlyMap<string, (row: Row) => number | undefined> = new Map([
  ['start_time', (row: Row): number | undefined => row.started],
  ['duration', row => (STATUS_OF.has(row.state.word) ? (row.seconds ?? undefined) : undefined)], // of one that runs the store has none
  ['number', row => row.number ?? undefined],
  ['pinned', row => Number(row.pinned)]
]);
const TEXTS: ReadonlyMap<string, (row: Row) => string | undefined> = new Map([
  ['run_id', (row: Row): string | undefined => row.id],
  ['run_name', row => row.name],
  ['status', row => STATUS_OF.get(row.state.word) ?? 'RUNNING'],
  ['experiment', row => row.experiment],
  ['notebook', row => row.notebook || undefined],
  ['note', row => row.note || undefined]
]);

/** An attribute of runs; null where a report does not hold it. */
export function attribute(name: string, rows: Iterable<Row>): Field | null {
  const common = { name, kind: 'attribute' as const, time: name === 'start_time' };
  const number = NUMBERS.get(name);
  if (number !== undefined) {
    return { ...common, numeric: true, choices: [], number, text: row => number(row)?.toString() };
  }
  const text = TEXTS.get(name);
  if (text === undefined || (name === 'notebook' && ![...rows].some(row => row.notebook))) {
    return null;
  }
  return { ...common, numeric: false, choices: name === 'status' ? STATUS : [], number: row => (text(row) === undefined ? undefined : null), text };
}

/** The last value of a metric. */
export function metric(key: string, column: Column | undefined): Field {
  const number = (row: Row) => (column === undefined ? undefined : (metricValue(row, column) ?? undefined));
  return { name: `metrics.${key}`, kind: 'metric', numeric: true, time: false, choices: [], number, text: row => number(row)?.toString() };
}

/** A param: a number where it reads as one and was no text. */
export function param(key: string, column: Column | undefined): Field {
  const text = (row: Row) => {
    const full = column === undefined ? '' : cellFull(row, column);
    return full === '' && (column === undefined || (row.cells[column.place ?? -1] ?? null) === null) ? undefined : full;
  };
  const number = (row: Row) => {
    const told = text(row);
    const value = told === undefined || column === undefined ? undefined : cellValue(row, column);
    if (told === undefined || typeof value === 'number') {
      return told === undefined ? undefined : (value as number);
    }
    return (value === null ? ODD : TRUTH).get(told) ?? null; // a text "nan" is no number
  };
  return { name: `params.${key}`, kind: 'param', numeric: false, time: false, choices: [], number, text };
}

export function tag(key: string): Field {
  const text = OWN_TAGS.get(key) ?? ((row: Row) => tagOf(row, key));
  const number = (row: Row) => (text(row) === undefined ? undefined : null);
  return { name: `tags.${key}`, kind: 'tag', numeric: false, time: false, choices: [], number, text };
}
