import { div, element } from '../dom.js';
import type { Line } from './arrange.js';
import { Body } from './body.js';
import { FIXED, MARK_WIDTH, type Measure, NARROW, type Slot } from './columns.js';
import { gridTemplate, Header, HEADER_HEIGHT, type HeaderActions } from './header.js';
import { type Command, command } from './keyboard.js';
import { type Drawing, lineElement } from './lines.js';
import type { TableModel } from './model.js';
import { editedIn } from './nameeditor.js';
import { extend, look, selected, toggle, toggleAll } from './selection.js';

/** What the grid asks for that is not its own matter. */
export interface GridActions extends Omit<HeaderActions, 'markAll'> {
  /** The selection changed. */
  selected(): void;
  /** Something was opened or closed: the lines are others now. */
  rearranged(): void;
  open(id: string): void;
  rename(id: string): void;
  search(): void;
  clear(): void;
  delete(ids: string[]): void;
  /** Take back the deletion that is said at this place, or the last one. */
  undo(place: string | null): void;
  /** The page shows other lines. */
  scrolled(): void;
}

let grids = 0;

/**
 * The rows and the header, and what the mouse and the keyboard do there.
 *
 * The focus stays on the scrolling element; `aria-activedescendant` says which row or cell it is on, so that it is
 * not lost when a line is scrolled away.
 */
export class Grid {
  readonly node: HTMLElement;
  readonly body: Body;
  readonly header: Header;

  constructor(
    private readonly model: TableModel,
    private readonly actions: GridActions
  ) {
    this.node = element('div', {
      class: 'jt-grid',
      role: 'treegrid',
      tabindex: 0,
      'aria-label': 'Runs',
      'aria-multiselectable': 'true'
    });
    this.header = new Header({ ...actions, markAll: () => this.markAll() });
    this.body = new Body(this.node, HEADER_HEIGHT, line => lineElement(line, this.drawing));
    this.node.append(div('jt-sheet', this.header.node, this.body.node));
    this.node.addEventListener('scroll', () => this.onScroll(), { passive: true });
    this.node.addEventListener('click', event => this.onClick(event));
    this.node.addEventListener('dblclick', event => this.onDoubleClick(event));
    this.node.addEventListener('keydown', event => this.onKey(event));
    this.node.addEventListener('copy', event => this.onCopy(event));
    this.node.addEventListener('pointerover', event => sayInFull(event.target));
    this.node.addEventListener('focus', () => this.showFocus());
    this.node.addEventListener('blur', () => this.showFocus());
  }

  /** Draw all that is on the page anew. */
  refresh(): void {
    const width = this.node.clientWidth;
    const slots = this.model.slots(width, measureIn(this.node));
    this.slots = slots;
    this.narrow = width > 0 && width < NARROW;
    this.showHeader();
    this.measure();
    this.body.show(this.model.lines);
    this.node.setAttribute('aria-rowcount', String(this.model.lines.length + 1));
    this.node.setAttribute('aria-colcount', String(slots.length + 1));
    this.showFocus();
  }

  /** Draw the lines anew whose marks or curves changed. */
  repaint(): void {
    this.showHeader();
    this.body.paint(true);
    this.showFocus();
  }

  private showHeader(): void {
    const { marks } = this.model.selection;
    const all = marks.size === 0 ? false : this.model.order.every(id => marks.has(id)) || null;
    this.header.show(this.slots, this.model.choices.sort, all);
  }

