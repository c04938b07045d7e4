import type { Chart, Mapping } from '../charts/load.js';
import { div, element, runColor } from '../dom.js';
import type { Paint } from '../shared.js';
import type { Line } from './rows.js';

const FEW = 8; // lines that are drawn as wide as Vega draws them
const TOLD_APART = 24; // lines by colour and dash; more are all whole lines, which cost a tenth
const WIDTH = 1.5;
const THIN = 1; // a line of one pixel costs a fiftieth of a wider one where there is no graphics card
const BASE_WIDTH = 2;
const BASE_DASH = [5, 3];
const RAW_OPACITY = 0.25;
const FURTHEST = 1e6; // pixels

/** The lines of a chart that has very many points: drawn below the chart, which has the scales, axes and marks. */
export class Painter {
  readonly node = div('jt-painted');

  constructor(private readonly chart: Chart) {
    this.node.append(this.canvas);
  }

  /** Draw lines as the chart's scales are now; none clears it. */
  draw(lines: readonly Line[], paints: ReadonlyMap<string, Paint>, logY: boolean): void {
    const plot = this.chart.plot();
    const across = this.chart.scale('x');
    const up = this.chart.scale('y');
    const context = sized(this.canvas, this.node);
    if (lines.length === 0 || plot === null || across === null || up === null || context === null) {
      return;
    }
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top, plot.width, plot.height);
    context.clip();
    context.lineJoin = 'bevel';
    const text = getComputedStyle(this.node).color;
    const strength = (line: Line) => paints.get(line.id)?.opacity ?? line.paint.opacity;
    for (const line of [...lines].sort((one, other) => Number(one.baseline) - Number(other.baseline) || strength(one) - strength(other))) {
      const color = line.baseline ? text : (runColor(paints.get(line.id)?.color ?? line.paint.color) ?? 'gray');
      context.strokeStyle = color;
      if (line.raw !== null) {
        context.globalAlpha = RAW_OPACITY;
        context.lineWidth = THIN;
        context.setLineDash([]);
        trace(context, line.x, line.raw, across, up, logY);
      }
      context.globalAlpha = line.baseline ? 1 : strength(line);
      context.lineWidth = line.baseline ? BASE_WIDTH : lines.length > FEW ? THIN : WIDTH;
      context.setLineDash(line.baseline ? BASE_DASH : lines.length > TOLD_APART ? [] : line.paint.dash);
      trace(context, line.x, line.y, across, up, logY);
    }
    context.restore();
  }

  private readonly canvas = element('canvas', { 'aria-hidden': 'true' });
}

/** Stroke a line: all of it that may be seen, with a neighbour on either side. */
function trace(
  context: CanvasRenderingContext2D,
  xs: readonly number[],
  ys: readonly (number | null)[],
  across: Mapping,
  up: Mapping,
  logY: boolean
): void {
  const [left, right] = across.domain;
  context.beginPath();
  let open = false;
  for (let place = 0; place < xs.length; place++) {
    const [x, y] = [xs[place]!, ys[place] ?? null];
    const next = xs[place + 1] ?? x;
    if (y === null || (logY && y <= 0)) {
      open = false;
    } else if (open) {
      context.lineTo(across.to(x), seen(up.to(y)));
      open = !beyond(x, next, left, right);
    } else if (!beyond(x, next, left, right)) {
      context.moveTo(across.to(x), seen(up.to(y)));
      open = true;
    }
  }
  context.stroke();
}

/** A place that a canvas can hold; further out the line is the same. */
function seen(pixel: number): number {
  return Math.min(Math.max(pixel, -FURTHEST), FURTHEST);
}

/** Whether the way from one x to the next lies outside of what is shown. */
function beyond(x: number, next: number, left: number, right: number): boolean {
  return (x < left && next < left) || (x > right && next > right);
}

/** The context of an empty canvas that is as large as its place, in CSS pixels. */
export function sized(canvas: HTMLCanvasElement, place: HTMLElement): CanvasRenderingContext2D | null {
  const { clientWidth: width, clientHeight: height } = place;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext('2d');
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
