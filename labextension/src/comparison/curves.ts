import type { Chart, Charts, Datum } from '../charts/load.js';
import { number, place as placeText } from '../curves/numbers.js';
import { div, element, fill, setText, span } from '../dom.js';
import type { ComparedRun, CurveKey, Series } from '../protocol.js';
import type { Paint } from '../shared.js';
import type { Context } from '../view.js';
import { nearest, readings } from './readout.js';

const HEIGHT = 190;
const PALE = 0.2;

/** The curves of all runs over one another, a chart a metric; what is pointed at in one is told in all. */
export class CurveGrid {
  readonly node = element('section', { class: 'jt-overlaid', 'aria-label': 'Curves' });

  constructor(private readonly context: Context) {
    this.node.append(this.grid);
    this.unlisten = context.shared.listen(aspect => aspect !== 'selected' && this.paint());
  }

  /** Take what is compared; charts of metrics that stay are kept. */
  show(keys: readonly CurveKey[], runs: readonly ComparedRun[], spec: object | null): void {
    this.runs = runs;
    this.keys = keys;
    this.spec = spec ?? this.spec;
    this.node.hidden = keys.length === 0;
    if (keys.length > 0 && this.spec !== null) {
      void this.load();
    }
  }

  receive(series: readonly Series[]): void {
    for (const one of series) {
      this.series.set(`${one.key} ${one.run}`, one);
      this.stale.add(one.key);
    }
    this.feed();
  }

  dispose(): void {
    this.disposed = true;
    this.unlisten();
    this.made.forEach(each => each.chart.dispose());
  }

  private async load(): Promise<void> {
    if (this.charts === null) {
      try {
        this.charts = await this.context.charts();
      } catch {
        fill(this.grid, span('jt-muted', 'The curves cannot be drawn here; the numbers stand above.'));
        return;
      }
    }
    if (!this.disposed) {
      this.arrange(this.charts);
    }
  }

  private arrange(charts: Charts): void {
    const keys = new Set(this.keys.map(each => each.key));
    this.made.forEach((made, key) => {
      if (!keys.has(key)) {
        made.chart.dispose();
        made.node.remove();
        this.made.delete(key);
      }
    });
    for (const each of this.keys) {
      if (!this.made.has(each.key)) {
        this.made.set(each.key, this.make(charts, each));
      }
      this.stale.add(each.key);
    }
    this.feed();
    this.paint();
  }

  private make(charts: Charts, each: CurveKey): Made {
    const told = span('jt-muted jt-readout');
    const rule = div('jt-rule');
    rule.hidden = true;
    const place = div('jt-overlaid-chart', rule);
    const goal = each.goal && span('jt-muted', ` ${each.goal}`);
    const node = div('jt-overlaid-one', div('jt-overlaid-head', span('jt-name jt-cut', each.key, goal), told), place);
    this.grid.append(node);
    const names = this.runs.map(run => `${run.number} ${run.name}`.trim()).join(', ');
    const chart = new charts.Chart(place, this.spec as object, { height: HEIGHT, label: `${each.key} of ${names} by step` });
    place.addEventListener('pointermove', event => this.point(chart, event.clientX - chart.node.getBoundingClientRect().left));
    place.addEventListener('pointerleave', () => this.point(null, 0));
    return { node, chart, told, rule, goal: each.goal };
  }

  /** Put the points that are new into their charts. */
  private feed(): void {
    for (const key of [...this.stale]) {
      const made = this.made.get(key);
      if (made !== undefined) {
        this.stale.delete(key);
        const { line, base, dots, best, odd, band } = rowsOf(this.own(key), this.runs[0]?.id);
        made.chart.replace('line', line);
        made.chart.replace('base', base);
        made.chart.replace('dots', dots);
        made.chart.replace('best', best);
        made.chart.replace('odd', odd);
        made.chart.replace('band', band);
      }
    }
  }

  private own(key: string): Series[] {
    return this.runs.flatMap(run => this.series.get(`${key} ${run.id}`) ?? []);
  }

  /** Tell in all charts what the curves have at the place under the pointer of one. */
  private point(chart: Chart | null, pixel: number): void {
    const scale = chart?.scale('x') ?? null;
    const x = scale === null ? null : scale.from(pixel);
    const names = new Map(this.runs.map(run => [run.id, run.number || run.name]));
    this.made.forEach((made, key) => {
      const found = x === null ? [] : readings(this.own(key), x, made.goal);
      const [first] = found;
      made.rule.hidden = first === undefined;
      if (first === undefined) {
        setText(made.told, '');
        return;
      }
      const at = found[nearest(found.map(each => each.x), x as number)]?.x ?? first.x;
      const own = made.chart.scale('x');
      made.rule.style.left = `${Math.round(own?.to(at) ?? 0)}px`;
      const shown = found.slice(0, 8).map(each => `${names.get(each.run)} ${number(each.y)}`);
      setText(made.told, `${placeText(at, 'step')}: ${shown.join(' · ')}`);
    });
  }

  /** Draw the run that is pointed at stronger than the others. */
  private paint(): void {
    const { hovered, paints } = this.context.shared;
    const faded = new Map<string, Paint>(
      [...paints].map(([run, paint]) => [run, hovered === null || hovered === run ? paint : { ...paint, opacity: PALE }])
    );
    this.made.forEach(made => made.chart.paint(faded));
  }

  private readonly grid = div('jt-overlaid-grid');
  private readonly unlisten: () => void;
  private readonly made = new Map<string, Made>();
  private readonly series = new Map<string, Series>();
  private readonly stale = new Set<string>();
  private runs: readonly ComparedRun[] = [];
  private keys: readonly CurveKey[] = [];
  private spec: object | null = null;
  private charts: Charts | null = null;
  private disposed = false;
}

interface Made {
  node: HTMLElement;
  chart: Chart;
  told: HTMLElement;
  rule: HTMLElement;
  goal: string;
}

type RowSet = 'line' | 'base' | 'dots' | 'best' | 'odd' | 'band';

/** The rows of a chart: the first run is the dashed line in the colour of text. */
export function rowsOf(series: readonly Series[], first: string | undefined) {
  const rows: Record<RowSet, Datum[]> = { line: [], base: [], dots: [], best: [], odd: [], band: [] };
  for (const one of series) {
    const points = one.x.map((x, at) => ({ x, y: one.y[at] ?? null, run: one.run, part: one.run }));
    rows[one.run === first ? 'base' : 'line'].push(...points);
    if (one.x.length < 3) {
      rows.dots.push(...points.map(({ x, y, run }) => ({ x, y, run })));
    }
    if (one.best !== null && one.run !== first) {
      rows.best.push({ x: one.best[0], y: one.best[1], run: one.run });
    }
    one.sd?.forEach((sd, at) => {
      const y = one.y[at] ?? null;
      if (sd !== null && y !== null) {
        rows.band.push({ x: one.x[at] as number, low: y - sd, high: y + sd, run: one.run });
      }
    });
    rows.odd.push(...one.odd.map(x => ({ x, run: one.run })));
  }
  return rows;
}
