import type { CurveChart, CurveChoices, CurvePart, CurveRun, CurvesPointsMessage, CurvesViewMessage } from '../protocol.js';
import { Series } from './series.js';

const NOTHING: CurveChoices = { x: 'step', smoothing: 0, group: '', logs: { x: false, y: false }, trimmed: [], whole: [] };

/** What a panel of curves shows: runs, charts, points, and what a person chose. */
export class CurvesModel {
  runs: CurveRun[] = [];
  charts: CurveChart[] = [];
  choices: CurveChoices = { ...NOTHING };
  message: CurvesViewMessage | null = null;
  /** Whether there is no kernel to send other points. */
  still = false;
  /** The stretch of x that is shown; null for all. */
  window: [number, number] | null = null;

  /** Take what is shown; points come after it. */
  load(message: CurvesViewMessage): void {
    const moved = this.message !== null && this.message.x !== message.x;
    this.message = message;
    this.runs = message.runs;
    this.charts = message.charts;
    this.choices = {
      ...NOTHING,
      ...message.choices,
      x: message.x,
      smoothing: message.smoothing,
      group: message.group,
      logs: { ...NOTHING.logs, ...message.choices.logs }
    };
    this.all.clear();
    if (moved) {
      this.zoom(null);
    }
  }

  /** Take points; return the charts that changed, and which of them only grew. */
  take(message: CurvesPointsMessage): Map<string, CurvePart[] | null> {
    const changed = new Map<string, CurvePart[] | null>();
    const zoomed = message.window !== null;
    if (zoomed && message.window?.join() !== this.window?.join()) {
      return changed; // of a stretch that is shown no longer
    }
    for (const part of message.parts) {
      const grew = (zoomed ? this.near : this.all).get(part.chart, part.run).take(part);
      if (!zoomed && this.window !== null) {
        this.grow(part, grew);
      }
      const before = changed.has(part.chart) ? changed.get(part.chart) : [];
      changed.set(part.chart, grew && before ? [...before, part] : null);
    }
    return changed;
  }

  /** Show a stretch, or all: what is known of it, until its points come. */
  zoom(window: [number, number] | null): void {
    this.window = window;
    this.near.clear();
    this.stale = false;
  }

  /** The points of a curve that are drawn: those of the stretch where they have come. */
  series(chart: string, run: string): Series | null {
    const near = this.window === null ? null : this.near.find(chart, run);
    return near ?? this.all.find(chart, run);
  }

  /** The runs that have a curve in a chart. */
  drawn(chart: string): [CurveRun, Series][] {
    return this.having(run => this.series(chart, run));
  }

  /** The same with the points over all of x, also while a stretch is shown. */
  wholes(chart: string): [CurveRun, Series][] {
    return this.having(run => this.all.find(chart, run));
  }

  private having(find: (run: string) => Series | null): [CurveRun, Series][] {
    const found: [CurveRun, Series][] = [];
    for (const run of this.runs) {
      const series = find(run.id);
      if (series !== null && series.x.length > 0) {
        found.push([run, series]);
      }
    }
    return found;
  }

  /** Points that come while a stretch is shown belong to it too. */
  private grow(part: CurvePart, grew: boolean): void {
    const near = this.near.find(part.chart, part.run);
    if (near === null) {
      return;
    }
    const [low, high] = this.window!;
    if (!grew) {
      this.stale = true;
    } else if (part.x.some(x => x >= low && x <= high)) {
      near.take({ ...part, from: near.x.length });
    }
  }

  /** Whether the points of the stretch should be asked for again. */
  stale = false;
  private readonly all = new SeriesMap();
  private readonly near = new SeriesMap();
}

class SeriesMap {
  get(chart: string, run: string): Series {
    let found = this.find(chart, run);
    if (found === null) {
      found = new Series();
      let runs = this.found.get(chart);
      if (runs === undefined) {
        runs = new Map();
        this.found.set(chart, runs);
      }
      runs.set(run, found);
    }
    return found;
  }

  find(chart: string, run: string): Series | null {
    return this.found.get(chart)?.get(run) ?? null;
  }

  clear(): void {
    this.found.clear();
  }

  private readonly found = new Map<string, Map<string, Series>>();
}
