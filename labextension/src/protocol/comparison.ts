/** What a comparison and its kernel say to each other. */

import type { State } from './common.js';

/** One column: a run, or a group of runs. */
export interface ComparedRun {
  id: string;
  number: string;
  name: string;
  full: string;
  state: State;
  color: string;
  dash: number[];
  /** How many runs repeat it or are in the group; 1 where there is only itself. */
  repeats: number;
  /** The runs of a group; empty where the column is a run. */
  members: string[];
  /** Whether it is the baseline of its experiment, which is dashed and in the colour of text everywhere. */
  baseline: boolean;
  live: boolean;
}

/** A value: its text, in full, spread, change, noise, interval, method, whether it is best, whether equal to the first. */
export interface ComparedValue {
  t: string;
  f?: string;
  s?: string;
  c?: { text: string; arrow: string; better: boolean | null };
  n?: string;
  i?: string;
  m?: string;
  b?: boolean;
  /** Whether a run of the best column goes on. */
  r?: boolean;
  e?: boolean;
}

export interface ComparedLine {
  group: string;
  label: string;
  full: string;
  goal: string;
  /** The goal in words. */
  words: string;
  right: boolean;
  values: ComparedValue[];
}

/** Text in pieces, and whether a piece is what changed. */
export type Parts = [string, boolean][];

export interface CodeLine {
  sign: ' ' | '+' | '-' | '@';
  parts: Parts;
}

export interface ComparedCode {
  run: string;
  title: string;
  /** Lines that are left out at the end. */
  cut: number;
  lines: CodeLine[];
}

export interface Picture {
  step: number | null;
  path: string;
  hash: string;
  size: number;
  /** The size in words. */
  told: string;
  mime: string;
  /** Whether it can be shown as an image. */
  shown: boolean;
  /** Of a group: the run that it is of, and how people call that run. */
  run?: string;
  whose?: string;
}

/** What stands at one place in several runs: the pictures of each, by step. */
export interface MediaSlot {
  name: string;
  title: string;
  kind: string;
  equal: boolean;
  steps: number[];
  pictures: Picture[][];
}

export interface TableSlot {
  name: string;
  key: string;
  equal: boolean;
  /** Changes where one of the tables does. */
  hash: string;
  size: number;
}

export interface CurveKey {
  key: string;
  goal: string;
}

/** All that a comparison says; parts that did not change are left out of later messages. */
export interface ComparisonState {
  runs: ComparedRun[];
  lines: ComparedLine[];
  equal: number;
  more: number;
  method: string;
  /** Which runs were taken and why, where they were not named. */
  note?: string;
  code: ComparedCode[];
  media: MediaSlot[];
  tables: TableSlot[];
  curves: CurveKey[];
  grouped: boolean;
}

export type ComparisonMessage = { type: 'comparison'; rev: number } & Partial<ComparisonState>;

/** A cell of a joined row: nothing, the same as the first run's, or its text. */
export type JoinedCell = null | true | Parts;

export interface JoinedRow {
  key: string;
  status: string;
  shared: string[];
  /** For each differing column a cell for each run that has the table. */
  cells: JoinedCell[][];
}

export interface ComparisonRowsMessage {
  type: 'comparison-rows';
  table: string;
  /** Why there are none; the other fields are absent then. */
  error?: string;
  start: number;
  total: number;
  told: string;
  equal: number;
  key: string;
  /** Which columns of the comparison have the table. */
  columns: number[];
  shared: string[];
  differing: string[];
  /** How many of all rows can be had, from the first on; absent where all can. */
  kept?: number;
  rows: JoinedRow[];
}

export interface ComparisonActions {
  /** Measure the others against this one. */
  first: { run: string };
  remove: { run: string };
  equal: Record<never, never>;
  diff: { run: string };
  markdown: Record<never, never>;
  picture: { run: string; path: string; large?: boolean };
  /** Answered at once, and by a message with the rows once the tables are joined. */
  rows: { table: string; start: number; count: number; equal: boolean };
}
