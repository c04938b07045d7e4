import type { Datum } from '../charts/load.js';
import type { CurveChart, CurvePart, CurveRun } from '../protocol.js';
import type { Paint } from '../shared.js';
import { COMPARED } from './legend.js';
import { type Beyond, beyondOf, leavings, within } from './beyond.js';
import { endWords, type GroupEnd, groupEnd } from './groupend.js';
import type { CurvesModel } from './model.js';
import type { Series } from './series.js';
import { band, type BandPoint, smoothed } from './smooth.js';

/** A curve of fewer points is drawn as dots. */
const LINE_FROM = 3;
/** With more lines or points a chart's lines are drawn by the painter, and not by Vega, which takes a second for 25,000. */
const FEW: Few = { lines: 8, points: 4_000 };
export const GROUP = 'group:';
const NO_ENDS: ReadonlyMap<string, GroupEnd> = new Map();

/** One line of a chart as it is seen: of a run, or the mean of a group. */
export interface Line {
  /** The run's id, or that of the group. */
  id: string;
  name: string;
  paint: Paint;
  baseline: boolean;
  /** Whether its run is running. */
  live: boolean;
  /** Whether it may hold the best value: a run that broke off does not, nor a group of such runs only. */
  result: boolean;
  x: readonly number[];
  /** What is drawn. */
  y: readonly (number | null)[];
  /** As it was logged, where `y` is smoothed. */
  raw: readonly (number | null)[] | null;
  /** Of a group: its points with their spread. */
  band: BandPoint[] | null;
  nearest(x: number): number;
}

/** What a chart draws: its data sets, its lines, and what is said beside it. */
export interface Drawing {
  sets: Record<string, Datum[]>;
  lines: Line[];
  odd: string;
  /** Where the means of groups end before their last run does. */
  ends: string[];
  thinned: boolean;
  /** The lines that go far beyond the others, and the range without them; null where none does. */
  beyond: Beyond | null;
  /** The range of y that is shown, where it is not that of all lines. */
  range: [number, number] | null;
  /** Whether the lines are too many points for rows: the rows have their ends only, and the painter draws them. */
  painted: boolean;
}

interface Few {
  lines: number;
  points: number;
}

/** Return what a chart draws; with more than a `few` lines or points its lines are for the painter. */
export function drawingOf(model: CurvesModel, chart: CurveChart, few: Few = FEW): Drawing {
  const { smoothing, group, logs } = model.choices;
  const curves = model.drawn(chart.key);
  const cut = curves.map(([run, series]) => [run, cutTo(series, model.window), series] as const);
  const ends = group ? endsOf(model, chart.key) : NO_ENDS;
  const lines = group ? groupLines(cut, smoothing, group, ends) : cut.map(([run, points]) => runLine(run, points, smoothing));
  const beyond = logs.y ? null : beyondOf(lines);
  const range = model.choices.whole.includes(chart.key) || beyond === null ? null : rangeTo(beyond.range, chart.target ?? null);
  const near = (y: number) => (range === null ? y : within(range, y));
  const positive = (y: number | null) => (y === null || (logs.y && y <= 0) ? null : near(y));
  const sets: Record<string, Datum[]> = { band: [], raw: [], line: [], base: [], dots: [], best: [], odd: [], goal: [], above: [], below: [] };
  const painted = lines.length > few.lines || lines.reduce((sum, line) => sum + line.x.length, 0) > few.points;
  // Pale lines lie below the others.
  for (const line of [...lines].sort((one, other) => one.paint.opacity - other.paint.opacity)) {
    const points = line.y.filter(y => y !== null).length;
    const set = points < LINE_FROM ? 'dots' : line.baseline ? 'base' : 'line';
    if (painted && set !== 'dots') {
      sets[set]!.push(...corners(line, line.y.map(positive)), ...corners(line, (line.raw ?? []).map(positive)));
    } else {
      line.x.forEach((x, place) => sets[set]!.push(datum(x, positive(line.y[place] ?? null), line.id)));
      line.raw?.forEach((y, place) => sets['raw']!.push(datum(line.x[place]!, positive(y), line.id)));
    }
    for (const point of line.band ?? []) {
      if (point.n > 1) {
        sets['band']!.push({ x: point.x, low: near(point.mean - point.sd), high: near(point.mean + point.sd), run: line.id });
      }
    }
  }
  const best = bestOf(lines, chart.direction);
  sets['best'] = best === null ? [] : [best];
  const target = positive(chart.target ?? null);
  sets['goal'] = target === null ? [] : [{ y: target }];
  sets['odd'] = cut.flatMap(([run, , series]) => series.odd.map(([x]) => ({ x, run: run.id })).filter(({ x }) => inside(x, model.window)));
  for (const { x, run, up } of range === null ? [] : leavings(lines.filter(line => beyond!.ids.has(line.id)), range)) {
    sets[up ? 'above' : 'below']!.push({ x, run });
  }
  const below = logs.y ? curves.reduce((sum, [, { y }]) => sum + y.filter(value => value !== null && value <= 0).length, 0) : 0;
  const told = [...ends].map(([value, end]) => endWords(end, value, model.choices.x));
  return {
    sets,
    lines,
    odd: oddWords(cut.map(([, , series]) => series), model.window, below),
    ends: told,
    thinned: cut.some(([, , series]) => !series.whole),
    beyond,
    range,
    painted
  };
}

