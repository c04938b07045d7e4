/** What a report holds for its panels: written by jupyter_track/reports/frozen.py. */

import type { ComparedLine, ComparisonRowsMessage, CurvePart, Details, KernelMessage, ManyAxis, ManyBars, ManyChart, ManyMessage } from '../protocol.js';

/** A chart as the file has it: what is as in the first chart of its panel is left out, and an axis of that is its id. */
export type KeptChart = Omit<ManyChart, 'axes' | 'runs' | 'best' | 'kept'> &
  Partial<Pick<ManyChart, 'runs' | 'best' | 'kept'>> & { axes: (ManyAxis | string)[] };

/** A message of a panel of many runs, and what it is asked for by. */
export type NamedMany = Omit<ManyMessage, 'shown'> & { named: string; shown?: KeptChart | ManyBars };

/** A message whole, with what its chart shares with the first one. */
export function wholeMany(message: NamedMany, first: NamedMany): ManyMessage {
  const [own, base] = [message.shown, first.shown];
  if (own === undefined || own.kind === 'importance' || base === undefined || base.kind === 'importance') {
    return message as ManyMessage;
  }
  const known = new Map(base.axes.flatMap(axis => (typeof axis === 'string' ? [] : [[axis.id, axis] as const])));
  const axes = own.axes.flatMap(axis => (typeof axis === 'string' ? (known.get(axis) ?? []) : [axis]));
  return { ...message, shown: { ...base, ...own, axes } as ManyChart };
}

/** Points of a curve, with where they stand on the axis of seconds since the start. */
export type TimedPart = CurvePart & { seconds?: number[]; oddSeconds?: number[] };

export interface Answers {
  /** Runs in full, by id. */
  open?: Record<string, Details>;
  /** Code that gives a chart, by metric. */
  code?: Record<string, string>;
  /** The same of the comparison's charts. */
  compared_code?: Record<string, string>;
  equal?: ComparedLine[];
  markdown?: string;
  /** The first rows of joined tables. */
  rows?: Record<string, { differing: ComparisonRowsMessage; all: ComparisonRowsMessage }>;
}

export interface ReportData {
  /** What each panel is sent, by its name. */
  panels: Record<string, KernelMessage[]>;
  answers: Answers;
}

/** Read what the page holds; null where it holds nothing of ours. */
export function readData(document: Document): ReportData | null {
  const text = document.getElementById('jtr-data')?.textContent;
  return text ? (JSON.parse(text) as ReportData) : null;
}
