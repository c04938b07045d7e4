import { div, element } from '../dom.js';
import type { ManyAxis } from '../protocol.js';
import { afterKey, around, LEAST, moved, type Range, rangeWords } from './brushes.js';

/** How near the edge of a brush takes hold of it, in CSS pixels. */
const EDGE = 6;
/** How far the mouse moves before a press is a drag. */
const SLOP = 4;

/** Where an axis lies: from its foot to its head, in CSS pixels of the chart. */
export interface Span {
  foot: number;
  head: number;
}

/**
 * One axis to brush: over the chart's own, with the mouse and the keyboard.
 *
 * A drag brushes, within a brush it moves it, at an edge it moves the edge; a click takes the brush away, or brushes
 * the name that is clicked.
 */
export class Handle {
  readonly node: HTMLElement;

  constructor(
    readonly axis: ManyAxis,
    private readonly upright: boolean,
    private readonly onBrush: (range: Range | null) => void,
    private readonly onEscape: () => void
  ) {
    this.node = element(
      'div',
      {
        class: `jt-axis ${upright ? 'jt-axis-up' : 'jt-axis-along'}`,
        tabindex: 0,
        role: 'slider',
        'aria-orientation': upright ? 'vertical' : 'horizontal',
        'aria-label': `Brush ${axis.title}`,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        title: `${axis.title}: drag to brush; arrow keys move the brush, Shift and arrow keys widen it`
      },
      this.box
    );
    this.node.addEventListener('pointerdown', event => this.press(event));
    this.node.addEventListener('keydown', event => this.key(event));
  }

  /** Lie over an axis of the chart. */
  place(span: Span, across: number, breadth: number): void {
    this.span = span;
    const [start, size] = [Math.min(span.foot, span.head), Math.abs(span.head - span.foot)];
    const style = this.node.style;
    [style.left, style.width] = this.upright ? [px(across - breadth / 2), px(breadth)] : [px(start), px(size)];
    [style.top, style.height] = this.upright ? [px(start), px(size)] : [px(across - breadth / 2), px(breadth)];
    this.show(this.range);
  }

  /** Show a brush, or none. */
  show(range: Range | null): void {
    this.range = range;
    this.box.hidden = range === null;
    const words = rangeWords(this.axis, range);
    this.node.setAttribute('aria-valuetext', words);
    this.node.setAttribute('aria-valuenow', String(Math.round((range === null ? 0 : (range[0] + range[1]) / 2) * 100)));
    if (range !== null) {
      const style = this.box.style;
      const [from, size] = [`${range[0] * 100}%`, `${(range[1] - range[0]) * 100}%`];
      [style.bottom, style.height] = this.upright ? [from, size] : ['0', '100%'];
      [style.left, style.width] = this.upright ? ['0', '100%'] : [from, size];
    }
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.node.focus({ preventScroll: true });
    const start = this.share(event);
    const before = this.range;
    const how = this.holdAt(start);
    let dragged = false;
    const [x, y] = [event.clientX, event.clientY];
    const move = (next: PointerEvent) => {
      dragged ||= Math.abs(next.clientX - x) + Math.abs(next.clientY - y) >= SLOP;
      if (dragged) {
        this.onBrush(this.dragged(how, before, start, this.share(next)));
      }
    };
    const end = (next: PointerEvent) => {
      this.node.removeEventListener('pointermove', move);
      this.node.removeEventListener('pointerup', end);
      this.node.removeEventListener('pointercancel', end);
      if (!dragged && next.type === 'pointerup') {
        this.onBrush(this.clicked(start));
      }
    };
    this.node.addEventListener('pointermove', move);
    this.node.addEventListener('pointerup', end);
    this.node.addEventListener('pointercancel', end);
    this.node.setPointerCapture(event.pointerId);
  }

  /** Which part of the brush is at a share of the axis. */
  private holdAt(share: number): 'from' | 'to' | 'all' | 'new' {
    if (this.range === null) {
      return 'new';
    }
    const near = EDGE / Math.max(Math.abs(this.span.head - this.span.foot), 1);
    const [from, to] = this.range;
    if (Math.abs(share - to) <= near) {
      return 'to';
    }
    if (Math.abs(share - from) <= near) {
      return 'from';
    }
    return share > from && share < to ? 'all' : 'new';
  }

  private dragged(how: 'from' | 'to' | 'all' | 'new', before: Range | null, start: number, now: number): Range | null {
    if (before !== null && how === 'all') {
      return moved(before, now - start);
    }
    const fixed = before !== null && how === 'from' ? before[1] : before !== null && how === 'to' ? before[0] : start;
    return Math.abs(now - fixed) < LEAST ? null : [Math.min(fixed, now), Math.max(fixed, now)];
  }

  /** A click on a name brushes it; a click on what is brushed, or on numbers, takes the brush away. */
  private clicked(share: number): Range | null {
    const inside = this.range !== null && share >= this.range[0] && share <= this.range[1];
    return inside || !this.isOfNames ? null : around(this.axis.ticks, share);
  }

  private get isOfNames(): boolean {
    const places = new Set(this.axis.ticks.map(([place]) => place));
    return this.axis.shares.every(share => share === null || places.has(share));
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (this.range === null) {
        this.onEscape();
      } else {
        this.onBrush(null);
      }
      return;
    }
    const next = event.ctrlKey || event.metaKey || event.altKey ? undefined : afterKey(this.range, event.key, event.shiftKey);
    if (next !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      this.onBrush(next);
    }
  }

  private share(event: PointerEvent): number {
    const box = this.node.getBoundingClientRect();
    const share = this.upright ? (box.bottom - event.clientY) / box.height : (event.clientX - box.left) / box.width;
    return Math.min(Math.max(share, 0), 1);
  }

  private readonly box = div('jt-brush');
  private span: Span = { foot: 0, head: 0 };
  private range: Range | null = null;
}

function px(length: number): string {
  return `${length}px`;
}
