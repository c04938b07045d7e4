/**
 * What the kernel and a panel say to each other: JSON both ways.
 *
 * Every text comes as it is shown, from the same views as the static forms; but for the rows of a table, which may be
 * 10,000: their numbers and times come raw, and format.ts writes them as those views do. Nothing here is markup.
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
  rows: WireRow[];
  total: number;
  more: boolean;
  /** How each state is said. */
  states: Record<string, State>;
  /** The colours of the runs, by their number modulo how many there are. */
  colors: string[];
  empty: string;
  choices: Partial<Choices>;
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
