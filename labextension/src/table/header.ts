import { div, element, fill, span } from '../dom.js';
import type { SortKey } from '../protocol.js';
import { bounded, FIXED, MARK_WIDTH, type Slot } from './columns.js';
import { firstDirection, nextSort } from './sorting.js';

export const HEADER_HEIGHT = 32;
/** How far the pointer moves before a press becomes a drag, in CSS pixels. */
const DRAG_FROM = 6;

/** What a header asks for. */
export interface HeaderActions {
  sort(keys: SortKey[]): void;
  resize(column: string, width: number, done: boolean): void;
  /** Put a column before another one, or last. */
  place(column: string, before: string | null): void;
  markAll(): void;
}

/** The header: a click sorts, Shift adds a key, the edge resizes, a drag reorders. */
export class Header {
  readonly node = element('div', { role: 'row', class: 'jt-header', 'aria-rowindex': 1 });

  constructor(private readonly actions: HeaderActions) {}

  /** Show the columns with their order. */
  show(slots: readonly Slot[], sort: readonly SortKey[], allMarked: boolean | null): void {
    this.sort = sort;
    const shown = JSON.stringify([slots, sort, allMarked]);
    if (shown === this.shown) {
      return;
    }
    this.shown = shown;
    const box = element('input', { type: 'checkbox', tabindex: -1, 'aria-label': 'Mark all' });
    box.checked = allMarked === true;
    box.indeterminate = allMarked === null;
    box.addEventListener('click', event => {
      event.preventDefault();
      this.actions.markAll();
    });
    const mark = element('div', { role: 'columnheader', class: 'jt-cell jt-mark' }, box);
    const cells = slots.map((slot, place) => this.cell(slot, place));
    const fixed = element('div', { class: 'jt-fixed', role: 'presentation' }, mark, ...cells.slice(0, FIXED));
    fill(this.node, fixed, ...cells.slice(FIXED));
  }

  private cell(slot: Slot, place: number): HTMLElement {
    const key = this.sort.find(each => each.column === slot.id);
    const order = key === undefined ? 'none' : key.descending ? 'descending' : 'ascending';
    const rank = this.sort.length > 1 && key !== undefined ? String(this.sort.indexOf(key) + 1) : '';
    const sign = key === undefined ? null : span('jt-sort', `${key.descending ? '▾' : '▴'}${rank}`);
    const label = span('jt-cut', slot.title);
    const goal = slot.goal ? span('jt-muted jt-goal', slot.goal) : null;
    const classes = ['jt-cell', slot.right && 'jt-right', place < FIXED && `jt-own-${place}`];
    const attributes = {
      role: 'columnheader',
      class: classes.filter(Boolean).join(' '),
      'aria-sort': order,
      'data-column': slot.id,
      title: slot.hint,
      'aria-label': slot.title ? null : slot.hint
    };
    const room = slot.changeWidth > 0 ? span('jt-change') : null;
    if (room !== null) {
      room.style.width = `${slot.changeWidth}px`;
    }
    const node = element('div', attributes, slot.right ? sign : null, label, goal, slot.right ? null : sign, room);
    node.addEventListener('pointerdown', event => this.press(event, slot, place >= FIXED));
    node.append(this.edge(slot));
    return node;
  }

  /** A press that stays is a click and sorts; one that moves carries the column. */
  private press(event: PointerEvent, slot: Slot, movable: boolean): void {
    if (event.button !== 0) {
      return;
    }
    const start = event.clientX;
    let carried = false;
    const node = event.currentTarget as HTMLElement;
    follow(
      node,
      event,
      now => {
        carried ||= movable && Math.abs(now.clientX - start) > DRAG_FROM;
        if (carried) {
          node.classList.add('jt-carried');
          this.showPlace(now.clientX);
        }
      },
      now => {
        node.classList.remove('jt-carried');
        const place = carried ? this.placeAt(now.clientX) : undefined;
        this.showPlace(null);
        if (place !== undefined) {
          this.actions.place(slot.id, place);
        } else if (!carried) {
          this.sortBy(slot, now.shiftKey);
        }
      }
    );
  }

  /** Sort by a column, as a click does. */
  sortBy(slot: Slot, keep: boolean): void {
    this.actions.sort(nextSort(this.sort, slot.id, firstDirection(slot.goal, slot.id), keep));
  }

  private edge(slot: Slot): HTMLElement {
    const node = div('jt-edge');
    node.addEventListener('pointerdown', event => {
      event.stopPropagation();
      const start = event.clientX;
      const width = (now: PointerEvent) => bounded(slot.width + now.clientX - start);
      follow(
        node,
        event,
        now => this.actions.resize(slot.id, width(now), false),
        now => this.actions.resize(slot.id, width(now), true)
      );
    });
    return node;
  }

  /** The column before which a carried one would land: null is last, undefined nowhere. */
  private placeAt(x: number): string | null | undefined {
    const movable = [...this.node.children].slice(1) as HTMLElement[]; // behind those that stay
    for (const node of movable) {
      const box = node.getBoundingClientRect();
      if (x < box.left + box.width / 2) {
        return node.dataset['column'];
      }
    }
    return null;
  }

  private showPlace(x: number | null): void {
    const before = x === null ? undefined : this.placeAt(x);
    for (const node of this.node.children as HTMLCollectionOf<HTMLElement>) {
      node.classList.toggle('jt-landing', before !== undefined && node.dataset['column'] === before);
    }
  }

  private sort: readonly SortKey[] = [];
  private shown = '';
}

/** Follow a pointer from its press until it is let go, wherever it goes. */
function follow(
  node: HTMLElement,
  pressed: PointerEvent,
  onMove: (event: PointerEvent) => void,
  onEnd: (event: PointerEvent) => void
): void {
  const stop = new AbortController();
  const { signal } = stop;
  const mine = (act: (event: PointerEvent) => void) => (event: PointerEvent) => {
    if (event.pointerId === pressed.pointerId) {
      act(event);
    }
  };
  window.addEventListener('pointermove', mine(onMove), { signal });
  window.addEventListener(
    'pointerup',
    mine(event => {
      stop.abort();
      onEnd(event);
    }),
    { signal }
  );
  window.addEventListener('pointercancel', mine(() => stop.abort()), { signal });
  node.ownerDocument.getSelection()?.removeAllRanges();
}

/** The columns of the page for CSS grid: those that stay, the checkbox first, and those that are scrolled. */
export function gridTemplate(slots: readonly Slot[]): { fixed: string; rest: string } {
  const widths = slots.map(slot => `${slot.width}px`);
  return { fixed: [`${MARK_WIDTH}px`, ...widths.slice(0, FIXED)].join(' '), rest: widths.slice(FIXED).join(' ') };
}
