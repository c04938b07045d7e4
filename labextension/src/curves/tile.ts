import type { Chart, Charts, Datum } from '../charts/load.js';
import { button, div, element, fill, setText, span } from '../dom.js';
import { middleCut } from '../format.js';
import type { CurveChart, CurvePart } from '../protocol.js';
import type { Paint, Shared } from '../shared.js';
import { copyPicture, copyRows, fileName } from './copy.js';
import type { CurvesModel } from './model.js';
import { Overlay } from './overlay.js';
import { Painter } from './painter.js';
import { Pointer } from './pointer.js';
import { type Drawing, drawingOf, type Line, moreRows, onlyGrows, wholeLines } from './rows.js';
import { trimOf } from './trim.js';

const HEIGHT = 220;
export const NAMED = 4; // lines that have their name at the end
const NAME_APART = 13; // pixels
const NAMES_SHARE = 0.28; // of a chart's width that names may take
const NAMES_WIDTH = 210; // pixels, at most
const CHARACTER = 6.2; // pixels of a name's mean character
const PALE = 0.35; // the opacity of a run that is not selected, where others are
const AIM = 'goal'; // stands in the place of a run's id
const DRAWN = 250; // milliseconds between two drawings of all

/** What a chart of the grid tells the others. */
export interface TileEvents {
  /** The pointer is at x, near a line; null where it has left. */
  hover(tile: Tile, at: { x: number; line: string | null; left: number; top: number } | null): void;
  zoom(window: [number, number] | null): void;
  pan(window: [number, number], done: boolean): void;
  pick(run: string): void;
  code(key: string): void;
  trim(key: string, hidden: boolean): void;
  /** Show all of a chart, or the range of those that do not go beyond it. */
  whole(key: string, shown: boolean): void;
  said(text: string): void;
}

/** One chart of the grid: its title, its lines, and what is done with it. */
export class Tile {
  readonly node = div('jt-tile');
  lines: Line[] = [];

  constructor(
    charts: Charts,
    spec: object,
    private readonly model: CurvesModel,
    readonly chart: CurveChart,
    private readonly shared: Shared,
    private readonly events: TileEvents
  ) {
    const place = div('jt-plot');
    place.tabIndex = 0;
    place.setAttribute('role', 'group');
    place.setAttribute('aria-label', `${chart.key}: left and right move the rule, + and − zoom, 0 shows all`);
    place.setAttribute('data-lm-suppress-shortcuts', 'true');
    this.beyond.hidden = true;
    this.node.append(this.head(), place, this.note);
    this.view = new charts.Chart(place, spec, { height: HEIGHT, label: chart.key, onDrawn: () => this.onDrawn() });
    this.painter = new Painter(this.view);
    this.overlay = new Overlay(this.view);
    place.prepend(this.painter.node);
    place.append(this.overlay.node);
    this.pointer = new Pointer(place, this, this.view, this.overlay, events);
  }

  /** Draw what has changed: points that only came are put behind the others. */
  update(parts: CurvePart[] | null): void {
    if (parts !== null && this.drawing?.painted === false && this.drawing.range === null && onlyGrows(this.model, parts)) {
      this.view.insert('line', moreRows(parts));
      this.later();
      return;
    }
    this.redraw();
  }

