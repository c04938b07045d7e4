import { button, div, element, fill, span } from '../dom.js';
import type { ComparedRun, ComparisonRowsMessage, JoinedCell, JoinedRow, TableSlot } from '../protocol.js';
import type { Context } from '../view.js';
import { READING } from '../words.js';
import { pieces } from './diff.js';
import { swatch } from './lines.js';
import { textOf } from './pairs.js';

const PAGE = 50;
/** Larger tables are joined when a person asks, in bytes. */
const LARGE = 20_000_000;
const READING_AFTER = 300;

/** Tables of one name, joined by their key: changed rows first, a page at a time. */
export class JoinedTable {
  readonly node = element('section', { class: 'jt-joined' });

  constructor(
    private slot: TableSlot,
    private runs: readonly ComparedRun[],
    private readonly context: Context
  ) {
    this.node.setAttribute('aria-label', `${slot.name} by ${slot.key}`);
    this.node.append(this.head, this.place, this.foot);
    this.begin();
  }

  /** Take what has changed; the page is asked for again where the tables did, or the order of the runs. */
  update(slot: TableSlot, runs: readonly ComparedRun[]): void {
    const same = slot.hash === this.slot.hash && runs.map(run => run.id).join() === this.runs.map(run => run.id).join();
    this.slot = slot;
    this.runs = runs;
    if (!same && this.asked) {
      this.ask(this.start);
    }
  }

  receive(message: ComparisonRowsMessage): void {
    clearTimeout(this.reading);
    if (message.error !== undefined) {
      fill(this.place, span('jt-failed', '✗ '), span('', message.error));
      fill(this.foot);
      return;
    }
    this.start = message.start;
    this.sayHead(message.told);
    fill(this.place, message.rows.length > 0 ? this.table(message) : span('jt-muted', 'No row differs.'));
    fill(this.foot, ...this.pager(message));
  }

  dispose(): void {
    clearTimeout(this.reading);
  }

  private begin(): void {
    this.sayHead('');
    if (this.slot.equal) {
      fill(this.place, span('jt-muted', 'equal in all runs · '), button('show', () => this.askEqual(true)));
    } else if (this.slot.size > LARGE) {
      const words = `${(this.slot.size / 1e6).toFixed(0)} MB · `;
      fill(this.place, span('jt-muted', words), button('Join them', () => this.ask(0)));
    } else {
      this.ask(0);
    }
  }

  private sayHead(told: string): void {
    const words = [`by ${this.slot.key}`, told].filter(Boolean).join(' · ');
    fill(this.head, span('jt-name', this.slot.name), span('jt-muted', words));
  }

  private askEqual(equal: boolean): void {
    this.equal = equal;
    this.ask(0);
  }

  private ask(start: number): void {
    this.asked = true;
    clearTimeout(this.reading);
    this.reading = setTimeout(() => fill(this.foot, span('jt-muted', READING)), READING_AFTER);
    const asked = { table: this.slot.name, start, count: PAGE, equal: this.equal };
    void this.context.requests.call('rows', asked).then(reply => {
      if (!reply.ok) {
        clearTimeout(this.reading);
        this.context.complain(reply.message ?? 'The tables could not be joined.');
      }
    });
  }

  private pager(message: ComparisonRowsMessage): (HTMLElement | null)[] {
    const { start, total, kept = total } = message;
    const end = start + message.rows.length;
    const turn = (to: number) => () => {
      this.ask(to);
      this.place.scrollTop = 0;
    };
    const number = (value: number) => value.toLocaleString('en-US');
    return [
      total > PAGE ? span('jt-muted', `${number(start + 1)} to ${number(end)} of ${number(total)}`) : null,
      start > 0 ? button('Previous', turn(Math.max(0, start - PAGE))) : null,
      end < kept ? button('Next', turn(end)) : null,
      kept < total ? span('jt-muted', `only the first ${number(kept)} are in this report`) : null,
      message.equal > 0
        ? span('', span('jt-muted', `${number(message.equal)} equal · `), button(this.equal ? 'hide' : 'show', () => this.askEqual(!this.equal)))
        : null
    ];
  }

  private table(message: ComparisonRowsMessage): HTMLElement {
    const runs = message.columns.flatMap(place => this.runs[place] ?? []);
    const span2 = { scope: 'col', rowspan: 2 };
    const top = element('tr', {}, element('th', span2, message.key));
    top.append(...message.shared.map(name => element('th', span2, name)));
    top.append(...message.differing.map(name => element('th', { scope: 'colgroup', colspan: runs.length, class: 'jt-begins-column' }, name)));
    const second = element('tr', {});
    for (const _ of message.differing) {
      runs.forEach((run, place) => {
        const label = div('jt-compared-title', swatch(run), span('jt-muted jt-cut', `${run.number} ${run.name}`.trim()));
        second.append(element('th', { scope: 'col', class: place === 0 ? 'jt-begins-column' : null, title: run.full }, label));
      });
    }
    const body = message.rows.map(row => joinedRow(row));
    return element('table', {}, element('thead', {}, top, second), element('tbody', {}, ...body));
  }

  private readonly head = div('jt-slot-head');
  private readonly place = element('div', { class: 'jt-joined-rows', tabindex: 0 });
  private readonly foot = div('jt-line');
  private reading: ReturnType<typeof setTimeout> | undefined;
  private start = 0;
  private equal = false;
  private asked = false;
}

function joinedRow(row: JoinedRow): HTMLElement {
  const node = element('tr', { class: row.status === 'equal' ? 'jt-muted' : null });
  node.append(element('th', { scope: 'row' }, row.key), ...row.shared.map(text => element('td', {}, text)));
  for (const column of row.cells) {
    column.forEach((cell, place) => node.append(joinedCell(cell, place === 0)));
  }
  return node;
}

function joinedCell(cell: JoinedCell, first: boolean): HTMLElement {
  const begins = first ? 'jt-begins-column' : '';
  if (cell === null) {
    return element('td', { class: `jt-muted ${begins}` }, 'none');
  }
  if (cell === true) {
    return element('td', { class: `jt-muted ${begins}` }, 'same');
  }
  const node = element('td', { class: begins || null, title: textOf(cell).length > 200 ? textOf(cell) : null });
  node.append(...pieces(cell, 'jt-inserted'));
  if (!first && cell.length === 1 && cell[0]?.[1]) {
    node.classList.add('jt-plus'); // all of it is another text
  }
  return node;
}
