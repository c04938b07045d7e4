import type { Chart, Datum } from '../charts/load.js';
import type { ManyChart } from '../protocol.js';
import type { Brushes, Range } from './brushes.js';
import { brushed, NO_BRUSHES } from './brushes.js';
import type { Handle } from './handle.js';
import { fit } from './looks.js';

/** Where what has no value lies, as a share of the axes. */
const MISSING = -0.06;
/** Beside the first and the last axis, as a share of the space between two. */
const MARGIN = 0.45;
const NEAR = 14;
const DOT = 3.5;
/** How far a tick's text is from its axis, how high it is, and what is free around it, as in charts/parallel.py. */
const TEXT_FROM = 5;
const TEXT_HEIGHT = 13;
const AROUND = 2;

/** How one kind of chart lies on the page: its rows for Vega, and the same places for what is drawn over it. */
export interface Geometry {
  /** The rows of the chart's data sets, for a width in CSS pixels. */
  rows(chart: ManyChart, tones: readonly number[], width: number): Record<string, Datum[]>;
  /** Show all axes. */
  frame(chart: ManyChart, drawn: Chart): void;
  /** Find the places of all runs; false where nothing is drawn yet. */
  lay(chart: ManyChart, drawn: Chart): boolean;
  /** Lay the handles over their axes. */
  placeHandles(handles: readonly Handle[]): void;
  /** Draw a run over the chart. */
  draw(context: CanvasRenderingContext2D, at: number, bold: boolean, dash?: readonly number[]): void;
  /** Take away what was drawn over the texts of the chart: a line does not cross a name. */
  uncover(context: CanvasRenderingContext2D): void;
  /** The run at a place, or null. */
  nearest(x: number, y: number): number | null;
  /** The brushes that a drag over the chart makes; null where a drag makes none. */
  brushes(chart: ManyChart, from: readonly [number, number], to: readonly [number, number]): Brushes | null;
  /** The least width, in CSS pixels. */
  least(chart: ManyChart): number;
}

export class ParallelGeometry implements Geometry {
  rows(chart: ManyChart, tones: readonly number[], width: number): Record<string, Datum[]> {
    const last = chart.axes.length - 1;
    const space = width / (last + 2 * MARGIN || 1);
    const lines = chart.runs.flatMap((_, place) =>
      chart.axes.slice(1).map((next, at) => ({
        at,
        share: chart.axes[at]?.shares[place] ?? MISSING,
        to: at + 1,
        end: next.shares[place] ?? MISSING,
        tone: tones[place] ?? 1
      }))
    );
    const axes = chart.axes.map((axis, at) => ({
      at,
      title: fit(`${axis.title}${axis.log ? ' log' : ''}`, space - 6),
      missing: axis.shares.includes(null) ? (axis.metric ? 'NaN' : 'none') : ''
    }));
    const room = Math.min(space * 0.6, 90);
    const ticks = chart.axes.map((axis, at) => axis.ticks.map(([share, text]) => ({ at, share, text: fit(text, room) })));
    this.ticks = ticks;
    return { lines, axes, ticks: ticks.slice(0, -1).flat(), ends: ticks[last] ?? [] };
  }

  frame(chart: ManyChart, drawn: Chart): void {
    drawn.zoom('x', [-MARGIN, Math.max(chart.axes.length - 1, 0) + MARGIN]);
  }

  lay(chart: ManyChart, drawn: Chart): boolean {
    const [x, y] = [drawn.scale('x'), drawn.scale('y')];
    if (x === null || y === null) {
      return false;
    }
    this.across = chart.axes.map((_, at) => x.to(at));
    this.foot = y.to(0);
    this.head = y.to(1);
    this.texts = this.ticks.map(own => own.map(({ share, text }) => ({ y: y.to(share), text })));
    this.heights = chart.axes.map(axis => axis.shares.map(share => y.to(share ?? MISSING)));
    this.count = chart.runs.length;
    return true;
  }

  placeHandles(handles: readonly Handle[]): void {
    handles.forEach((handle, at) => {
      handle.place({ foot: this.foot, head: this.head }, this.across[at] ?? 0, 20);
    });
  }

  draw(context: CanvasRenderingContext2D, at: number, bold: boolean, dash: readonly number[] = []): void {
    context.lineWidth = bold ? 2.5 : dash.length ? 2 : 1.5;
    context.setLineDash([...dash]);
    context.beginPath();
    this.across.forEach((x, axis) => {
      const y = this.heights[axis]?.[at] ?? this.foot;
      if (axis === 0) {
        context.moveTo(x, y);
      } else {
        context.lineTo(x, y);
      }
    });
    context.stroke();
  }

