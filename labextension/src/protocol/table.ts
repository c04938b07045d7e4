/** What a table and its kernel say to each other. */

import type { Spark, State } from './common.js';

export type ColumnKind = 'metric' | 'param' | 'tag' | 'attribute';

export interface Column {
  /** Unique in the table: `metrics.loss`, `params.lr`, `tags.team`, `attributes.experiment`. */
  id: string;
  key: string;
  title: string;
  kind: ColumnKind;
  /** Where its values stand in the cells of a row; null for tags and attributes, which a row has by name. */
  place: number | null;
  right: boolean;
  /** `↑` or `↓`, with `?` where it is a guess; empty where none is known. */
  goal: string;
  main: boolean;
  /** Whether it is shown unless the person chose otherwise. */
  shown: boolean;
  /** Whether all runs have the same value, or none has one. */
  equal: boolean;
  /** How the numbers of a metric are written: digits after the point, and those of one such as `1.24e-4`. */
  decimals: number;
  mantissa: number;
  /** The best value of a metric whose goal is known, where the runs differ. */
  best: number | null;
}

/** A param with more than a text: `f` in full, `v` what it sorts by, `m` muted. */
export interface RichCell {
  t: string;
  f?: string;
  v?: number | string | null;
  m?: boolean;
}

/** The value of a metric: a number, or the word for one that JSON has not: `NaN`, `inf`, `-inf`. */
export type MetricValue = number | string;

/**
 * One value of a row. Of a metric: its last value, and its step where there is more than one point. Of a param: its
 * text, which sorts as the number that it reads as, or else as a text; or more.
 */
export type Cell = null | MetricValue | [MetricValue, number | null] | RichCell;

/** What stands behind one line: failed attempts, or repeats of the same code, params and data. */
export interface Fold {
  kind: 'failed' | 'repeat';
  count: number;
  /** All runs of the fold, this one first. */
  ids: string[];
}

/** One run of a table. What is usual is left out: no note, no tags, not pinned. */
export interface WireRow {
  id: string;
  number: number | null;
  /** One of the table's states, or how a state is said that is none of them. */
  state: string | State;
  name: string;
  /** Milliseconds since the epoch. */
  started: number;
  /** How long it took; while it runs, at the moment of sending. */
  seconds: number | null;
  experiment: string;
  notebook?: string;
  /** At the places that the columns say; what is missing at the end is nothing. */
  cells: Cell[];
  changed?: string[];
  /** The id of the parent run. */
  parent?: string;
  note?: string;
  pinned?: boolean;
  baseline?: boolean;
  /** Whether it is still running. */
  live?: boolean;
  deleted?: boolean;
  tags?: Record<string, string>;
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
  /** Whether the curves of a column share one scale. */
  shared: boolean;
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
  rows: WireRow[];
  total: number;
  more: boolean;
  /** How each state is said. */
  states: Record<string, State>;
  /** The colours of the runs, by their number modulo how many there are. */
  colors: string[];
  empty: string;
  choices: Partial<Choices>;
  /** Whether the rows stand in an order of their own, such as the best first; else the newest are first. */
  ordered?: boolean;
  /** Ids of runs below which what is there is open at first. */
  open?: string[];
}
export interface RowsMessage {
  type: 'rows';
  rows: WireRow[];
  /** The columns, where they have changed since the table was sent. */
  columns?: Column[];
  more: boolean;
}
export interface PatchMessage {
  type: 'patch';
  rev: number;
  rows: WireRow[];
  removed: string[];
  /** The columns, where they have changed. */
  columns?: Column[];
}
/** Curves of rows that the view asked for with the action `curves`; null where a run has none. */
export interface CurvesMessage {
  type: 'curves';
  curves: Record<string, Spark | null>;
  /** What their common scale is called, empty where each has its own: curves of another scale are drawn no more. */
  scale: string;
}

/** The actions of a table. Each is answered by a reply, except `curves`, `select` and `choices`. */
export interface TableActions {
  tag: { runs: string[]; key: string; value: string };
  untag: { runs: string[]; key: string };
  pin: { runs: string[] };
  unpin: { runs: string[] };
  baseline: { run: string };
  /** Let the experiment of a run have no baseline. */
  unbaseline: { run: string };
  move: { runs: string[]; experiment: string };
  delete: { runs: string[] };
  restore: { runs: string[] };
  filter: { text: string };
  open: { run: string };
  select: { runs: string[] };
  choices: { choices: object };
  curves: { runs: string[]; shared: boolean };
}
