/** What a report holds for its panels: written by jupyter_track/reports/frozen.py. */

import type { ComparedLine, ComparisonRowsMessage, CurvePart, Details, KernelMessage, ManyMessage } from '../protocol.js';

/** A message of a panel of many runs, and what it is asked for by. */
export type NamedMany = ManyMessage & { named: string };

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
