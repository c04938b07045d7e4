import type { Chart, Charts } from '../charts/load.js';
import { swatch } from '../curves/list.js';
import { div, element, fill, runColor, span } from '../dom.js';
import type { ManyChart, ManyRun } from '../protocol.js';
import type { Shared } from '../shared.js';
import { brushed, type Brushes, kept, NO_BRUSHES, type Range, within } from './brushes.js';
import { type Geometry, ParallelGeometry, ScatterGeometry } from './geometry.js';
import { Handle } from './handle.js';
import { colorsOf, runWords, tones } from './looks.js';
import { Overlay } from './overlay.js';

const HEIGHT = 280;
const BASE_DASH = [5, 3];
/** How far the mouse moves before a press is a drag, in CSS pixels. */
const SLOP = 4;

export interface PartActions {
  /** A person brushed or clicked. */
  select(runs: readonly string[]): void;
  /** Say which run is pointed at. */
  tell(text: string): void;
}

/** A chart of many runs with its brushes: Vega draws it, and a canvas over it what is selected and pointed at. */
export class ChartPart {
  readonly node = div('jt-many-chart');
  readonly kind: ManyChart['kind'];

  /** @param host - where it is put: in the page, as a chart takes its theme from there */
  constructor(
    host: HTMLElement,
    charts: Charts,
    private chart: ManyChart,
    private readonly palette: readonly string[],
    private readonly shared: Shared,
    private readonly actions: PartActions
  ) {
    this.kind = chart.kind;
    this.geometry = chart.kind === 'parallel' ? new ParallelGeometry() : new ScatterGeometry();
    this.node.append(this.stage);
    fill(host, this.node);
    this.drawn = new charts.Chart(this.stage, chart.spec, {
      height: HEIGHT,
      label: this.label,
      onDrawn: () => this.onDrawn()
    });
    this.stage.append(this.overlay.node, this.rubber);
    this.rubber.hidden = true;
    this.stage.addEventListener('pointermove', event => this.point(event));
    this.stage.addEventListener('pointerleave', () => this.shared.hover(null));
    this.stage.addEventListener('pointerdown', event => this.press(event));
    this.stage.addEventListener('keydown', event => this.onKey(event));
    this.stopListening = shared.listen(aspect => (aspect === 'selected' ? this.onSelected() : this.paint()));
    this.show(chart);
  }

  /** Show other runs or axes; brushes of axes that stay go on, over all runs that are there now. */
  show(chart: ManyChart): void {
    const again = this.chart.axes.map(axis => axis.id + axis.title).join() !== chart.axes.map(axis => axis.id + axis.title).join();
    this.chart = chart;
    this.places = new Map(chart.runs.map((run, at) => [run.id, at]));
    this.brushes = kept(this.brushes, chart.axes);
    this.stage.style.minWidth = `${this.geometry.least(chart)}px`;
    this.drawn.node.setAttribute('aria-label', this.label);
    if (again || this.handles.length === 0) {
      this.makeHandles();
    }
    this.geometry.frame(chart, this.drawn);
    this.fill();
    if (this.brushes.size > 0) {
      this.brush(this.brushes);
    }
  }

  /** Take all brushes away, and the selection with them. */
  clear(): void {
    this.brushes = NO_BRUSHES;
    this.handles.forEach(handle => handle.show(null));
    this.actions.select([]);
  }

  dispose(): void {
    this.stopListening();
    this.overlay.dispose();
    this.drawn.dispose();
  }

  private get label(): string {
    const names = this.chart.axes.map(axis => axis.title);
    const what = this.chart.kind === 'parallel' ? 'in parallel coordinates' : 'as points';
    return `${this.chart.runs.length} runs ${what}: ${names.join(', ')}`;
  }

  private makeHandles(): void {
    this.handles.forEach(handle => handle.node.remove());
    this.handles = this.chart.axes.map((axis, at) => {
      const upright = this.chart.kind === 'parallel' || at === 1;
      const brush = (range: Range | null) => this.brush(brushed(this.brushes, axis.id, range));
      return new Handle(axis, upright, brush, () => this.clear());
    });
    this.stage.append(...this.handles.map(handle => handle.node));
    this.handles.forEach(handle => handle.show(this.brushes.get(handle.axis.id) ?? null));
  }

  private brush(brushes: Brushes): void {
    this.brushes = brushes;
    this.handles.forEach(handle => handle.show(brushes.get(handle.axis.id) ?? null));
    this.actions.select(within(brushes, this.chart.axes, this.chart.runs));
  }

  /** Give Vega its rows: all of them after a change, the same ones fainter while some are selected. */
  private fill(): void {
    const any = this.shownSelection.length > 0;
    const width = Math.max(this.drawn.node.clientWidth, this.geometry.least(this.chart));
    this.filled = { width, any };
    const rows = this.geometry.rows(this.chart, tones(this.chart, any), width);
    Object.entries(rows).forEach(([name, each]) => this.drawn.replace(name, each));
  }

  private onSelected(): void {
    const any = this.shownSelection.length > 0;
    if (any !== this.filled.any) {
      this.fill();
    }
    this.paint();
  }

  private onDrawn(): void {
    const width = Math.max(this.drawn.node.clientWidth, this.geometry.least(this.chart));
    if (Math.abs(width - this.filled.width) > 8) {
      this.fill(); // names are cut to the room that they have
    }
    if (this.geometry.lay(this.chart, this.drawn)) {
      this.geometry.placeHandles(this.handles);
      this.paint();
    }
  }

  /** The places of the runs that are selected and shown here. */
  private get shownSelection(): number[] {
    return [...this.shared.selected].flatMap(id => this.places.get(id) ?? []);
  }

