/** What curves and their kernel say to each other. */

/** What may be on the x axis: `step`, `time` (milliseconds since the epoch), `elapsed` (seconds), or a metric. */
export interface Axis {
  id: string;
  title: string;
}

export interface CurveRun {
  id: string;
  number: string;
  name: string;
  live: boolean;
  baseline: boolean;
  /** Whether it may be the best: one that failed, was stopped or was lost is not. */
  result: boolean;
  /** The value that it is grouped by, empty where it is not. */
  group: string;
  color: string;
  dash: number[];
  opacity: number;
}

export interface CurveChart {
  /** The metric. */
  key: string;
  title: string;
  /** Which way is better, in words; empty where it is not known. */
  goal: string;
  direction: 'min' | 'max' | null;
  /** The value that is to be reached, and how it is named. */
  target?: number | null;
  aim?: string;
}

/** Points of one curve. */
export interface CurvePart {
  chart: string;
  run: string;
  /** How many points of those before stay in front of these. */
  from: number;
  x: number[];
  /** Null is a gap. */
  y: (number | null)[];
  /** Where values are no finite number: x, how many, and which. */
  odd: [number, number, string][];
  /** The points of the whole curve. */
  count: number;
  /** Whether these are all points of the stretch. */
  whole: boolean;
}

/** What a person chose; the kernel keeps it per notebook. */
export interface CurveChoices {
  x: string;
  smoothing: number;
  group: string;
  logs: { x: boolean; y: boolean };
  /** The metrics whose first points are hidden, since they squash the rest. */
  trimmed: string[];
  /** The metrics of which all is shown, also where a run goes far beyond the others. */
  whole: string[];
}

export interface CurvesViewMessage {
  type: 'curves-view';
  rev: number;
  /** The Vega-Lite spec of each chart, with named data. */
  spec: object;
  x: string;
  axes: Axis[];
  runs: CurveRun[];
  charts: CurveChart[];
  groupings: string[];
  group: string;
  smoothing: number;
  notes: string[];
  /** Said where there is nothing to draw. */
  empty: string;
  choices: Partial<CurveChoices>;
}

export interface CurvesPointsMessage {
  type: 'curves-points';
  rev: number;
  /** The stretch of x that was asked for; null for all. */
  window: [number, number] | null;
  parts: CurvePart[];
}

/** The actions of curves, besides `select` and `choices`. */
export interface CurvesActions {
  /** Points of a stretch of x, two for each pixel: the reply has them as `points`. */
  window: { low: number; high: number; width: number };
  /** A chart as code that gives its Altair chart: the reply has it as `text`. */
  code: { chart: string };
}