/** A range with the value that is to be reached. */
function rangeTo([low, high]: [number, number], target: number | null): [number, number] {
  return target === null ? [low, high] : [Math.min(low, target), Math.max(high, target)];
}

/** The lines of a chart over all of x, smoothed and grouped: what is known while a stretch moves. */
export function wholeLines(model: CurvesModel, chart: CurveChart): Line[] {
  const { smoothing, group } = model.choices;
  const curves = model.wholes(chart.key).map(([run, series]) => [run, cutTo(series, null), series] as const);
  return group ? groupLines(curves, smoothing, group, endsOf(model, chart.key)) : curves.map(([run, points]) => runLine(run, points, smoothing));
}

/** Two rows between which all points of a line lie: they draw nothing, and give the scales their domains. */
function corners(line: Line, ys: readonly (number | null)[]): Datum[] {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  ys.forEach((y, place) => {
    if (y !== null) {
      const x = line.x[place]!;
      left = Math.min(left, x);
      right = Math.max(right, x);
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
  });
  const corner = (x: number, y: number, part: string) => ({ x, y, run: line.id, part: `${line.id} ${part}` });
  return left <= right ? [corner(left, low, 'low'), corner(right, high, 'high')] : [];
}

/** The rows of points that only came to those that were there. */
export function moreRows(parts: readonly CurvePart[]): Datum[] {
  return parts.flatMap(part => part.x.map((x, place) => datum(x, part.y[place] ?? null, part.run)));
}

/** Whether new points can be put behind the others, without drawing all anew. */
export function onlyGrows(model: CurvesModel, parts: readonly CurvePart[]): boolean {
  const { smoothing, group, logs } = model.choices;
  const plain = smoothing === 0 && !group && !logs.y && model.window === null;
  const baselines = new Set(model.runs.filter(run => run.baseline).map(run => run.id));
  return plain && parts.every(part => part.from >= LINE_FROM && !baselines.has(part.run));
}

interface Points {
  x: readonly number[];
  y: readonly (number | null)[];
  nearest(x: number): number;
}

function cutTo(series: Series, window: [number, number] | null): Points {
  const nearest = (x: number) => series.nearest(x);
  if (window === null) {
    return { x: series.x, y: series.y, nearest };
  }
  const ends = series.within(...window);
  if (ends === null) {
    return { x: [], y: [], nearest: () => -1 };
  }
  const [first, last] = ends;
  return {
    x: series.x.slice(first, last + 1),
    y: series.y.slice(first, last + 1),
    nearest: x => Math.min(Math.max(series.nearest(x) - first, 0), last - first)
  };
}

function runLine(run: CurveRun, points: Points, smoothing: number): Line {
  return {
    id: run.id,
    name: `${run.name} ${run.number}`,
    paint: run,
    baseline: run.baseline,
    live: run.live,
    result: run.result,
    x: points.x,
    y: smoothing ? smoothed(points.y, smoothing) : points.y,
    raw: smoothing ? points.y : null,
    band: null,
    nearest: points.nearest
  };
}

/** Where the mean of each group ends, of those that are not drawn to their last point; told from all of x. */
function endsOf(model: CurvesModel, key: string): Map<string, GroupEnd> {
  const found = [...byGroup(model.wholes(key))].map(([value, members]) => [value, groupEnd(members.map(([, one]) => one), model.choices.x)] as const);
  return new Map(found.flatMap(([value, end]) => (end === null ? [] : [[value, end] as const])));
}

function byGroup<T>(curves: readonly (readonly [CurveRun, T, ...unknown[]])[]): Map<string, [CurveRun, T][]> {
  const groups = new Map<string, [CurveRun, T][]>();
  for (const [run, points] of curves) {
    const members = groups.get(run.group);
    if (members === undefined) {
      groups.set(run.group, [[run, points]]);
    } else {
      members.push([run, points]);
    }
  }
  return groups;
}

function groupLines(
  curves: readonly (readonly [CurveRun, Points, Series])[],
  smoothing: number,
  group: string,
  ends: ReadonlyMap<string, GroupEnd>
): Line[] {
  return [...byGroup(curves)].map(([value, members]) => {
    const end = ends.get(value)?.x ?? Number.POSITIVE_INFINITY;
    const all = band(members.map(([, one]) => ({ x: one.x, y: smoothing ? smoothed(one.y, smoothing) : one.y })));
    const points = all.filter(point => point.x <= end);
    const x = points.map(point => point.x);
    return {
      id: GROUP + value,
      name: `${value} (n=${members.length})`,
      paint: members[0]![0], // the runs of a group are drawn alike
      baseline: group === COMPARED && members.every(([run]) => run.baseline),
      live: members.some(([run]) => run.live),
      result: members.some(([run]) => run.result),
      x,
      y: points.map(point => point.mean),
      raw: null,
      band: points,
      nearest: (wanted: number) => nearestOf(x, wanted)
    };
  });
}

function nearestOf(xs: readonly number[], wanted: number): number {
  let best = xs.length ? 0 : -1;
  xs.forEach((x, place) => {
    if (Math.abs(x - wanted) < Math.abs(xs[best]! - wanted)) {
      best = place;
    }
  });
  return best;
}

/** The best point; as in views/best_first.py, one of a run that broke off is not. */
function bestOf(lines: readonly Line[], direction: 'min' | 'max' | null): Datum | null {
  if (direction === null) {
    return null;
  }
  const sign = direction === 'max' ? 1 : -1;
  let best: { x: number; y: number; run: string } | null = null;
  for (const line of lines.filter(one => one.result)) {
    (line.raw ?? line.y).forEach((y, place) => {
      if (y !== null && (best === null || sign * y > sign * best.y)) {
        best = { x: line.x[place]!, y, run: line.id };
      }
    });
  }
  return best;
}

function datum(x: number, y: number | null, run: string): Datum {
  return { x, y, run, part: run };
}

function inside(x: number, window: [number, number] | null): boolean {
  return window === null || (x >= window[0] && x <= window[1]);
}

function oddWords(all: readonly Series[], window: [number, number] | null, below: number): string {
  const counts = new Map<string, number>();
  for (const series of all) {
    for (const [x, count, what] of series.odd) {
      if (inside(x, window)) {
        counts.set(what, (counts.get(what) ?? 0) + count);
      }
    }
  }
  const words = [...counts].map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`);
  if (below > 0) {
    words.push(`${below} not above 0`);
  }
  return words.length ? `× ${words.join(', ')}` : '';
}
