/** Brushes: a stretch of an axis each. A run is brushed where it lies within all of them. */

import type { ManyAxis, ManyRun } from '../protocol.js';

/** From and to, as shares of an axis from 0 to 1. */
export type Range = readonly [number, number];

/** How far a key moves a brush, or an edge of it. */
const STEP = 0.05;
/** A brush that is narrower is none. */
export const LEAST = 0.02;
const FIRST = 0.25;
const SLACK = 1e-6;

/** The brushes of a chart by the id of their axis. Values, never changed in place. */
export type Brushes = ReadonlyMap<string, Range>;

export const NO_BRUSHES: Brushes = new Map();

/** Brush a stretch of an axis, or none of it. */
export function brushed(brushes: Brushes, axis: string, range: Range | null): Brushes {
  const made = new Map(brushes);
  if (range === null) {
    made.delete(axis);
  } else {
    made.set(axis, ordered(range));
  }
  return made;
}

/** The runs that lie within all brushes, in their order; none where nothing is brushed. */
export function within(brushes: Brushes, axes: readonly ManyAxis[], runs: readonly ManyRun[]): string[] {
  const used = axes.flatMap(axis => {
    const range = brushes.get(axis.id);
    return range === undefined ? [] : [[axis.shares, range] as const];
  });
  if (used.length === 0) {
    return [];
  }
  const inside = (at: number) =>
    used.every(([shares, [from, to]]) => {
      const share = shares[at];
      return share !== null && share !== undefined && share >= from - SLACK && share <= to + SLACK;
    });
  return runs.flatMap((run, at) => (inside(at) ? [run.id] : []));
}

/** Keep only the brushes of axes that are still there. */
export function kept(brushes: Brushes, axes: readonly ManyAxis[]): Brushes {
  const ids = new Set(axes.map(axis => axis.id));
  return new Map([...brushes].filter(([id]) => ids.has(id)));
}

/** What a key makes of a brush: arrows move it, with Shift they widen and narrow it; undefined for other keys. */
export function afterKey(range: Range | null, key: string, shift: boolean): Range | null | undefined {
  const up = key === 'ArrowUp' || key === 'ArrowRight';
  const down = key === 'ArrowDown' || key === 'ArrowLeft';
  if (key === 'Delete' || key === 'Backspace') {
    return null;
  }
  if (!up && !down) {
    return undefined;
  }
  if (range === null) {
    return up ? [1 - FIRST, 1] : [0, FIRST];
  }
  const [from, to] = range;
  if (!shift) {
    return moved(range, up ? STEP : -STEP);
  }
  const by = up ? STEP : -STEP;
  const next: Range = [Math.max(from - by, 0), Math.min(to + by, 1)];
  return next[1] - next[0] < LEAST ? range : next;
}

/** Move a brush, as far as the axis goes. */
export function moved([from, to]: Range, by: number): Range {
  const fits = Math.min(Math.max(by, -from), 1 - to);
  return [round(from + fits), round(to + fits)];
}

/** The stretch around a tick: half-way to its neighbours. */
export function around(ticks: readonly (readonly [number, string])[], share: number): Range | null {
  const places = ticks.map(([place]) => place).sort((one, other) => one - other);
  const nearest = places.reduce<number | null>(
    (found, place) => (found === null || Math.abs(place - share) < Math.abs(found - share) ? place : found),
    null
  );
  if (nearest === null) {
    return null;
  }
  const at = places.indexOf(nearest);
  const before = places[at - 1] ?? nearest - 0.1;
  const after = places[at + 1] ?? nearest + 0.1;
  return [Math.max((before + nearest) / 2, 0), Math.min((nearest + after) / 2, 1)];
}

/** A brush in words: the texts of the least and the greatest value within it. */
export function rangeWords(axis: ManyAxis, range: Range | null): string {
  if (range === null) {
    return 'all';
  }
  let [low, high] = [-1, -1];
  axis.shares.forEach((share, at) => {
    if (share !== null && share >= range[0] - SLACK && share <= range[1] + SLACK) {
      low = low < 0 || share < (axis.shares[low] ?? 0) ? at : low;
      high = high < 0 || share > (axis.shares[high] ?? 0) ? at : high;
    }
  });
  if (low < 0) {
    return 'no run';
  }
  const ends = [axis.texts[low] ?? '', axis.texts[high] ?? ''];
  return ends[0] === ends[1] ? (ends[0] as string) : `${ends[0]} to ${ends[1]}`;
}

function ordered([from, to]: Range): Range {
  const clamp = (share: number) => Math.min(Math.max(share, 0), 1);
  return from <= to ? [clamp(from), clamp(to)] : [clamp(to), clamp(from)];
}

function round(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}
