import { changeset, Error as ERRORS, parse, View } from 'vega';

import type { Paint } from '../shared.js';
import { compiled, type Logs, SIGNAL } from './compile.js';
import { EXPRESSIONS } from './expressions.js';
import { configOf, type Theme, themeOf, watchTheme } from './theme.js';

/** A row of a chart's data, as the spec names its fields; a number that is none is null. */
export type Datum = Record<string, number | string | boolean | null>;

/** Where the data are drawn, in CSS pixels from the top left of the chart's node. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A scale from data to CSS pixels of the chart's node, and back. */
export interface Mapping {
  to(value: number): number;
  from(pixel: number): number;
  domain: [number, number];
}

export interface ChartOptions {
  height: number;
  /** What the chart is, for those who do not see it. */
  label: string;
  /** Called after each drawing: what lies over the chart is drawn anew. */
  onDrawn?: () => void;
}

const LEAST_WIDTH = 120;

/**
 * A chart that lives: a Vega-Lite spec with named data, drawn on a canvas, as wide as its place.
 *
 * Rows come by `replace` and `insert`; what comes between two frames is drawn with the next one, together. The chart
 * follows the host's theme. It fetches nothing: a spec or a row that names an address gets nothing for it.
 */
export class Chart {
  /** @param host - where it is put, in a panel */
  constructor(
    host: HTMLElement,
    private spec: object,
    private readonly options: ChartOptions
  ) {
    this.node.className = 'jt-chart';
    this.node.setAttribute('role', 'img');
    this.node.setAttribute('aria-label', options.label);
    this.node.style.height = `${options.height}px`;
    host.append(this.node);
    this.resizes = new ResizeObserver(() => this.fit());
    this.resizes.observe(this.node);
    this.unwatch = watchTheme(() => this.retheme());
    this.make();
  }

  readonly node = document.createElement('div');

  /** Take another spec; the rows stay. */
  setSpec(spec: object): void {
    this.spec = spec;
    this.make();
  }

  /** Put rows in the place of all of a data set. */
  replace(name: string, rows: Datum[]): void {
    this.rows.set(name, rows);
    this.waiting.set(name, { whole: true, rows });
    this.draw();
  }

  /** Add rows to a data set. */
  insert(name: string, rows: Datum[]): void {
    const all = this.rows.get(name);
    if (all === undefined) {
      this.replace(name, rows);
      return;
    }
    const waiting = this.waiting.get(name);
    for (const row of rows) {
      all.push(row); // where a whole set waits, this is that set
    }
    if (waiting === undefined) {
      this.waiting.set(name, { whole: false, rows: [...rows] });
    } else if (!waiting.whole) {
      waiting.rows.push(...rows);
    }
    this.draw();
  }

  /** Show a stretch of an axis, or all of it again. */
  zoom(channel: 'x' | 'y', domain: readonly [number, number] | null): void {
    this.domains[channel] = domain === null ? null : [...domain];
    this.draw();
  }

  /** Run scales over powers of ten, or not. */
  setLogs(logs: Logs): void {
    if (logs.x !== this.logs.x || logs.y !== this.logs.y || logs.time !== this.logs.time) {
      this.logs = { ...logs };
      this.make();
    }
  }

  /** Say how runs are drawn: marks whose colour, dash or opacity encodes the field `run`. */
  paint(paints: ReadonlyMap<string, Paint>): void {
    this.paints = paints;
    this.draw();
  }

  /** Where the data are drawn; null before the first drawing. */
  plot(): Plot | null {
    if (this.view === null || !this.drawn) {
      return null;
    }
    const [left, top] = this.view.origin(); // without the padding
    const padding = this.view.padding() as { left: number; top: number };
    const [x, y] = [left + padding.left, top + padding.top];
    return { left: x, top: y, width: this.view.signal('width') as number, height: this.view.signal('height') as number };
  }

  /** The scale of an axis; null before the first drawing, or where it has none. */
  scale(channel: 'x' | 'y'): Mapping | null {
    const plot = this.plot();
    if (plot === null || this.view === null) {
      return null;
    }
    try {
      const scale = this.view.scale(channel) as Scale;
      const offset = channel === 'x' ? plot.left : plot.top;
      const [from, to] = scale.domain();
      return {
        to: value => scale(value) + offset,
        from: pixel => Number(scale.invert(pixel - offset)),
        domain: [Number(from), Number(to)]
      };
    } catch {
      return null; // a chart without this axis
    }
  }

  /** The chart as a PNG of `scale` pixels per CSS pixel, on the host's ground; `sets` stand in the place of its own. */
  async png(scale = 2, sets: Record<string, Datum[]> = {}): Promise<Blob> {
    const view = await this.still(sets);
    try {
      const canvas = (await view.toCanvas(scale)) as unknown as HTMLCanvasElement;
      return await new Promise((resolve, reject) =>
        canvas.toBlob(blob => (blob === null ? reject(new Error('the canvas is empty')) : resolve(blob)), 'image/png')
      );
    } finally {
      view.finalize();
    }
  }

