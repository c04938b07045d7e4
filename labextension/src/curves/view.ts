import type { Charts } from '../charts/load.js';
import { div, fill, setText } from '../dom.js';
import { Pace } from '../pace.js';
import type { CurveChoices, CurvePart, CurvesPointsMessage, CurvesViewMessage, KernelMessage } from '../protocol.js';
import { Saying } from '../saying.js';
import type { Context, View } from '../view.js';
import { Controls } from './controls.js';
import { copyOrSave } from './copy.js';
import { Legend } from './legend.js';
import { ValueList } from './list.js';
import { CurvesModel } from './model.js';
import { place } from './numbers.js';
import { GROUP } from './rows.js';
import { NAMED, Tile } from './tile.js';

/** How long after the last change what was chosen, and a stretch that was moved, is sent to the kernel, in milliseconds. */
const SETTLE = 300;

/** The live curves: a chart for each metric, in a grid that shares one stretch of x and one rule. */
export class CurvesView implements View {
  readonly node = div('jt-curves');

  constructor(
    private readonly context: Context,
    private readonly charts: Charts
  ) {
    this.saying = new Saying(div('jt-said'), context);
    this.model.still = context.still ?? false;
    this.controls = new Controls(this.model, {
      choose: choices => this.choose(choices),
      reset: () => this.zoom(null),
      fullScreen: () => this.fullScreen()
    });
    this.legend = new Legend(context.shared, run => this.pick(run));
    const body = div('jt-curvebody', this.grid, this.list.node);
    this.node.append(this.controls.node, this.legend.node, this.empty, body, div('jt-curvefoot', this.axis, this.saying.node));
    this.stopListening = context.shared.listen(aspect => {
      if (aspect === 'selected') {
        this.tiles.forEach(tile => tile.repaint());
      } else if (aspect === 'hovered' && this.pointed === null) {
        this.tiles.forEach(tile => tile.point(null, context.shared.hovered));
      }
      this.legend.mark();
    });
  }

  receive(message: KernelMessage): void {
    if (message.type === 'curves-view') {
      this.load(message);
    } else if (message.type === 'curves-points') {
      this.take(message);
    }
  }

  freeze(): void {
    this.frozen = true;
  }

  dispose(): void {
    clearTimeout(this.keeping);
    this.saying.stop();
    this.wantPoints.stop();
    this.stopListening();
    this.tiles.forEach(tile => tile.dispose());
  }

  private load(message: CurvesViewMessage): void {
    this.model.load(message);
    this.context.shared.paint(message.runs.map(({ id, color, dash, opacity }) => [id, { color, dash, opacity }]));
    this.empty.hidden = !message.empty;
    setText(this.empty, message.empty);
    this.controls.node.hidden = Boolean(message.empty);
    this.controls.show();
    this.legend.show(message.runs, message.notes, message.group);
    setText(this.axis, message.empty ? '' : (message.axes.find(axis => axis.id === message.x)?.title ?? message.x));
    const told = JSON.stringify([message.charts, message.spec]);
    if (told !== this.told) {
      this.told = told;
      this.tiles.forEach(tile => tile.dispose());
      this.tiles = message.charts.map(chart => this.tile(message.spec, chart));
      fill(this.grid, ...this.tiles.map(tile => tile.node));
    }
    if (this.model.window !== null) {
      this.wantPoints.ask();
    }
  }

  private tile(spec: object, chart: CurvesViewMessage['charts'][number]): Tile {
    return new Tile(this.charts, spec, this.model, chart, this.context.shared, {
      hover: (tile, at) => this.hover(tile, at),
      zoom: window => this.zoom(window),
      pan: (window, done) => (done ? this.zoom(window) : this.tiles.forEach(one => one.slide(window))),
      pick: run => this.pick(run),
      code: key => void this.copyCode(key),
      trim: (key, hidden) => this.keepOf('trimmed', key, hidden),
      whole: (key, shown) => this.keepOf('whole', key, shown),
      said: text => this.saying.say(text)
    });
  }

  private take(message: CurvesPointsMessage): void {
    const changed = this.model.take(message);
    for (const tile of this.tiles) {
      const parts: CurvePart[] | null | undefined = changed.get(tile.chart.key);
      if (parts !== undefined) {
        tile.update(parts);
      }
    }
    this.showNames();
    if (this.model.stale) {
      this.wantPoints.ask();
    }
  }

