import { button, div, element, fill, span } from '../dom.js';
import type { CodeLine, ComparedCode, Parts } from '../protocol.js';
import type { Context } from '../view.js';
import { type Pair, sideBySide, textOf } from './pairs.js';

/** From this width on a diff stands side by side, in CSS pixels. */
const WIDE = 900;
/** Longer diffs are folded at first, in lines of all together. */
const OPEN_LINES = 60;
const MINUS = '\u2212';

/** The code of each run against that of the first. */
export class CodeDiffs {
  readonly node = element('section', { class: 'jt-codes', 'aria-label': 'Code' });

  constructor(private readonly context: Context) {
    this.sizes = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(() => this.onResize());
    this.sizes?.observe(this.node);
  }

  show(codes: readonly ComparedCode[]): void {
    this.codes = [...codes];
    this.whole.clear();
    this.draw();
  }

  dispose(): void {
    this.sizes?.disconnect();
  }

  private draw(): void {
    this.node.hidden = this.codes.length === 0;
    const open = new Map([...this.node.querySelectorAll('details')].map(node => [node.dataset['run'] ?? '', node.open]));
    const few = this.codes.reduce((sum, code) => sum + code.lines.length, 0) <= OPEN_LINES;
    const diffs = this.codes.map(code => {
      const lines = this.whole.get(code.run);
      return this.diff(lines ? { ...lines, title: code.title } : code, open.get(code.run) ?? few);
    });
    fill(this.node, ...diffs);
  }

  private diff(code: ComparedCode, open: boolean): HTMLElement {
    const whole = this.whole.has(code.run);
    const folded = code.cut > 0 || code.lines.some(line => line.sign === '@');
    const more = (whole || folded) && button(whole ? 'Changes only' : 'All lines', () => void this.toggle(code.run));
    const rows = this.wide ? sideBySide(code.lines).map(pairRow) : code.lines.map(lineRow);
    const table = element('table', { class: `jt-diff ${this.wide ? 'jt-sides' : ''}` });
    table.append(widths(this.wide ? 2 : 1), element('tbody', {}, ...rows));
    const cut = code.cut > 0 && div('jt-muted', `${code.cut.toLocaleString('en-US')} more lines`);
    const node = element('details', { open });
    node.dataset['run'] = code.run;
    node.append(element('summary', { class: 'jt-summary' }, code.title), table, div('jt-line', cut, more));
    return node;
  }

  /** Show all lines of a run's code, or what changed only. */
  private async toggle(run: string): Promise<void> {
    if (this.whole.delete(run)) {
      this.draw();
      return;
    }
    const reply = await this.context.requests.call('diff', { run });
    if (reply.ok && reply.diff) {
      this.whole.set(run, reply.diff);
      this.draw();
    } else {
      this.context.complain(reply.message ?? 'The code could not be read.');
    }
  }

  private onResize(): void {
    const wide = this.node.clientWidth >= WIDE;
    if (wide !== this.wide) {
      this.wide = wide;
      this.draw();
    }
  }

  private codes: ComparedCode[] = [];
  private readonly whole = new Map<string, ComparedCode>();
  private readonly sizes: ResizeObserver | null;
  private wide = false;
}

function widths(sides: number): HTMLElement {
  const columns = Array.from({ length: sides }, () => [element('col', { class: 'jt-col-gutter' }), element('col', {})]);
  return element('colgroup', {}, ...columns.flat());
}

function lineRow(line: CodeLine): HTMLElement {
  if (line.sign === '@') {
    return headRow(textOf(line.parts), 2);
  }
  return element('tr', {}, gutter(line), code(line));
}

function pairRow(pair: Pair): HTMLElement {
  if ('head' in pair) {
    return headRow(pair.head, 4);
  }
  return element('tr', {}, gutter(pair.left), code(pair.left), gutter(pair.right), code(pair.right));
}

function headRow(text: string, columns: number): HTMLElement {
  return element('tr', { class: 'jt-diff-head' }, element('td', { colspan: columns }, text));
}

function gutter(line: CodeLine | null): HTMLElement {
  const sign = line === null || line.sign === ' ' ? '' : line.sign === '-' ? MINUS : '+';
  return element('td', { class: `jt-gutter ${ground(line)}` }, sign);
}

function code(line: CodeLine | null): HTMLElement {
  const cell = element('td', { class: `jt-code ${ground(line)}` });
  cell.append(...(line === null ? [] : pieces(line.parts, line.sign === '+' ? 'jt-inserted' : 'jt-deleted')));
  return cell;
}

function ground(line: CodeLine | null): string {
  return line === null ? 'jt-absent' : { '+': 'jt-plus', '-': 'jt-minus', ' ': '', '@': '' }[line.sign];
}

/** The pieces of a text; those that changed are stronger, unless all of it did. */
export function pieces(parts: Parts, changedClass: string): (HTMLElement | string)[] {
  const whole = parts.length < 2;
  return parts.map(([text, changed]) => (changed && !whole ? span(changedClass, text) : text));
}
