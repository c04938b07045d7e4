import { div } from '../dom.js';
import type { Line } from './arrange.js';

export const ROW_HEIGHT = 28;
/** Lines above and below the page that are there already when it is scrolled. */
const MARGIN = 8;

/**
 * The lines of the table, of which only those on the page are elements.
 *
 * A line that stays keeps its element, and of a changed line only the changed cells are replaced: a press of the
 * mouse that began before a refresh still ends on the same element.
 */
export class Body {
  readonly node = div('jt-rows');

  /**
   * @param scroller - what scrolls the lines
   * @param above - the height of what stays above them, in CSS pixels
   * @param build - makes the element of a line
   */
  constructor(
    private readonly scroller: HTMLElement,
    private readonly above: number,
    private readonly build: (line: Line) => HTMLElement
  ) {
    this.node.setAttribute('role', 'rowgroup');
  }

  /** Show these lines; `changed` says that lines with the same key may look different now. */
  show(lines: readonly Line[], changed = true): void {
    this.lines = lines;
    this.node.style.height = `${lines.length * ROW_HEIGHT}px`;
    this.paint(changed);
  }

  /** Make the elements of the lines that are on the page now. */
  paint(changed = false): void {
    const height = this.scroller.clientHeight || 10 * ROW_HEIGHT;
    const start = Math.max(Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - MARGIN, 0);
    const stop = Math.min(start + Math.ceil(height / ROW_HEIGHT) + 2 * MARGIN, this.lines.length);
    const wanted = new Map<string, number>();
    for (let place = start; place < stop; place++) {
      wanted.set((this.lines[place] as Line).key, place);
    }
    for (const [key, element] of this.elements) {
      if (!wanted.has(key) && key !== this.held) {
        element.remove();
        this.elements.delete(key);
      }
    }
    let before: Element | null = this.node.firstElementChild;
    for (const [key, place] of wanted) {
      const element = this.elementOf(this.lines[place] as Line, key, changed);
      element.style.top = `${place * ROW_HEIGHT}px`;
      element.setAttribute('aria-rowindex', String(place + 2)); // the header is the first row
      if (element === before) {
        before = before.nextElementSibling;
      } else {
        this.node.insertBefore(element, before);
      }
    }
    this.first = Math.floor(this.scroller.scrollTop / ROW_HEIGHT);
    this.visible = this.lines.slice(start, stop);
  }

  /** The lines that have elements. */
  visible: readonly Line[] = [];

  /** Keep the element of a line as it is, while it is written in; null lets go. */
  hold(key: string | null): void {
    this.held = key;
  }

  /** The element of a line, where it has one. */
  find(key: string): HTMLElement | undefined {
    return this.elements.get(key);
  }

  /** Scroll as little as is needed to see a line. */
  reveal(place: number): void {
    const top = place * ROW_HEIGHT;
    const height = this.scroller.clientHeight - this.above;
    if (top < this.scroller.scrollTop) {
      this.scroller.scrollTop = top;
    } else if (top + ROW_HEIGHT > this.scroller.scrollTop + height) {
      this.scroller.scrollTop = top + ROW_HEIGHT - height;
    }
  }

  /** How many whole lines the page has. */
  get page(): number {
    return Math.max(Math.floor((this.scroller.clientHeight - this.above) / ROW_HEIGHT) - 1, 1);
  }

  /** The place of the first line on the page. */
  first = 0;

  private elementOf(line: Line, key: string, changed: boolean): HTMLElement {
    const present = this.elements.get(key);
    if (present !== undefined && (!changed || key === this.held)) {
      return present;
    }
    const made = this.build(line);
    if (present !== undefined) {
      takeOver(present, made);
      return present;
    }
    this.elements.set(key, made);
    return made;
  }

  private lines: readonly Line[] = [];
  private held: string | null = null;
  private readonly elements = new Map<string, HTMLElement>();
}

/** Make `present` look like `made`, with as few changes as there are. */
export function takeOver(present: HTMLElement, made: HTMLElement): void {
  for (const name of present.getAttributeNames()) {
    if (!made.hasAttribute(name) && name !== 'aria-rowindex') {
      present.removeAttribute(name);
    }
  }
  for (const name of made.getAttributeNames()) {
    const value = made.getAttribute(name) as string;
    if (present.getAttribute(name) !== value) {
      present.setAttribute(name, value);
    }
  }
  const wanted = [...made.children];
  if (wanted.length !== present.children.length) {
    present.replaceChildren(...wanted);
    return;
  }
  [...present.children].forEach((cell, place) => {
    const next = wanted[place] as Element;
    if (!cell.isEqualNode(next)) {
      cell.replaceWith(next);
    }
  });
}
