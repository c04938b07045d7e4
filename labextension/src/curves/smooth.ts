/** Smoothing and groups; the same as `smoothed` and `band` of jupyter_track.views.curves, which say the formulas. */

/** An exponential moving average, corrected for its beginning; a gap stays one and counts for nothing. */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight === 0) {
    return [...values];
  }
  let average = 0;
  let rest = 1;
  return values.map(value => {
    if (value === null) {
      return null;
    }
    average = weight * average + (1 - weight) * value;
    rest *= weight;
    return average / (1 - rest);
  });
}

/** A group of runs at one x: mean and sample standard deviation of `n` runs. */
export interface BandPoint {
  x: number;
  mean: number;
  sd: number;
  n: number;
}

interface Line {
  x: readonly number[];
  y: readonly (number | null)[];
}

/** Mean and standard deviation of a group at each x that one of its runs has. */
export function band(lines: readonly Line[]): BandPoint[] {
  const walks = lines.map(line => walk(line));
  const places = [...new Set(walks.flatMap(one => one.x))].sort((one, other) => one - other);
  const found: BandPoint[] = [];
  for (const x of places) {
    const values = walks.map(one => one.at(x)).filter(value => value !== null);
    if (values.length > 0) {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      found.push({ x, mean, sd: values.length > 1 ? Math.sqrt(spread / (values.length - 1)) : 0, n: values.length });
    }
  }
  return found;
}

/** A line as a function of x, asked from left to right; where x comes again, the last value counts. */
function walk(line: Line): { x: number[]; at(x: number): number | null } {
  const last = new Map(line.x.map((x, place) => [x, line.y[place] ?? null]));
  const xs = [...last.keys()].sort((one, other) => one - other);
  let place = 0;
  return {
    x: xs,
    at(x) {
      while (place < xs.length && xs[place]! < x) {
        place += 1;
      }
      const end = xs[place];
      if (end === undefined) {
        return null;
      }
      const right = last.get(end) ?? null;
      if (end === x) {
        return right;
      }
      const begin = xs[place - 1];
      const left = begin === undefined ? null : (last.get(begin) ?? null);
      if (begin === undefined || left === null || right === null) {
        return null;
      }
      return left + (right - left) * ((x - begin) / (end - begin));
    }
  };
}