  /** The chart as SVG, on the host's ground; `sets` stand in the place of its own. */
  async svg(sets: Record<string, Datum[]> = {}): Promise<string> {
    const view = await this.still(sets);
    try {
      return await view.toSVG();
    } finally {
      view.finalize();
    }
  }

  dispose(): void {
    this.disposed = true;
    this.resizes.disconnect();
    this.unwatch();
    cancelAnimationFrame(this.frame);
    this.view?.finalize();
    this.view = null;
    this.node.remove();
  }

  /** A view like this one, with a ground, for a picture. */
  private async still(sets: Record<string, Datum[]>): Promise<View> {
    const view = new View(this.parsed(this.theme.ground), { ...EXPRESSIONS.view, renderer: 'none', loader: NOTHING, logLevel: ERRORS });
    this.steer(view);
    this.rows.forEach((own, name) => this.change(view, name, { whole: true, rows: (sets[name] ?? own).map(row => ({ ...row })) }));
    return view.runAsync();
  }

  private parsed(ground: string | null) {
    const config = { ...configOf(this.theme), ...(ground === null ? {} : { background: ground }) };
    this.laid = this.width();
    const sized = { ...this.spec, width: this.laid, height: this.options.height };
    return parse(compiled(sized, config, this.logs), undefined, EXPRESSIONS.parse);
  }

  private make(): void {
    this.theme = themeOf(this.node);
    this.view?.finalize();
    this.drawn = false;
    const place = document.createElement('div');
    this.node.replaceChildren(place);
    this.view = new View(this.parsed(null), {
      ...EXPRESSIONS.view,
      renderer: 'canvas',
      container: place,
      hover: false,
      tooltip: () => undefined,
      loader: NOTHING,
      logLevel: ERRORS
    });
    this.rows.forEach((rows, name) => this.waiting.set(name, { whole: true, rows }));
    this.draw();
  }

  /** Draw with the next frame all that waits. */
  private draw(): void {
    if (this.frame === 0 && !this.disposed) {
      this.frame = requestAnimationFrame(() => {
        void this.now().finally(() => {
          this.frame = 0;
          if (this.again) {
            this.again = false;
            this.draw();
          }
        });
      });
    } else {
      this.again = true;
    }
  }

  private async now(): Promise<void> {
    const view = this.view;
    if (view === null) {
      return;
    }
    this.again = false;
    this.fit(); // made while the host changed its style sheets, a chart has another width than its place
    this.waiting.forEach((change, name) => this.change(view, name, change));
    this.waiting.clear();
    this.steer(view);
    await view.runAsync();
    if (view === this.view) {
      this.drawn = true;
      this.options.onDrawn?.();
    }
  }

  private change(view: View, name: string, change: { whole: boolean; rows: Datum[] }): void {
    const set = changeset();
    view.change(name, (change.whole ? set.remove(() => true) : set).insert(change.rows));
  }

  private steer(view: View): void {
    for (const channel of ['x', 'y'] as const) {
      set(view, SIGNAL[channel], this.domains[channel]);
    }
    const paints = [...this.paints];
    set(view, SIGNAL.runs, paints.map(([run]) => run));
    set(view, SIGNAL.colors, paints.map(([, paint]) => paint.color));
    set(view, SIGNAL.dashes, paints.map(([, paint]) => (paint.dash.length ? paint.dash : [1, 0])));
    set(view, SIGNAL.opacities, paints.map(([, paint]) => paint.opacity));
  }

  private fit(): void {
    if (this.view !== null && !this.disposed && this.node.clientWidth > 0) {
      const width = this.width();
      if (this.laid !== width) {
        this.laid = width; // Vega's own signal is the width of the plot, once it is laid out
        this.view.width(width);
        this.draw();
      }
    }
  }

  private retheme(): void {
    if (JSON.stringify(themeOf(this.node)) !== JSON.stringify(this.theme)) {
      this.make();
    }
  }

  private width(): number {
    return Math.max(Math.floor(this.node.clientWidth) || this.laid, LEAST_WIDTH);
  }

  private view: View | null = null;
  private theme!: Theme;
  private logs: Logs = {};
  private paints: ReadonlyMap<string, Paint> = new Map();
  private readonly rows = new Map<string, Datum[]>();
  private readonly waiting = new Map<string, { whole: boolean; rows: Datum[] }>();
  private readonly domains: Record<'x' | 'y', [number, number] | null> = { x: null, y: null };
  private readonly resizes: ResizeObserver;
  private readonly unwatch: () => void;
  private laid = 0;
  private frame = 0;
  private again = false;
  private drawn = false;
  private disposed = false;
}

type Scale = ((value: number) => number) & { invert(pixel: number): number | Date; domain(): (number | Date)[] };

/** Vega's way to load data and pictures from an address: there is none here. */
const NOTHING = {
  load: () => Promise.reject(new Error('a chart loads nothing')),
  sanitize: () => Promise.reject(new Error('a chart links nowhere')),
  http: () => Promise.reject(new Error('a chart loads nothing')),
  file: () => Promise.reject(new Error('a chart loads nothing')),
  options: {}
};

function set(view: View, name: string, value: unknown): void {
  if (JSON.stringify(view.signal(name)) !== JSON.stringify(value)) {
    view.signal(name, value);
  }
}
