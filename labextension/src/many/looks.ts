/** How the runs of a chart of many runs are drawn. */

import { runColor } from '../dom.js';
import type { ManyChart, ManyRun } from '../protocol.js';

/** As many selected runs have colours of their own; of more, all are drawn in the colour of the text. */
const MOST_COLORED = 8;
export const STRONG = 0.9;
export const FAINT = 0.3;
/** Lines; of more each is drawn fainter, so that where they are dense is still seen. */
const CROWD = 50;
/** Of runs that are not selected while others are. */
export const BEHIND = 0.12;

/** How strongly each run is drawn below those that are selected. */
export function tones(chart: ManyChart, anySelected: boolean): number[] {
  const best = new Set(chart.best);
  const count = chart.kind === 'parallel' ? Math.max(chart.runs.length, 1) : 1; // points hide each other less
  const faint = Math.max(FAINT * Math.min(1, CROWD / count), 0.04);
  const strong = Math.max(STRONG * Math.min(1, (CROWD * 10) / count), 0.3);
  return chart.runs.map((_, at) => (anySelected ? Math.min(BEHIND, faint) : best.has(at) ? strong : faint));
}

/**
 * The colours of the runs that are selected: each by its number, and where two have the same, the later one the next
 * that is free; null where they are too many for colours.
 */
export function colorsOf(selected: readonly ManyRun[], palette: readonly string[]): Map<string, string> | null {
  const colors = palette.flatMap(color => runColor(color) ?? []);
  if (selected.length > Math.min(MOST_COLORED, colors.length)) {
    return null;
  }
  const taken = new Set<number>();
  const found = new Map<string, string>();
  for (const run of selected) {
    let place = run.number % colors.length;
    while (taken.has(place)) {
      place = (place + 1) % colors.length;
    }
    taken.add(place);
    found.set(run.id, colors[place] as string);
  }
  return found;
}

/** A run in a line: `baseline #12 · C 1 · accuracy 0.9641`. */
export function runWords(chart: ManyChart, at: number): string {
  const run = chart.runs[at];
  if (run === undefined) {
    return '';
  }
  const values = chart.axes.flatMap(axis => {
    const text = axis.texts[at];
    return text ? [`${axis.id.slice(axis.id.indexOf('.') + 1)} ${text}`] : [];
  });
  return [`${run.name} #${run.number}`, ...values].join(' · ');
}

/** Cut a text to so many pixels, by the mean width of a character. */
export function fit(text: string, pixels: number): string {
  const most = Math.max(Math.floor(pixels / 6.2), 2);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