  /** The run that the pointer is on, or null. */
  runAt(event: Event): string | null {
    const under = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]') : null;
    const key = under?.dataset['key'];
    return key !== undefined && this.model.store.rows.has(key) ? key : null;
  }

  /** Show that a run is pointed at, here or in a chart. */
  lift(run: string | null): void {
    this.lifted = run;
    for (const node of this.node.querySelectorAll('.jt-lifted')) {
      node.classList.toggle('jt-lifted', false);
    }
    this.body.find(run ?? '')?.classList.add('jt-lifted');
  }

  /** Put the focus on the rows. */
  focus(): void {
    this.node.focus({ preventScroll: true });
  }

  /** Write in the place of a name; resolves to the new name, or null where it stays. */
  editName(id: string): Promise<string | null> {
    const cell = this.body.find(id)?.querySelector<HTMLElement>('.jt-name-cell');
    if (!cell) {
      return Promise.resolve(null);
    }
    this.body.hold(id);
    return editedIn(cell, this.model.store.rows.get(id)?.name ?? '', () => {
      this.body.hold(null);
      this.repaint();
      this.focus();
    });
  }

  /** The line at the focus, if it is on one. */
  private get line(): Line | undefined {
    return this.model.lines[this.row];
  }

  /** What the lines are drawn with; nothing in it makes the browser lay out the page, since it is read for each line. */
  private get drawing(): Drawing {
    const { selection, store } = this.model;
    return {
      slots: this.slots,
      columns: store.columns,
      narrow: this.narrow,
      marked: id => selection.marks.has(id),
      current: id => selection.current === id,
      curve: row => store.curve(row),
      change: (row, column) => store.change(row, column),
      since: row => store.since(row),
      color: row => this.model.colors.get(row.id) ?? row.color,
      lifted: this.lifted,
      anyMarked: selection.marks.size > 0
    };
  }

  private measure(): void {
    const { fixed, rest } = gridTemplate(this.slots);
    if (fixed + rest === this.template) {
      return; // setting a variable makes the style of every cell anew
    }
    this.template = fixed + rest;
    const width = (until: number) => this.slots.slice(0, until).reduce((sum, slot) => sum + slot.width, MARK_WIDTH);
    const style = this.node.style;
    style.setProperty('--jt-fixed-columns', fixed);
    style.setProperty('--jt-fixed-width', `${width(FIXED)}px`);
    style.setProperty('--jt-columns', rest);
    style.setProperty('--jt-width', `${width(this.slots.length)}px`);
  }

  private onScroll(): void {
    if (this.frame !== 0) {
      return;
    }
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.node.classList.toggle('jt-scrolled', this.node.scrollLeft > 0);
      this.body.paint();
      this.showFocus();
      this.actions.scrolled();
    });
  }

  /** The line that an event is on; a row that was replaced while the button was down is found by its place. */
  private lineOf(event: MouseEvent): { key: string; target: Element } | null {
    const under = event.target instanceof Element ? event.target : null;
    const target = under?.closest('[data-key]') ? under : document.elementFromPoint?.(event.clientX, event.clientY);
    const key = target?.closest<HTMLElement>('[data-key]')?.dataset['key'];
    return key === undefined || !target || !this.node.contains(target) ? null : { key, target };
  }

  private onClick(event: MouseEvent): void {
    const hit = this.lineOf(event);
    if (hit === null || hit.target.closest('input[type=text]')) {
      return;
    }
    const undo = hit.target.closest<HTMLElement>('[data-undo]')?.dataset['undo'];
    if (undo !== undefined) {
      this.actions.undo(undo);
      return;
    }
    this.row = this.model.lines.findIndex(line => line.key === hit.key);
    this.column = -1;
    const line = this.line;
    if (hit.target.closest('[data-toggle]') || (line && line.kind !== 'run')) {
      this.openClose(hit.key);
      return;
    }
    const { selection, order } = this.model;
    if (event.shiftKey) {
      this.select(extend(selection, hit.key, order));
    } else if (hit.target.closest('.jt-mark') || event.ctrlKey || event.metaKey) {
      this.select(toggle(selection, hit.key));
    } else {
      this.select(look(selection, hit.key));
    }
    this.focus();
  }

  /** Of one value all of it is copied: every digit, and what was cut. */
  private onCopy(event: ClipboardEvent): void {
    const found = document.getSelection();
    const inside = found !== null && !found.isCollapsed && this.node.contains(found.anchorNode);
    const cellOf = (node: Node | null) => (node instanceof Element ? node : node?.parentElement)?.closest<HTMLElement>('.jt-cell');
    const [cell, other] = inside
      ? [cellOf(found.anchorNode), cellOf(found.focusNode)]
      : [this.node.querySelector<HTMLElement>('.jt-cell.jt-focus'), undefined];
    const full = cell?.dataset['full'];
    if (full && (!inside || cell === other)) {
      event.clipboardData?.setData('text/plain', full);
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private onDoubleClick(event: MouseEvent): void {
    const hit = this.lineOf(event);
    if (hit && this.model.store.rows.has(hit.key) && !hit.target.closest('input,button')) {
      if (hit.target.closest('.jt-name-cell')) {
        this.actions.rename(hit.key);
      } else {
        this.actions.open(hit.key);
      }
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.node) {
      return;
    }
    const { key, shiftKey, altKey } = event;
    const pressed = { key, shift: shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: altKey };
    const found = command(pressed, this.body.page, this.row < 0);
    if (found !== null) {
      event.preventDefault();
      event.stopPropagation();
      this.obey(found, shiftKey);
    }
  }

  private obey(what: Command, shift: boolean): void {
    const slot = this.slots[this.column];
    switch (what.do) {
      case 'rows':
        return this.moveRows(what.by, what.extend);
      case 'columns':
        return this.moveColumns(what.by);
      case 'edge':
        this.row = what.rows === 0 ? this.row : what.rows < 0 ? 0 : this.model.lines.length - 1;
        this.column = what.columns === 0 ? this.column : what.columns < 0 ? -1 : this.slots.length - 1;
        return this.arrive(false);
      case 'resize':
        return slot && this.actions.resize(slot.id, slot.width + what.by, true);
      case 'reorder':
        return slot && this.reorder(slot, what.by);
      case 'mark':
        return this.mark(toggle);
      case 'markRange':
        return this.mark((selection, id) => extend(selection, id, this.model.order));
      case 'markAll':
        return this.markAll();
      case 'open':
        return this.enter(shift);
      case 'search':
        return this.actions.search();
      case 'clear':
        return this.actions.clear();
      case 'rename':
        return this.line?.kind === 'run' ? this.actions.rename(this.line.key) : undefined;
      case 'delete':
        return this.actions.delete(selected(this.model.selection));
      case 'undo':
        return this.actions.undo(null);
    }
  }

  private moveRows(by: number, extending: boolean): void {
    const last = this.model.lines.length - 1;
    const least = by === -1 ? -1 : 0; // one step up from the first row is the header
    this.row = Math.min(Math.max(this.row + by, Math.min(least, last)), last);
    if (this.row < 0 && this.column < 0) {
      this.column = 0;
    }
    this.arrive(extending);
  }

  /** To the right opens what is closed, to the left closes it; else they go from cell to cell. */
  private moveColumns(by: number): void {
    const line = this.line;
    const onRow = this.row >= 0 && this.column < 0;
    if (line && onRow && (line.kind === 'deleted' ? null : line.open) === (by < 0)) {
      this.openClose(line.key);
      return;
    }
    const least = this.row < 0 ? 0 : -1;
    this.column = Math.min(Math.max(this.column + by, least), this.slots.length - 1);
    this.showFocus();
    this.revealColumn();
  }

  private reorder(slot: Slot, by: -1 | 1): void {
    const shown = this.slots.slice(FIXED).map(each => each.id);
    const from = shown.indexOf(slot.id);
    const to = from + by;
    if (from >= 0 && to >= 0 && to < shown.length) {
      this.actions.place(slot.id, shown[by < 0 ? to : to + 1] ?? null);
      this.column += by;
      this.showFocus();
    }
  }

  private enter(shift: boolean): void {
    const slot = this.slots[this.column];
    if (this.row < 0) {
      if (slot) {
        this.header.sortBy(slot, shift);
      }
    } else if (this.line?.kind === 'run') {
      this.actions.open(this.line.key);
    } else if (this.line?.kind === 'deleted') {
      this.actions.undo(this.line.row.id);
    } else if (this.line) {
      this.openClose(this.line.key);
    }
  }

  private mark(how: (selection: TableModel['selection'], id: string) => TableModel['selection']): void {
    if (this.line?.kind === 'run') {
      this.select(how(this.model.selection, this.line.key));
    } else if (this.line) {
      this.openClose(this.line.key);
    }
  }

  private markAll(): void {
    this.select(toggleAll(this.model.selection, this.model.order));
    this.refresh();
  }

  private openClose(key: string): void {
    if (this.model.toggle(key)) {
      this.actions.rearranged();
    }
  }

  private arrive(extending: boolean): void {
    const { selection, order } = this.model;
    if (this.row >= 0) {
      this.body.reveal(this.row);
      this.body.paint();
    }
    if (this.line?.kind === 'run') {
      this.select(extending ? extend(selection, this.line.key, order) : look(selection, this.line.key));
    }
    this.showFocus();
  }

  private select(selection: TableModel['selection']): void {
    this.model.selection = selection;
    this.repaint();
    this.actions.selected();
  }

  /** Keep the focus on the run that the person looks at, wherever the order has put it. */
  private follow(): void {
    const { current } = this.model.selection;
    if (this.row >= 0 && current !== null && this.line?.key !== current && this.line?.kind !== 'group') {
      const place = this.model.lines.findIndex(line => line.key === current);
      this.row = place >= 0 ? place : Math.min(this.row, this.model.lines.length - 1);
    }
  }

  private showFocus(): void {
    this.follow();
    for (const node of this.node.querySelectorAll('.jt-focus')) {
      node.classList.remove('jt-focus');
      node.removeAttribute('id');
    }
    const row = this.row < 0 ? this.header.node : this.body.find(this.line?.key ?? '');
    const target = row && this.column >= 0 ? (cellIn(row, this.column) ?? row) : row;
    if (target && document.activeElement === this.node) {
      sayInFull(target);
      target.classList.add('jt-focus');
      target.id = this.focusId;
      this.node.setAttribute('aria-activedescendant', this.focusId);
    } else {
      this.node.removeAttribute('aria-activedescendant');
    }
  }

  private revealColumn(): void {
    const slot = this.slots[this.column];
    if (slot === undefined || this.column < FIXED) {
      this.node.scrollLeft = this.column < FIXED ? 0 : this.node.scrollLeft;
      return;
    }
    const widths = this.slots.map(each => each.width);
    const sum = (until: number) => widths.slice(0, until).reduce((all, width) => all + width, MARK_WIDTH);
    const [left, fixed] = [sum(this.column), sum(FIXED)];
    if (left - this.node.scrollLeft < fixed) {
      this.node.scrollLeft = left - fixed;
    } else if (left + slot.width > this.node.scrollLeft + this.node.clientWidth) {
      this.node.scrollLeft = left + slot.width - this.node.clientWidth;
    }
  }

  private slots: readonly Slot[] = [];
  private row = 0;
  private column = -1;
  private frame = 0;
  private template = '';
  private lifted: string | null = null;
  private narrow = false;
  private readonly focusId = `jt-focus-${++grids}`;
}

/** The cell of a line in a column; one that lies over the first columns is theirs. */
function cellIn(row: HTMLElement, column: number): HTMLElement | undefined {
  const cells = row.querySelectorAll<HTMLElement>('.jt-cell');
  return cells[cells[0]?.classList.contains('jt-wide') ? Math.max(column - FIXED + 1, 0) : column + 1];
}

/** Give the cell that is pointed at, or has the focus, the title that it was made with. */
function sayInFull(target: EventTarget | null): void {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-title]') : null;
  const title = cell?.dataset['title'];
  if (cell && title !== undefined && cell.title !== title) {
    cell.title = title;
  }
}

/** Measure texts in the font of an element, where the browser can. */
function measureIn(node: HTMLElement): Measure | undefined {
  if (typeof CanvasRenderingContext2D === 'undefined') {
    return undefined;
  }
  const canvas = document.createElement('canvas').getContext('2d');
  if (canvas === null) {
    return undefined;
  }
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(node);
  canvas.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  return text => canvas.measureText(text).width;
}
