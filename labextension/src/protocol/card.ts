/** What a card and its kernel say to each other. */

import type { Change, Spark, State } from './common.js';

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
  /** Whether the run is in the bin. */
  deleted: boolean;
}

export interface CardMessage {
  type: 'card';
  rev: number;
  card: Card;
}

/** The actions of a card; a table has `note` and `rename` too. Each is answered by a reply. */
export interface CardActions {
  stop: { run: string };
  interrupt: { run: string };
  note: { run: string; text: string };
  rename: { run: string; text: string };
  /** Take the run out of the bin; a table takes several. */
  restore: { runs: string[] };
}
