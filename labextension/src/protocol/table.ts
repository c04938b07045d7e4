/** What a table and its kernel say to each other. */

import type { Change, Spark, State } from './common.js';

export type ColumnKind = 'metric' | 'param' | 'tag' | 'attribute';

export interface Column {
  /** Unique in the table: `metrics.loss`, `params.lr`, `tags.team`, `attributes.experiment`. */
  id: string;
  key: string;
  title: string;
  kind: ColumnKind;
  right: boolean;
  /** `↑` or `↓`, with `?` where it is a guess; empty where none is known. */
  goal: string;
  main: boolean;
  /** Whether it is shown unless the person chose otherwise. */
  shown: boolean;
  /** Whether all runs have the same value, or none has one. */
  equal: boolean;
  /** The width that the person chose, in CSS pixels. */
  width: number | null;
}

/** A cell with more than a text: `f` in full, `v` for sorting, `b` best, `m` muted, `s` its curve, `c` its change. */
export interface RichCell {
  t: string;
  f?: string;
  v?: number | string | null;
  b?: boolean;
  m?: boolean;
  s?: Spark;
  c?: Change;
}

/** One value of a row: nothing, a text that sorts as it reads, or more. NaN has `v` null and the text `NaN`. */
export type Cell = null | string | RichCell;

/** What stands behind one line: failed attempts, or repeats of the same code, params and data. */
export interface Fold {
  kind: 'failed' | 'repeat';
  count: number;
  /** All runs of the fold, this one first. */
  ids: string[];
}

export interface Row {
  id: string;
  number: number | null;
  state: State;
  name: string;
  color: string;
  changed: string[];
  /** The id of the parent run, or null. */
  parent: string | null;
  pinned: boolean;
  baseline: boolean;
  /** Whether it is still running. */
  live: boolean;
  deleted: boolean;
  experiment: string;
  notebook: string;
  note: string;
  tags: Record<string, string>;
  /** One per column, in the order of the columns. */
  cells: Cell[];
  /** As shown, and in seconds; while it runs, at the moment of sending. */
  duration: [string, number | null];
  /** As shown, milliseconds since the epoch, and in ISO 8601. */
  age: [string, number, string];
  fold?: Fold;
  /** What it is called together with the runs that differ from it only in the seed; where a seed tells runs apart. */
  alike?: string;
}

export interface SortKey {
  column: string;
  descending: boolean;
}

/** What a person chose; the kernel keeps it per notebook. */
export interface Choices {
  sort: SortKey[];
  /** Ids of the columns that are shown, in their order; null for the kernel's own choice. */
  columns: string[] | null;
  widths: Record<string, number>;
  filter: string;
  /** The id of the column whose values make the groups; empty for none. */
  group: string;
}

/** A record in full, as `run_details` gives it. */
export interface Details {
  name: string;
  number: string;
  state: State | null;
  facts: [string, string][];
  problems: string[];
  grids: { header: string[]; rows: string[][]; right: boolean[] }[];
  block: string;
}

export interface TableMessage {
  type: 'table';
  rev: number;
  columns: Column[];
  rows: Row[];
  total: number;
  more: boolean;
  foot: string[];
  empty: string;
  choices: Partial<Choices>;
}
export interface RowsMessage {
  type: 'rows';
  rows: Row[];
  more: boolean;
}
export interface PatchMessage {
  type: 'patch';
  rev: number;
  rows: Row[];
  removed: string[];
  foot: string[];
}
/** Curves of rows that the view asked for with the action `curves`; null where a run has none. */
export interface CurvesMessage {
  type: 'curves';
  curves: Record<string, Spark | null>;
}

/** The actions of a table. Each is answered by a reply, except `curves`, `select` and `choices`. */
export interface TableActions {
  tag: { runs: string[]; key: string; value: string };
  untag: { runs: string[]; key: string };
  pin: { runs: string[] };
  unpin: { runs: string[] };
  baseline: { run: string };
  move: { runs: string[]; experiment: string };
  delete: { runs: string[] };
  restore: { runs: string[] };
  filter: { text: string };
  open: { run: string };
  select: { runs: string[] };
  choices: { choices: object };
  curves: { runs: string[] };
}
