import type { Chart } from '../charts/load.js';
import { div, element, runColor } from '../dom.js';
import { sized } from './painter.js';
import type { Line } from './rows.js';

const DOT = 3; // pixels
const LIFTED = 2.5;

/** What lies over a chart: the rule under the pointer, a dot on each line, the line that is pointed at, the stretch that is dragged. */
export class Overlay {
  readonly node = div('jt-overlay');

  constructor(private readonly chart: Chart) {
    this.node.append(this.canvas, this.rule, this.stretch);
    this.rule.hidden = true;
    this.stretch.hidden = true;
  }

  /** Draw the rule at x and the dots of lines; `lifted` is drawn over all others. Null takes all away. */
  show(x: number | null, lines: readonly Line[], lifted: string | null): void {
    const plot = this.chart.plot();
    const across = this.chart.scale('x');
    const up = this.chart.scale('y');
    const context = sized(this.canvas, this.node);
    this.rule.hidden = true;
    if (plot === null || across === null || up === null || context === null) {
      return;
    }
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top - DOT, plot.width, plot.height + 2 * DOT);
    context.clip();
    const line = lines.find(one => one.id === lifted);
    if (line !== undefined) {
      this.lift(context, line, across.to, up.to);
    }
    if (x !== null) {
      for (const one of lines) {
        const place = one.nearest(x);
        const y = place < 0 ? null : (one.y[place] ?? null);
        if (y !== null) {
          context.beginPath();
          context.arc(across.to(one.x[place]!), up.to(y), one.id === lifted ? DOT + 1 : DOT, 0, 2 * Math.PI);
          context.fillStyle = colorOf(one, this.node);
          context.fill();
        }
      }
      const left = across.to(x);
      this.rule.hidden = left < plot.left - 1 || left > plot.left + plot.width + 1;
      Object.assign(this.rule.style, { left: `${left}px`, top: `${plot.top}px`, height: `${plot.height}px` });
    }
    context.restore();
  }

  /** Show the stretch from one pixel to another, or none. */
  drag(from: number | null, to = 0): void {
    const plot = this.chart.plot();
    this.stretch.hidden = from === null || plot === null;
    if (from !== null && plot !== null) {
      const left = Math.max(Math.min(from, to), plot.left);
      const right = Math.min(Math.max(from, to), plot.left + plot.width);
      const style = { left: `${left}px`, width: `${Math.max(right - left, 0)}px`, top: `${plot.top}px`, height: `${plot.height}px` };
      Object.assign(this.stretch.style, style);
    }
  }

  private lift(context: CanvasRenderingContext2D, line: Line, across: (x: number) => number, up: (y: number) => number): void {
    context.beginPath();
    let open = false;
    line.x.forEach((x, place) => {
      const y = line.y[place] ?? null;
      if (y === null) {
        open = false;
      } else if (open) {
        context.lineTo(across(x), up(y));
      } else {
        context.moveTo(across(x), up(y));
        open = true;
      }
    });
    context.lineWidth = LIFTED;
    context.lineJoin = 'round';
    context.strokeStyle = colorOf(line, this.node);
    context.setLineDash(line.paint.dash);
    context.stroke();
    context.setLineDash([]);
  }

  private readonly canvas = element('canvas', { 'aria-hidden': 'true' });
  private readonly rule = div('jt-rule');
  private readonly stretch = div('jt-stretch');
}

function colorOf(line: Line, node: Element): string {
  return line.baseline ? getComputedStyle(node).color : (runColor(line.paint.color) ?? 'gray');
}
