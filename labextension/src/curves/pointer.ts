import type { Chart } from '../charts/load.js';
import type { Overlay } from './overlay.js';
import type { Line } from './rows.js';
import type { Tile, TileEvents } from './tile.js';

const CLICK = 4; // pixels that a press may move and is still a click
const DOUBLE = 250; // milliseconds in which a second click makes it a double one
const STEP = 0.5; // of the stretch, for the keys + and −

/** What the pointer and the keys do over a chart: point, drag a stretch, move it with Shift, reset. */
export class Pointer {
  constructor(
    private readonly place: HTMLElement,
    private readonly tile: Tile,
    private readonly chart: Chart,
    private readonly overlay: Overlay,
    private readonly events: TileEvents
  ) {
    place.addEventListener('pointermove', event => this.move(event));
    place.addEventListener('pointerleave', () => this.leave());
    place.addEventListener('pointerdown', event => this.press(event));
    place.addEventListener('pointerup', event => this.release(event));
    place.addEventListener('pointercancel', () => this.cancel());
    place.addEventListener('dblclick', () => {
      clearTimeout(this.picking);
      events.zoom(null);
    });
    place.addEventListener('keydown', event => this.key(event));
    place.addEventListener('blur', () => this.events.hover(this.tile, null));
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.picking);
  }

  private move(event: PointerEvent): void {
    const [left, top] = this.at(event);
    if (this.pressed !== null) {
      this.dragTo(left);
      return;
    }
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.pointAt(left, top));
  }

  private pointAt(left: number, top: number): void {
    const plot = this.chart.plot();
    const across = this.chart.scale('x');
    const up = this.chart.scale('y');
    if (plot === null || across === null || up === null || left < plot.left - CLICK || left > plot.left + plot.width + CLICK) {
      this.leave();
      return;
    }
    const near = nearest(this.tile.lines, across.from(left), top, up.to);
    if (near === null) {
      this.leave();
      return;
    }
    this.x = near.x;
    this.line = near.line.id;
    this.events.hover(this.tile, { x: near.x, line: near.line.id, left: across.to(near.x), top });
  }

  private leave(): void {
    cancelAnimationFrame(this.frame);
    if (this.pressed === null) {
      this.events.hover(this.tile, null);
    }
  }

  private press(event: PointerEvent): void {
    const plot = this.chart.plot();
    const across = this.chart.scale('x');
    if (event.button !== 0 || plot === null || across === null) {
      return;
    }
    const [left] = this.at(event);
    this.pressed = { left, pan: event.shiftKey, domain: across.domain, width: plot.width };
    this.place.setPointerCapture?.(event.pointerId);
    this.events.hover(this.tile, null);
  }

  private dragTo(left: number): void {
    const { left: from, pan } = this.pressed!;
    if (pan) {
      this.events.pan(this.panned(left), false);
    } else if (Math.abs(left - from) > CLICK) {
      this.overlay.drag(from, left);
    }
  }

  private panned(left: number): [number, number] {
    const { left: from, domain, width } = this.pressed!;
    const shift = ((from - left) / width) * (domain[1] - domain[0]);
    return [domain[0] + shift, domain[1] + shift];
  }

  private release(event: PointerEvent): void {
    const pressed = this.pressed;
    const across = this.chart.scale('x');
    if (pressed === null || across === null) {
      return;
    }
    const [left, top] = this.at(event);
    this.overlay.drag(null);
    if (pressed.pan) {
      this.events.pan(this.panned(left), true);
    } else if (Math.abs(left - pressed.left) > CLICK) {
      const plot = this.chart.plot()!;
      const hold = (pixel: number) => Math.min(Math.max(pixel, plot.left), plot.left + plot.width);
      const [low, high] = [across.from(hold(pressed.left)), across.from(hold(left))].sort((one, other) => one - other) as [number, number];
      this.events.zoom([low, high]);
    } else if (this.line !== null) {
      const { line } = this;
      clearTimeout(this.picking);
      this.picking = setTimeout(() => this.events.pick(line), DOUBLE);
    }
    this.pressed = null;
    this.pointAt(left, top);
  }

  private cancel(): void {
    this.pressed = null;
    this.overlay.drag(null);
  }

  private key(event: KeyboardEvent): void {
    const act = this.acts[event.key];
    if (act !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey && event.target === this.place) {
      event.preventDefault();
      event.stopPropagation();
      act();
    }
  }

  /** Move the rule to the next point of the line that is pointed at. */
  private step(by: number): void {
    const line = this.tile.lines.find(one => one.id === this.line) ?? this.tile.lines[0];
    if (line === undefined || line.x.length === 0) {
      return;
    }
    const here = this.x === null ? (by > 0 ? -1 : line.x.length) : line.nearest(this.x);
    this.stand(line, Math.min(Math.max(here + by, 0), line.x.length - 1));
  }

  /** Take the next line. */
  private other(by: number): void {
    const { lines } = this.tile;
    const here = lines.findIndex(one => one.id === this.line);
    const line = lines[(here + by + lines.length) % lines.length];
    if (line !== undefined && line.x.length > 0) {
      this.stand(line, line.nearest(this.x ?? line.x[0]!));
    }
  }

  private stand(line: Line, place: number): void {
    const across = this.chart.scale('x');
    const up = this.chart.scale('y');
    if (across === null || up === null) {
      return;
    }
    this.x = line.x[place]!;
    this.line = line.id;
    this.events.hover(this.tile, { x: this.x, line: line.id, left: across.to(this.x), top: up.to(line.y[place] ?? 0) });
  }

  private scaleBy(share: number): void {
    const across = this.chart.scale('x');
    if (across !== null) {
      const [low, high] = across.domain;
      const middle = this.x ?? (low + high) / 2;
      this.events.zoom([middle - (middle - low) * share, middle + (high - middle) * share]);
    }
  }

  private at(event: PointerEvent): [number, number] {
    const box = this.place.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private readonly acts: Record<string, () => void> = {
    ArrowLeft: () => this.step(-1),
    ArrowRight: () => this.step(1),
    Home: () => ((this.x = null), this.step(1)),
    End: () => ((this.x = null), this.step(-1)),
    ArrowUp: () => this.other(-1),
    ArrowDown: () => this.other(1),
    '+': () => this.scaleBy(STEP),
    '=': () => this.scaleBy(STEP),
    '-': () => this.scaleBy(1 / STEP),
    '0': () => this.events.zoom(null),
    Enter: () => this.line !== null && this.events.pick(this.line),
    Escape: () => this.events.hover(this.tile, null)
  };
  private pressed: { left: number; pan: boolean; domain: [number, number]; width: number } | null = null;
  private x: number | null = null;
  private line: string | null = null;
  private picking: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
}

/** The line that is nearest to the pointer, by its point that is nearest in x. */
function nearest(lines: readonly Line[], x: number, top: number, up: (y: number) => number): { line: Line; x: number } | null {
  let best: { line: Line; x: number; far: number } | null = null;
  for (const line of lines) {
    const place = line.nearest(x);
    const y = place < 0 ? null : (line.y[place] ?? null);
    if (place >= 0) {
      const far = y === null ? Number.MAX_VALUE : Math.abs(up(y) - top);
      if (best === null || far < best.far) {
        best = { line, x: line.x[place]!, far };
      }
    }
  }
  return best;
}
