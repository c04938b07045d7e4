import { div, element, fill, runColor, span } from '../dom.js';
import { number } from './numbers.js';
import type { Line } from './rows.js';

const MOST = 8;

/** The values under the rule: one list for all charts, in the order of the goal. */
export class ValueList {
  readonly node = div('jt-values');

  constructor() {
    this.node.hidden = true;
  }

  /**
   * Show the values of the lines at x.
   *
   * @param nearest - the line that is pointed at
   * @param room - the panel's size and where the pointer is, in pixels of the panel
   */
  show(
    at: string,
    x: number,
    lines: readonly Line[],
    direction: 'min' | 'max' | null,
    nearest: string | null,
    room: { width: number; height: number; left: number; top: number }
  ): void {
    const found = lines
      .map(line => ({ line, place: line.nearest(x) }))
      .filter(({ place }) => place >= 0)
      .sort((one, other) => order(valueOf(one), valueOf(other), direction));
    const shown = found.slice(0, MOST);
    const near = found.find(({ line }) => line.id === nearest);
    if (near !== undefined && !shown.includes(near)) {
      shown[MOST - 1] = near;
    }
    const rows = shown.map(({ line, place }) => valueRow(line, place, line.id === nearest));
    fill(this.node, div('jt-muted', at), ...rows, found.length > MOST && div('jt-muted', `+${found.length - MOST}`));
    this.node.hidden = found.length === 0;
    this.put(room);
  }

  hide(): void {
    this.node.hidden = true;
  }

  /** Beside the pointer, on the side that has room, inside the panel, and never over the point. */
  private put(room: { width: number; height: number; left: number; top: number }): void {
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const right = room.left + GAP + width <= room.width;
    const left = right ? room.left + GAP : Math.max(room.left - GAP - width, 0);
    const top = Math.min(Math.max(room.top - height / 2, 0), Math.max(room.height - height, 0));
    Object.assign(this.node.style, { left: `${left}px`, top: `${top}px` });
  }
}

const GAP = 14; // pixels

function valueOf({ line, place }: { line: Line; place: number }): number | null {
  return line.y[place] ?? null;
}

function order(one: number | null, other: number | null, direction: 'min' | 'max' | null): number {
  if (one === null || other === null) {
    return Number(one === null) - Number(other === null);
  }
  return direction === 'min' ? one - other : other - one;
}

/** The mark of a line in a list: a stroke as it is drawn. */
export function swatch(line: { paint: { color: string; dash: number[]; opacity: number }; baseline: boolean }): HTMLElement {
  const node = span('jt-swatch');
  node.setAttribute('aria-hidden', 'true');
  const color = line.baseline ? 'currentColor' : (runColor(line.paint.color) ?? 'currentColor');
  node.style.borderTopColor = color;
  node.style.setProperty('forced-color-adjust', color === 'currentColor' ? 'auto' : 'none');
  node.style.borderTopStyle = line.baseline || line.paint.dash.length ? (line.paint.dash[0] === 2 ? 'dotted' : 'dashed') : 'solid';
  node.style.opacity = String(line.paint.opacity);
  return node;
}

function valueRow(line: Line, place: number, near: boolean): HTMLElement {
  const y = line.y[place] ?? null;
  const raw = line.raw === null ? null : (line.raw[place] ?? null);
  const spread = line.band?.[place];
  const more = spread !== undefined && spread.n > 1 ? ` ± ${number(spread.sd)} (n=${spread.n})` : '';
  const value = element('span', { class: 'jt-value', title: String(raw ?? y ?? 'NaN') }, number(y) + more);
  const beside = line.raw === null ? null : span('jt-muted', `raw ${number(raw)}`);
  return div(near ? 'jt-valuerow jt-near' : 'jt-valuerow', swatch(line), span('jt-cut', line.name), value, beside);
}
