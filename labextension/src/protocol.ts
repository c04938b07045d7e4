/**
 * What the kernel and a panel say to each other: JSON both ways.
 *
 * Every text comes as it is shown, from the same views as the static forms. Raw values travel beside the texts for
 * sorting only. Nothing here is markup.
 */

/** The MIME type of the bundle that a panel displays. */
export const MIME_TYPE = 'application/vnd.jupyter-track+json';

/** The comm target that the kernel registers. */
export const COMM_TARGET = 'jupyter_track';

/** What a panel displays in the notebook, and all that is saved there besides its HTML and text. */
export interface Bundle {
  version: number;
  panel: string;
  kind: 'card' | 'table';
  /** A final bundle never connects: its HTML is all there is to say. */
  final: boolean;
}

/** How the state of a run is said; `token` names the colour of the glyph. */
export interface State {
  glyph: string;
  word: string;
  token: string;
}

/** A curve as a small picture, and in words. */
export interface Spark {
  uri: string;
  alt: string;
  width: number;
  height: number;
  log: boolean;
}

/** A difference to another run; `better` is null where no goal is known or nothing changed. */
export interface Change {
  text: string;
  arrow: string;
  better: boolean | null;
  versus: string;
}

export interface CardMetric {
  key: string;
  goal: string;
  value: string;
  full: string;
  change: Change | null;
  best: string;
  is_best: boolean;
  muted: boolean;
  spark: Spark | null;
}

export interface CardParam {
  key: string;
  text: string;
  full: string;
  source: string;
}

export interface Progress {
  done: number;
  total: number | null;
  unit: string;
  /** `~1 min left`, or empty. */
  left: string;
}

/** Which stop is offered: none, the gentle one, none while it takes effect, the kernel's interrupt. */
export type StopStage = '' | 'stop' | 'stopping' | 'interrupt';

export interface Card {
  id: string;
  state: State;
  name: string;
  number: string;
  color: string;
  changed: string[];
  time: string;
  /** Milliseconds since the epoch; null where the run has not been written. */
  started: number | null;
  /** Seconds so far when the message was sent; null once the run has ended. The view goes on counting. */
  elapsed: number | null;
  metrics: CardMetric[];
  more: number;
  error: string;
  params: CardParam[];
  more_params: string[];
  extras: string[];
  notes: string[];
  short: boolean;
  progress: Progress | null;
  stop: StopStage;
  note: string;
}

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

export interface GoneMessage {
  type: 'gone';
}
export interface CardMessage {
  type: 'card';
  rev: number;
  card: Card;
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
export interface ReplyMessage {
  type: 'reply';
  to: number;
  ok: boolean;
  message?: string;
  /** Of a filter: the runs that match. */
  found?: string[];
  /** Of `delete`: what becomes of those that are still running. */
  said?: string;
  /** Of `open`: the run in full. */
  details?: Details;
}
export type KernelMessage =
  | GoneMessage
  | CardMessage
  | TableMessage
  | RowsMessage
  | PatchMessage
  | CurvesMessage
  | ReplyMessage;

/** The actions and their arguments. Each is answered by a reply, except `curves`, `select` and `choices`. */
export interface Actions {
  stop: { run: string };
  interrupt: { run: string };
  note: { run: string; text: string };
  rename: { run: string; text: string };
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
  choices: { choices: Choices };
  curves: { runs: string[] };
}
export type ActionName = keyof Actions;

export interface ReadyMessage {
  type: 'ready';
}
export type ActionMessage = {
  [Name in ActionName]: { type: 'action'; to: number; name: Name } & Actions[Name];
}[ActionName];
export type ViewMessage = ReadyMessage | ActionMessage;