  private paint(): void {
    const style = getComputedStyle(this.node);
    const text = style.color;
    const chosen = this.shownSelection;
    const places = chosen.length > 0 ? chosen : this.chart.kept.map(([at]) => at);
    const baseline = baselineOf(this.chart);
    const runs = places.flatMap(at => this.chart.runs[at] ?? []);
    const colors = this.colors(runs);
    const hovered = this.shared.hovered === null ? undefined : this.places.get(this.shared.hovered);
    const { clientWidth, clientHeight } = this.drawn.node;
    this.overlay.draw(clientWidth, clientHeight, context => {
      context.lineJoin = 'round';
      const draw = (at: number, color: string, bold: boolean) => {
        context.strokeStyle = context.fillStyle = at === baseline ? text : color;
        this.geometry.draw(context, at, bold, at === baseline ? BASE_DASH : []);
      };
      context.globalAlpha = colors === null ? (places.length > 100 ? 0.35 : 0.7) : 1;
      places.forEach(at => draw(at, colors?.get(this.chart.runs[at]?.id ?? '') ?? text, false));
      context.globalAlpha = 1;
      if (hovered !== undefined) {
        draw(hovered, colors?.get(this.chart.runs[hovered]?.id ?? '') ?? text, true);
      }
      context.font = `11px ${style.fontFamily}`;
      this.geometry.uncover(context);
    });
    this.actions.tell(hovered === undefined ? '' : runWords(this.chart, hovered));
  }

  /** What is in colour while no run is selected: its mark, its name and why. */
  key(): HTMLElement[] {
    const { kept } = this.chart;
    const colors = this.colors(kept.flatMap(([at]) => this.chart.runs[at] ?? []));
    const baseline = baselineOf(this.chart);
    return kept.flatMap(([at, why]) => {
      const run = this.chart.runs[at];
      if (run === undefined) {
        return [];
      }
      const paint = { color: colors?.get(run.id) ?? '', dash: [], opacity: 1 };
      return [span('jt-run', swatch({ paint, baseline: at === baseline }), element('span', { class: 'jt-cut', title: run.name }, run.name), span('jt-muted', `#${run.number} ${why}`))];
    });
  }

  /** The colours of the selected runs: those of the other charts where these have said them. */
  private colors(runs: readonly ManyRun[]): Map<string, string> | null {
    const found = colorsOf([...runs].sort((one, other) => one.number - other.number), this.palette);
    runs.forEach(run => {
      const said = runColor(this.shared.paints.get(run.id)?.color ?? '');
      if (found !== null && said !== null) {
        found.set(run.id, said);
      }
    });
    return found;
  }

  private at(event: PointerEvent): [number, number] {
    const box = this.drawn.node.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private point(event: PointerEvent): void {
    if (event.buttons === 0) {
      const found = this.geometry.nearest(...this.at(event));
      this.shared.hover(found === null ? null : (this.chart.runs[found]?.id ?? null));
    }
  }

  /** A click selects the run that is pointed at; with Ctrl, Cmd or Shift it is added, or taken out. A drag brushes. */
  private press(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    const from = this.at(event);
    let dragged = false;
    const move = (next: PointerEvent) => {
      const to = this.at(next);
      dragged ||= Math.abs(to[0] - from[0]) + Math.abs(to[1] - from[1]) >= SLOP;
      const brushes = dragged ? this.geometry.brushes(this.chart, from, to) : null;
      if (brushes !== null) {
        this.showRubber(from, to);
        this.brush(brushes);
      }
    };
    const end = (next: PointerEvent) => {
      this.stage.removeEventListener('pointermove', move);
      this.stage.removeEventListener('pointerup', end);
      this.stage.removeEventListener('pointercancel', end);
      this.rubber.hidden = true;
      if (!dragged && next.type === 'pointerup') {
        this.click(this.geometry.nearest(...from), event.ctrlKey || event.metaKey || event.shiftKey);
      }
    };
    this.stage.addEventListener('pointermove', move);
    this.stage.addEventListener('pointerup', end);
    this.stage.addEventListener('pointercancel', end);
    this.stage.setPointerCapture(event.pointerId);
  }

  private click(at: number | null, more: boolean): void {
    this.brushes = NO_BRUSHES;
    this.handles.forEach(handle => handle.show(null));
    const run = at === null ? undefined : this.chart.runs[at]?.id;
    const next = new Set(more ? this.shared.selected : []);
    if (run !== undefined && !next.delete(run)) {
      next.add(run);
    }
    this.actions.select([...next]);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.clear();
    }
  }

  private showRubber(from: readonly [number, number], to: readonly [number, number]): void {
    const style = this.rubber.style;
    this.rubber.hidden = false;
    style.left = `${Math.min(from[0], to[0])}px`;
    style.top = `${Math.min(from[1], to[1])}px`;
    style.width = `${Math.abs(to[0] - from[0])}px`;
    style.height = `${Math.abs(to[1] - from[1])}px`;
  }

  private readonly stage = div('jt-many-stage');
  private readonly rubber = div('jt-rubber');
  private readonly overlay = new Overlay();
  private readonly geometry: Geometry;
  private readonly drawn: Chart;
  private readonly stopListening: () => void;
  private handles: Handle[] = [];
  private places = new Map<string, number>();
  private brushes: Brushes = NO_BRUSHES;
  private filled = { width: 0, any: false };
}

/** The place of the baseline among the runs that are in colour. */
function baselineOf(chart: ManyChart): number | undefined {
  return chart.kept.find(([, why]) => why.startsWith('baseline'))?.[0];
}
