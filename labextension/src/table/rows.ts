/** A run of the table as the views have it: what the kernel leaves out is filled in once, when it arrives. */

import { duration } from '../format.js';
import type { Cell, Fold, State, WireRow } from '../protocol.js';

export interface Row {
  readonly id: string;
  readonly number: number | null;
  readonly state: State;
  readonly name: string;
  readonly color: string;
  readonly started: number;
  readonly seconds: number | null;
  readonly experiment: string;
  readonly notebook: string;
  readonly cells: readonly Cell[];
  readonly changed: readonly string[];
  readonly parent: string | null;
  readonly note: string;
  readonly pinned: boolean;
  readonly baseline: boolean;
  readonly live: boolean;
  readonly deleted: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly fold: Fold | null;
  /** What it is called together with the runs that differ from it only in the seed. */
  readonly alike: string | null;
}

/** What all rows of a table share. */
export interface Shared {
  states: Readonly<Record<string, State>>;
  colors: readonly string[];
}

const NONE: readonly string[] = [];
const NO_TAGS: Readonly<Record<string, string>> = {};

/** Fill in what a row leaves out. */
export function rowOf(wire: WireRow, { states, colors }: Shared): Row {
  const { number, state } = wire;
  return {
    id: wire.id,
    number,
    state: typeof state === 'string' ? (states[state] ?? { glyph: '?', word: state, token: 'warning' }) : state,
    name: wire.name,
    color: number === null ? '' : (colors[number % colors.length] ?? ''),
    started: wire.started,
    seconds: wire.seconds,
    experiment: wire.experiment,
    notebook: wire.notebook ?? '',
    cells: wire.cells,
    changed: wire.changed ?? NONE,
    parent: wire.parent ?? null,
    note: wire.note ?? '',
    pinned: wire.pinned ?? false,
    baseline: wire.baseline ?? false,
    live: wire.live ?? false,
    deleted: wire.deleted ?? false,
    tags: wire.tags ?? NO_TAGS,
    fold: wire.fold ?? null,
    alike: wire.alike ?? null
  };
}

/** The value of a tag; undefined where a run has none of that name, of which "constructor" may be one. */
export function tagOf(row: Row, key: string): string | undefined {
  return Object.hasOwn(row.tags, key) ? row.tags[key] : undefined;
}

/** How long a run took. */
export function tookText(row: Row): string {
  return row.seconds === null ? '' : duration(row.seconds);
}
