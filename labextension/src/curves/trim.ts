import type { Line } from './rows.js';

const START = 0.1; // the share of x that counts as the start
const SQUASH = 5; // how many times larger the whole range is than that of the rest
const AIR = 0.05;

/** The range of y without the first points, where those squash the rest; else null. */
export function trimOf(lines: readonly Line[]): [number, number] | null {
  const ends = lines.flatMap(line => [line.x[0], line.x.at(-1)]).filter(x => x !== undefined);
  const first = Math.min(...ends);
  const from = first + START * (Math.max(...ends) - first);
  const whole = rangeOf(lines, Number.NEGATIVE_INFINITY);
  const rest = rangeOf(lines, from);
  if (whole === null || rest === null || rest[1] <= rest[0] || whole[1] - whole[0] < SQUASH * (rest[1] - rest[0])) {
    return null;
  }
  const air = AIR * (rest[1] - rest[0]);
  return [rest[0] - air, rest[1] + air];
}

function rangeOf(lines: readonly Line[], from: number): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    line.x.forEach((x, place) => {
      const y = line.y[place] ?? null;
      if (x >= from && y !== null) {
        low = Math.min(low, y);
        high = Math.max(high, y);
      }
    });
  }
  return low <= high ? [low, high] : null;
}