  uncover(context: CanvasRenderingContext2D): void {
    this.texts.forEach((own, at) => {
      const x = this.across[at] ?? 0;
      const last = at === this.texts.length - 1;
      for (const { y, text } of own) {
        const width = context.measureText(text).width + 2 * AROUND;
        context.clearRect(last ? x + TEXT_FROM - AROUND : x - TEXT_FROM + AROUND - width, y - TEXT_HEIGHT / 2, width, TEXT_HEIGHT);
      }
    });
  }

  nearest(x: number, y: number): number | null {
    let right = this.across.findIndex(place => place >= x);
    right = right < 0 ? this.across.length - 1 : Math.max(right, 1);
    const [from, to] = [this.across[right - 1], this.across[right]];
    const [before, after] = [this.heights[right - 1], this.heights[right]];
    if (from === undefined || to === undefined || before === undefined || after === undefined) {
      return this.closest(at => (this.heights[0]?.[at] ?? Infinity) - y); // one axis only
    }
    const part = Math.min(Math.max((x - from) / (to - from), 0), 1);
    return this.closest(at => (before[at] as number) + ((after[at] as number) - (before[at] as number)) * part - y);
  }

  brushes(): Brushes | null {
    return null; // an axis is brushed along itself
  }

  least(chart: ManyChart): number {
    return chart.axes.length * 68;
  }

  private closest(distance: (at: number) => number): number | null {
    let [found, least] = [null as number | null, NEAR];
    for (let at = 0; at < this.count; at++) {
      const apart = Math.abs(distance(at));
      if (apart < least) {
        [found, least] = [at, apart];
      }
    }
    return found;
  }

  private across: number[] = [];
  private heights: number[][] = [];
  private ticks: { share: number; text: string }[][] = [];
  private texts: { y: number; text: string }[][] = [];
  private foot = 0;
  private head = 0;
  private count = 0;
}

export class ScatterGeometry implements Geometry {
  rows(chart: ManyChart, tones: readonly number[], width: number): Record<string, Datum[]> {
    const [across, up] = chart.axes;
    if (across === undefined || up === undefined) {
      return {};
    }
    const points = chart.runs.flatMap((run, at) => {
      const [x, y] = [across.shares[at] ?? null, up.shares[at] ?? null];
      return x === null || y === null ? [] : [{ x, y, run: run.id, tone: tones[at] ?? 1 }];
    });
    const room = width / Math.max(across.ticks.length, 1) - 8;
    return {
      points,
      xticks: across.ticks.map(([x, text]) => ({ x, text: fit(text, room) })),
      yticks: up.ticks.map(([y, text]) => ({ y, text: fit(text, 50) })),
      titles: [{ up: up.title + (up.log ? ' log' : ''), across: across.title + (across.log ? ' log' : '') }]
    };
  }

  frame(): void {
    // The axes of a scatter plot are always whole.
  }

  lay(chart: ManyChart, drawn: Chart): boolean {
    const [x, y] = [drawn.scale('x'), drawn.scale('y')];
    const [across, up] = chart.axes;
    if (x === null || y === null || across === undefined || up === undefined) {
      return false;
    }
    this.x = { foot: x.to(0), head: x.to(1) };
    this.y = { foot: y.to(0), head: y.to(1) };
    this.places = chart.runs.map((_, at) => {
      const [one, other] = [across.shares[at] ?? null, up.shares[at] ?? null];
      return one === null || other === null ? null : [x.to(one), y.to(other)];
    });
    return true;
  }

  placeHandles([across, up]: readonly Handle[]): void {
    across?.place(this.x, this.y.foot + 18, 26);
    up?.place(this.y, this.x.foot - 28, 36);
  }

  draw(context: CanvasRenderingContext2D, at: number, bold: boolean): void {
    const place = this.places[at];
    if (place) {
      context.beginPath();
      context.arc(place[0], place[1], bold ? DOT + 2 : DOT, 0, 2 * Math.PI);
      context.fill();
    }
  }

  uncover(): void {} // its texts stand beside the points

  nearest(x: number, y: number): number | null {
    let [found, least] = [null as number | null, NEAR];
    this.places.forEach((place, at) => {
      const apart = place ? Math.hypot(place[0] - x, place[1] - y) : Infinity;
      if (apart < least) {
        [found, least] = [at, apart];
      }
    });
    return found;
  }

  brushes(chart: ManyChart, from: readonly [number, number], to: readonly [number, number]): Brushes | null {
    const [across, up] = chart.axes;
    const share = (span: { foot: number; head: number }, pixel: number) => (pixel - span.foot) / (span.head - span.foot);
    const x: Range = [share(this.x, from[0]), share(this.x, to[0])];
    const y: Range = [share(this.y, from[1]), share(this.y, to[1])];
    return across && up ? brushed(brushed(NO_BRUSHES, across.id, x), up.id, y) : null;
  }

  least(): number {
    return 240;
  }

  private x = { foot: 0, head: 0 };
  private y = { foot: 0, head: 0 };
  private places: ([number, number] | null)[] = [];
}