  /** Up to four lines have their names at their ends, and need no legend; one without an end keeps it. */
  private showNames(): void {
    const { runs, choices } = this.model;
    const lines = new Set(runs.map(run => (choices.group ? GROUP + run.group : run.id)));
    const named = new Set(this.tiles.flatMap(tile => tile.named));
    this.legend.showNames(lines.size > NAMED || [...lines].some(id => !named.has(id)));
  }

  private zoom(window: [number, number] | null): void {
    this.model.zoom(window);
    this.controls.show();
    this.tiles.forEach(tile => tile.redraw());
    if (window !== null) {
      this.wantPoints.ask();
    }
  }

  /** Ask the kernel for the points of the stretch; until they come, what is known is shown. */
  private async askPoints(): Promise<void> {
    const { window } = this.model;
    if (window === null || this.frozen) {
      return;
    }
    const width = Math.max(...this.tiles.map(tile => tile.width), 100);
    this.model.stale = false;
    const reply = await this.context.requests.call('window', { low: window[0], high: window[1], width });
    if (reply.ok && reply.points !== undefined) {
      this.take(reply.points);
    } else if (!reply.ok && reply.message) {
      this.context.complain(reply.message);
    }
  }

  private hover(tile: Tile, at: { x: number; line: string | null; left: number; top: number } | null): void {
    this.pointed = at;
    this.context.shared.hover(at?.line ?? null);
    this.tiles.forEach(one => one.point(at?.x ?? null, at?.line ?? null));
    if (at === null) {
      this.list.hide();
      return;
    }
    const body = this.grid.getBoundingClientRect();
    const box = tile.node.querySelector('.jt-plot')!.getBoundingClientRect();
    const room = { width: body.width, height: body.height, left: box.left - body.left + at.left, top: box.top - body.top + at.top };
    const where = place(at.x, this.model.choices.x);
    this.list.show(where, at.x, tile.lines, tile.chart.direction, at.line, room);
    const line = tile.lines.find(one => one.id === at.line);
    if (document.activeElement?.closest('.jt-tile') === tile.node && line !== undefined) {
      this.context.announce(`${tile.chart.key}, ${where}, ${line.name}: ${line.y[line.nearest(at.x)] ?? 'NaN'}`);
    }
  }

  private pick(run: string): void {
    const selected = new Set(this.context.shared.selected);
    if (!selected.delete(run)) {
      selected.add(run);
    }
    this.context.shared.select(selected);
    this.context.requests.tellKernel('select', { runs: [...selected] });
  }

  private choose(choices: Partial<CurveChoices>): void {
    const moved = choices.x !== undefined || choices.group !== undefined;
    Object.assign(this.model.choices, choices);
    this.controls.show();
    if (!moved) {
      this.tiles.forEach(tile => tile.redraw());
    }
    clearTimeout(this.keeping);
    const keep = () => void this.keep();
    if (moved) {
      keep(); // the kernel sends other points
    } else {
      this.keeping = setTimeout(keep, SETTLE);
    }
  }

  private async keep(): Promise<void> {
    const reply = await this.context.requests.call('choices', { choices: { ...this.model.choices } });
    if (!reply.ok && reply.message) {
      this.context.complain(reply.message);
    }
  }

  /** Put a chart among those of a choice, or take it out. */
  private keepOf(choice: 'trimmed' | 'whole', key: string, chosen: boolean): void {
    const others = this.model.choices[choice].filter(one => one !== key);
    this.choose({ [choice]: chosen ? [...others, key] : others });
  }

  private async copyCode(key: string): Promise<void> {
    const reply = await this.context.requests.call('code', { chart: key });
    if (reply.ok && reply.text !== undefined) {
      this.saying.say(`${key}: code ${await copyOrSave(reply.text, 'chart.py')}`);
    } else {
      this.context.complain(reply.message ?? '');
    }
  }

  private fullScreen(): void {
    if (document.fullscreenElement === this.node) {
      void document.exitFullscreen();
    } else {
      void this.node.requestFullscreen?.().catch(() => this.saying.say('this page may not go full screen'));
    }
  }

  private readonly model = new CurvesModel();
  private readonly grid = div('jt-tiles');
  private readonly list = new ValueList();
  private readonly empty = div('jt-noruns');
  private readonly axis = div('jt-muted jt-xname');
  private readonly saying: Saying;
  private readonly controls: Controls;
  private readonly legend: Legend;
  private readonly wantPoints = new Pace(() => void this.askPoints(), SETTLE);
  private readonly stopListening: () => void;
  private tiles: Tile[] = [];
  private told = '';
  private pointed: object | null = null;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private frozen = false;
}
