/** Lines that go far beyond the others; the same rule as in views/beyond.py. */

import { number } from '../format.js';
import type { Line } from './rows.js';

const FAR = 50; // times as far from zero as the others: these have some 4 pixels of a chart then
const FURTHEST = 1e6; // of one that never comes near the others: below that, powers of ten show both
const AIR = 0.05;
const BEYOND = 1_000; // heights of the chart; a place further out is on the same line

/** What a chart leaves out of its range of y, where some lines go far beyond the others. */
export interface Beyond {
  /** The lines that do. */
  ids: ReadonlySet<string>;
  /** The range of the others. */
  range: [number, number];
  /** How many, and how far. */
  words: string;
  /** Which they are, each with its furthest value. */
  names: string;
}

/** Where a line first goes beyond the range: at its head or at its foot. */
export interface Leaving {
  run: string;
  x: number;
  up: boolean;
}

type Values = readonly (number | null)[];

/** The places of the curves that go far beyond the others, of which at least half stay. */
export function farOff(curves: readonly Values[]): number[] {
  const known = curves.flatMap((one, place) => {
    const [least, most] = sizes(one);
    return most < 0 ? [] : [{ place, least, most }];
  });
  known.sort((one, other) => one.most - other.most || one.place - other.place);
  for (let at = (known.length + 1) >> 1; at < known.length; at++) {
    const { most } = known[at - 1]!;
    const next = known[at]!;
    if (most > 0 && next.most >= most * FAR && (next.least <= most || next.most >= most * FURTHEST)) {
      return known.slice(at).map(({ place }) => place).sort((one, other) => one - other);
    }
  }
  return [];
}

/** Which lines of a chart go far beyond the others, and what the range is without them; null where none does. */
export function beyondOf(lines: readonly Line[]): Beyond | null {
  const far = new Set(farOff(lines.map(line => line.y)).map(place => lines[place]!));
  if (far.size === 0) {
    return null;
  }
  let [low, high] = [Infinity, -Infinity];
  const take = (value: number | null) => {
    if (value !== null) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  };
  for (const line of lines.filter(one => !far.has(one))) {
    line.y.forEach(take);
    line.raw?.forEach(take);
    line.band?.filter(({ n }) => n > 1).forEach(({ mean, sd }) => (take(mean - sd), take(mean + sd)));
  }
  const room = (high - low) * AIR || Math.abs(high) / 2 || 0.5;
  const ends = [...far].map(line => ({ line, end: furthest(line.y) }));
  const noun = ends[0]!.line.band === null ? 'run' : 'group';
  const most = ends.reduce((one, other) => (Math.abs(other.end) > Math.abs(one.end) ? other : one)).end;
  return {
    ids: new Set(ends.map(({ line }) => line.id)),
    range: [low - room, high + room],
    words: `${ends.length} ${ends.length === 1 ? `${noun} goes` : `${noun}s go`} beyond, to ${number(most)}`,
    names: ends.map(({ line, end }) => `${line.name} to ${number(end)}`).join('\n')
  };
}

/** A value that is drawn far outside of a range, where it is further still. */
export function within([low, high]: readonly [number, number], value: number): number {
  const room = (high - low) * BEYOND;
  return Math.min(Math.max(value, low - room), high + room);
}

/** Where lines, as they are drawn, first go beyond a range on each side. */
export function leavings(lines: readonly Line[], range: readonly [number, number]): Leaving[] {
  const [low, high] = range;
  return lines.flatMap(({ id, x, y: whole }) => {
    const y = whole.map(value => (value === null ? null : within(range, value)));
    const first = (edge: number, up: boolean): Leaving[] => {
      const out = (value: number | null) => value !== null && (up ? value > edge : value < edge);
      const place = y.findIndex(out);
      if (place < 0) {
        return [];
      }
      const [before, value] = [y[place - 1] ?? null, y[place]!];
      const from = x[Math.max(place - 1, 0)]!;
      const share = before === null ? 1 : (edge - before) / (value - before);
      return [{ run: id, x: from + (x[place]! - from) * share, up }];
    };
    return [...first(high, true), ...first(low, false)];
  });
}

/** The least and the greatest distance from zero; the latter is -1 where there is no value. */
function sizes(values: Values): [number, number] {
  let [least, most] = [Infinity, -1];
  for (const value of values) {
    if (value !== null) {
      least = Math.min(least, Math.abs(value));
      most = Math.max(most, Math.abs(value));
    }
  }
  return [least, most];
}

function furthest(values: Values): number {
  return values.reduce<number>((far, value) => (value !== null && Math.abs(value) > Math.abs(far) ? value : far), 0);
}
