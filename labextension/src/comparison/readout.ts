import type { Series } from '../protocol.js';

/** What a curve has at a place: its step and value. */
export interface Reading {
  run: string;
  x: number;
  y: number | null;
}

/** The place of a sorted or unsorted list that is nearest to `x`; -1 for none. */
export function nearest(places: readonly number[], x: number): number {
  let best = -1;
  for (let at = 0; at < places.length; at++) {
    if (best < 0 || Math.abs((places[at] as number) - x) < Math.abs((places[best] as number) - x)) {
      best = at;
    }
  }
  return best;
}

/**
 * What each curve has at the place that is nearest to `x`: the best value first, in the goal's direction.
 *
 * @param goal - `↑` or `↓`, with `?` where it is a guess; without one the order is that of the runs
 */
export function readings(series: readonly Series[], x: number, goal: string): Reading[] {
  const found = series.flatMap(one => {
    const at = nearest(one.x, x);
    return at < 0 ? [] : [{ run: one.run, x: one.x[at] as number, y: one.y[at] ?? null }];
  });
  const sign = goal.startsWith('↑') ? -1 : goal.startsWith('↓') ? 1 : 0;
  const worst = Number.POSITIVE_INFINITY;
  return sign === 0 ? found : found.sort((one, other) => (one.y === null ? worst : sign * one.y) - (other.y === null ? worst : sign * other.y));
}