  /** Draw all anew. */
  redraw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.show(drawingOf(this.model, this.chart));
  }

  /** Draw the rule and the lifted line of all charts. */
  point(x: number | null, lifted: string | null): void {
    this.rule = { x, lifted };
    this.overlay.show(x, this.lines, lifted);
  }

  /** Show a stretch of x that has no points of its own yet. */
  slide(window: [number, number]): void {
    if (this.drawing?.painted) {
      this.lines = wholeLines(this.model, this.chart);
    }
    this.view.zoom('x', window);
  }

  /** The lines that have a name at their end. */
  get named(): string[] {
    return this.lines.length > NAMED || !this.fits ? [] : this.lines.filter(line => lastOf(line, Number.POSITIVE_INFINITY) !== null).map(line => line.id);
  }

  /** How many characters a name at the end of a line may have. */
  private get room(): number {
    return Math.floor(Math.min(this.node.clientWidth * NAMES_SHARE, NAMES_WIDTH) / CHARACTER);
  }

  /** Whether the names of groups have room at the ends: what tells groups apart would be cut, so else the legend names them. */
  private get fits(): boolean {
    return this.lines.every(line => line.band === null || line.name.length <= this.room);
  }

  /** The width of the plot, in pixels. */
  get width(): number {
    return this.view.plot()?.width ?? 400;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.pointer.dispose();
    this.view.dispose();
  }

  /** What hangs on all points, the best and the names, follows a little later. */
  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const drawing = drawingOf(this.model, this.chart);
      if (drawing.range !== null) {
        this.show(drawing); // a run has gone beyond the others since
        return;
      }
      const { line: _, ...rest } = this.refresh(drawing).sets;
      Object.entries(rest).forEach(([name, rows]) => this.view.replace(name, rows));
    }, DRAWN);
  }

  private show(drawing: Drawing): void {
    this.refresh(drawing);
    this.view.setLogs({ ...this.model.choices.logs, time: this.model.choices.x === 'time' });
    this.view.zoom('x', this.model.window);
    const { beyond, range } = drawing;
    const near = range === null ? this.lines : this.lines.filter(line => !beyond?.ids.has(line.id));
    const trim = this.model.window === null && !this.model.choices.logs.y ? trimOf(near) : null;
    const hidden = trim !== null && this.model.choices.trimmed.includes(this.chart.key);
    this.view.zoom('y', hidden ? trim : range);
    this.sayTrim(trim !== null, hidden);
    Object.entries(drawing.sets).forEach(([name, rows]) => this.view.replace(name, rows));
    this.view.paint(this.paints());
  }

  private refresh(drawing: Drawing): Drawing {
    this.drawing = drawing;
    this.lines = drawing.lines;
    const { smoothing } = this.model.choices;
    const words = [smoothing > 0 && `smoothed ${smoothing}`, smoothing > 0 && drawing.thinned && 'of the points drawn'];
    setText(this.words, words.filter(Boolean).join(' '));
    setText(this.odd, drawing.odd);
    setText(this.note, drawing.ends.join(' · '));
    this.sayBeyond(drawing);
    return drawing;
  }

  private paints(): Map<string, Paint> {
    const { selected } = this.shared;
    const muted = getComputedStyle(this.node).getPropertyValue('--jt-muted').trim() || 'gray';
    const found = new Map<string, Paint>([[AIM, { color: muted, dash: [], opacity: 1 }]]);
    for (const line of this.lines) {
      const pale = selected.size > 0 && !selected.has(line.id) && !line.band;
      const color = line.baseline ? muted : line.paint.color; // its line has the text's colour; its ring and marks this
      const opacity = pale ? Math.min(line.paint.opacity, PALE) : line.paint.opacity;
      found.set(line.id, { color, dash: line.paint.dash, opacity });
    }
    return found;
  }

  /** Selected runs stand out. */
  repaint(): void {
    this.view.paint(this.paints());
  }

  private onDrawn(): void {
    this.painter.draw(this.drawing?.painted ? this.lines : [], this.paints(), this.model.choices.logs.y);
    this.nameEnds();
    this.overlay.show(this.rule.x, this.lines, this.rule.lifted);
  }

  /** Write the names at the ends of up to four lines, none over another. */
  private nameEnds(): void {
    const up = this.view.scale('y');
    if (up === null) {
      return;
    }
    const rows: Datum[] = [];
    const { window } = this.model;
    const right = window?.[1] ?? Math.max(...this.lines.map(line => Math.max(...line.x.slice(-1))));
    const { top, height } = this.view.plot()!;
    if (this.lines.length > 0 && this.lines.length <= NAMED && this.fits) {
      const { room } = this;
      for (const line of this.lines) {
        const y = lastOf(line, right);
        if (y !== null) {
          const py = Math.min(Math.max(Math.round(up.to(y) - top), 0), height);
          rows.push({ x: right, py, run: line.id, text: nameWithin(line, room) + (line.live ? ' ●' : '') });
        }
      }
    }
    for (const { y } of this.drawing?.sets['goal'] ?? []) {
      const py = Math.round(up.to(Number(y)) - top);
      if (this.lines.length > 0 && py >= 0 && py <= height) {
        rows.push({ x: right, py, run: AIM, text: this.chart.aim ?? '' });
      }
    }
    if (rows.length > 0) {
      rows.sort((one, other) => Number(one['py']) - Number(other['py']));
      rows.forEach((row, place) => {
        const above = rows[place - 1];
        if (above !== undefined) {
          row['py'] = Math.max(Number(row['py']), Number(above['py']) + NAME_APART);
        }
      });
    }
    const told = JSON.stringify(rows);
    if (told !== this.ends) {
      this.ends = told;
      this.view.replace('ends', rows);
    }
  }

  private head(): HTMLElement {
    const title = element('span', { class: 'jt-chartname jt-cut', title: this.chart.goal || null }, this.chart.title);
    const menu = element('details', { class: 'jt-menu' }, element('summary', { title: 'Copy', 'aria-label': `Copy ${this.chart.key}` }, 'Copy'));
    const close = () => (menu.open = false);
    const item = (label: string, act: () => void) => button(label, () => (close(), act()), { class: 'jt-button jt-item' });
    menu.append(
      div(
        'jt-items',
        item('as PNG', () => void this.copy('png')),
        item('as SVG', () => void this.copy('svg')),
        item('points as CSV', () => void this.copy('csv')),
        item('as code', () => this.events.code(this.chart.key))
      )
    );
    menu.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') {
        close();
        menu.querySelector('summary')?.focus();
      }
    });
    menu.addEventListener('focusout', event => {
      if (!menu.contains(event.relatedTarget as Node | null)) {
        close();
      }
    });
    menu.querySelector('summary')?.setAttribute('data-lm-suppress-shortcuts', 'true');
    return div('jt-tilehead', title, this.odd, this.words, this.trim, this.beyond, menu);
  }

  private sayTrim(offered: boolean, hidden: boolean): void {
    const act = (label: string) => button(label, () => this.events.trim(this.chart.key, !hidden));
    fill(this.trim, hidden && 'start hidden · ', offered && act(hidden ? 'show' : 'hide the start'));
  }

  /** Say who goes beyond; the button stays the same one, since a run that diverges says it anew four times a second. */
  private sayBeyond({ beyond, range }: Drawing): void {
    this.beyond.hidden = beyond === null;
    setText(this.far, beyond?.words ?? '');
    this.far.title = beyond?.names ?? '';
    setText(this.farButton, range === null ? 'hide' : 'show');
  }

  private async copy(form: 'png' | 'svg' | 'csv'): Promise<void> {
    const { key } = this.chart;
    try {
      if (form === 'png') {
        this.events.said(`${key}: picture ${await copyPicture(await this.view.png(2, this.wholeSets()), fileName(key, 'png'))}`);
      } else if (form === 'svg') {
        const text = await this.view.svg(this.wholeSets());
        this.events.said(`${key}: SVG ${await copyPicture(new Blob([text], { type: 'text/plain' }), fileName(key, 'svg'))}`);
      } else {
        const rows = this.model.drawn(key).flatMap(([run, { x, y }]) => x.map((at, place) => [run.name, run.number, at, y[place] ?? null]));
        const done = await copyRows(['run', 'number', this.model.choices.x, key], rows, fileName(key, 'csv'));
        this.events.said(`${key}: ${rows.length.toLocaleString('en-US')} points ${done}`);
      }
    } catch (error) {
      this.events.said(`${key} could not be copied: ${String(error)}`);
    }
  }

  /** The rows of a picture, in which the chart draws all lines itself. */
  private wholeSets(): Record<string, Datum[]> {
    const all = { lines: Number.POSITIVE_INFINITY, points: Number.POSITIVE_INFINITY };
    return this.drawing?.painted ? drawingOf(this.model, this.chart, all).sets : {};
  }

  private readonly view: Chart;
  private readonly painter: Painter;
  private readonly overlay: Overlay;
  private readonly pointer: Pointer;
  private readonly odd = span('jt-warning jt-odd');
  private readonly words = span('jt-muted');
  private readonly note = div('jt-muted jt-tilenote');
  private readonly trim = span('jt-muted');
  private readonly far = span('jt-cut');
  private readonly farButton = button('show', () => this.events.whole(this.chart.key, this.drawing?.range !== null));
  private readonly beyond = span('jt-muted jt-beyond', this.far, ' · ', this.farButton);
  private drawing: Drawing | null = null;
  private rule: { x: number | null; lifted: string | null } = { x: null, lifted: null };
  private ends = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
}

/** The last value of a line up to x. */
export function lastOf(line: Pick<Line, 'x' | 'y'>, right: number): number | null {
  for (let place = line.y.length - 1; place >= 0; place--) {
    const value = line.y[place] ?? null;
    if (value !== null && line.x[place]! <= right) {
      return value;
    }
  }
  return null;
}

/** A name cut in its middle to so many characters; a run's number stays. */
export function nameWithin(line: Pick<Line, 'name' | 'band'>, room: number): string {
  const end = line.band === null ? line.name.lastIndexOf(' #') : -1;
  return end < 0 ? middleCut(line.name, room) : middleCut(line.name.slice(0, end), room - (line.name.length - end)) + line.name.slice(end);
}
