import { div } from '../dom.js';
import type { Line } from './arrange.js';

export const ROW_HEIGHT = 28;
/** Lines above and below the page that are there already when it is scrolled; fewer while it moves, and on a leap. */
const MARGIN = 8;
const BEHIND = 2;
/** After how long without scrolling all of the margin is made, in milliseconds. */
const SETTLE = 120;

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
    // Read before anything is written: afterwards the browser would have to lay out the page for the answer.
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.floor(scrollTop / ROW_HEIGHT);
    const page = Math.ceil((clientHeight || 10 * ROW_HEIGHT) / ROW_HEIGHT) + 1;
    const moved = first - this.first;
    if (moved !== 0) {
      const ahead = Math.abs(moved) >= page ? BEHIND : MARGIN;
      this.margins = moved > 0 ? [BEHIND, ahead] : [ahead, BEHIND];
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.settle(), SETTLE);
    }
    const start = Math.max(first - this.margins[0], 0);
    const stop = Math.min(first + page + this.margins[1], this.lines.length);
    this.first = first;
    this.visible = this.lines.slice(start, stop);
    const free = this.release(new Set(this.visible.map(line => line.key)));
    let before: Element | null = this.node.firstElementChild;
    this.visible.forEach((line, at) => {
      const element = this.elementOf(line, start + at, changed, free);
      if (element === before) {
        before = before.nextElementSibling;
      } else {
        this.node.insertBefore(element, before);
      }
    });
    free.forEach(element => element.remove());
  }

  /** Return the elements of lines that left the page, in their order: lines that come are drawn into them. */
  private release(wanted: ReadonlySet<string>): HTMLElement[] {
    const free: HTMLElement[] = [];
    for (const [key, element] of this.elements) {
      if (!wanted.has(key) && key !== this.held) {
        this.elements.delete(key);
        free.push(element);
      }
    }
    return free;
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

  private elementOf(line: Line, place: number, changed: boolean, free: HTMLElement[]): HTMLElement {
    const present = this.elements.get(line.key);
    if (present !== undefined && (!changed || line.key === this.held)) {
      put(present, place);
      return present;
    }
    const made = this.build(line);
    put(made, place);
    const element = present ?? free.shift();
    if (element !== undefined) {
      takeOver(element, made);
    }
    this.elements.set(line.key, element ?? made);
    return element ?? made;
  }

  /** Make the lines beyond the page once it rests: the next scroll then finds them. */
  private settle(): void {
    this.margins = [MARGIN, MARGIN];
    this.paint();
  }

  private margins: [above: number, below: number] = [MARGIN, MARGIN];
  private settling: ReturnType<typeof setTimeout> | undefined;
  private lines: readonly Line[] = [];
  private held: string | null = null;
  private readonly elements = new Map<string, HTMLElement>();
}

/** Put the element of a line at its place; what stays is not written, since each write costs a layout. */
function put(element: HTMLElement, place: number): void {
  const top = `${place * ROW_HEIGHT}px`;
  if (element.style.top !== top) {
    element.style.top = top;
    element.setAttribute('aria-rowindex', String(place + 2)); // the header is the first row
  }
}

/**
 * Make `present` look like `made`, with as few changes as there are.
 *
 * Elements that stay, and of which only texts and attributes change, are much cheaper than new ones: the browser keeps
 * their styles.
 */
export function takeOver(present: Element, made: Element): void {
  for (const name of present.getAttributeNames()) {
    if (!made.hasAttribute(name) && !(name === 'title' && made.hasAttribute('data-title'))) {
      present.removeAttribute(name);
    }
  }
  for (const name of made.getAttributeNames()) {
    const value = made.getAttribute(name) as string;
    if (present.getAttribute(name) !== value) {
      present.setAttribute(name, value);
    }
  }
  if (present.hasAttribute('title') && made.hasAttribute('data-title')) {
    present.setAttribute('title', made.getAttribute('data-title') as string);
  }
  if (present instanceof HTMLInputElement && made instanceof HTMLInputElement) {
    present.checked = made.checked;
  }
  const [old, wanted] = [[...present.childNodes], [...made.childNodes]];
  if (old.length !== wanted.length || old.some((node, place) => node.nodeName !== wanted[place]?.nodeName)) {
    present.replaceChildren(...wanted);
    return;
  }
  old.forEach((node, place) => {
    const next = wanted[place] as ChildNode;
    if (node instanceof Element && next instanceof Element) {
      takeOver(node, next);
    } else if (node.nodeValue !== next.nodeValue) {
      node.nodeValue = next.nodeValue;
    }
  });
}
