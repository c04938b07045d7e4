/** Where the mean of a group ends; the same as jupyter_track.views.group_end, which says why. */

export interface GroupEnd {
  x: number;
  /** The last x of all of its runs. */
  last: number;
  /** How many of them go on beyond the mean. */
  beyond: number;
  size: number;
}

interface Points {
  x: readonly number[];
  y: readonly (number | null)[];
}

/** Where fewer than half of the runs, or only one of several, still have points; null where all of the mean is drawn. */
export function groupEnd(lines: readonly Points[], axis: string): GroupEnd | null {
  if (axis !== 'step' && axis !== 'elapsed') {
    return null;
  }
  const lasts = lines
    .map(({ x, y }) => x.reduce((most, at, place) => ((y[place] ?? null) === null ? most : Math.max(most, at)), Number.NEGATIVE_INFINITY))
    .filter(Number.isFinite)
    .sort((one, other) => one - other);
  const need = Math.max(2, Math.ceil(lasts.length / 2));
  const end = lasts[lasts.length - need];
  const last = lasts[lasts.length - 1];
  if (end === undefined || last === undefined || end === last) {
    return null;
  }
  return { x: end, last, beyond: lasts.filter(one => one > end).length, size: lasts.length };
}

/** `l2: 1 of 9 runs goes on to step 24, not shown`. */
export function endWords(end: GroupEnd, name: string, axis: string): string {
  const shown = end.last.toLocaleString('en-US', { maximumSignificantDigits: axis === 'step' ? 12 : 4 });
  const where = axis === 'step' ? `step ${shown}` : `${shown} seconds since the start`;
  return `${name}: ${end.beyond} of ${end.size} runs ${end.beyond === 1 ? 'goes' : 'go'} on to ${where}, not shown`;
}
