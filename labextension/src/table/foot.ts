import { button, div, element, fill, span } from '../dom.js';
import type { Column } from '../protocol.js';
import { differingColumns, equalColumns, noMatch, NO_RUNS, READING, runCount } from '../words.js';
import { hiddenColumns } from './columns.js';
import type { TableModel } from './model.js';

/** The lines below the table: how many runs, and which columns are not shown. */
export class Foot {
  readonly node = div('jt-table-foot');

  constructor(
    private readonly model: TableModel,
    private readonly showColumns: (ids: string[] | null) => void
  ) {}

  /** Show what holds now; a line that stays keeps its button, which may have the focus. */
  show(): void {
    const parts = this.parts();
    const told = parts.map(part => part.textContent).join('\n');
    if (told !== this.told) {
      this.told = told;
      fill(this.node, ...parts);
    }
  }

  private parts(): HTMLElement[] {
    const { store } = this.model;
    const parts: HTMLElement[] = [];
    const loaded = store.rows.size;
    if (loaded === 0) {
      return parts;
    }
    if (store.more) {
      parts.push(span('', `${loaded.toLocaleString('en-US')} of ${runCount(store.total)} · ${READING.toLowerCase()}`));
    } else if (this.model.isFiltered) {
      parts.push(span('', `${this.model.matching.toLocaleString('en-US')} of ${runCount(loaded)}`));
    } else if (loaded > 12) {
      parts.push(span('', runCount(loaded)));
    }
    parts.push(...this.hidden());
    return parts;
  }

  private hidden(): HTMLElement[] {
    const { columns } = this.model.store;
    const shown = this.model.shown;
    const parts: HTMLElement[] = [];
    for (const [equal, words] of [[false, differingColumns], [true, equalColumns]] as const) {
      const ids = hiddenColumns(columns, shown, equal);
      if (ids.length > 0) {
        const add = button('show', () => this.add(equal));
        parts.push(span('', `${words(ids.length)} · `, add));
      }
    }
    const equal = columns.filter(column => isEqual(column) && shown.includes(column.id));
    if (equal.length > 0) {
      parts.push(span('', `${equalColumns(equal.length)} · `, button('hide', () => this.hide())));
    }
    return parts;
  }

  private add(equal: boolean): void {
    const { shown, store } = this.model;
    this.showColumns(withColumns(shown, hiddenColumns(store.columns, shown, equal)));
  }

  private hide(): void {
    const { shown, store } = this.model;
    this.showColumns(shown.filter(id => !isEqual(store.columns.find(column => column.id === id))));
  }

  private told: string | null = null;
}

/** What stands in the place of the rows where there are none, or null. */
export function emptyLine(model: TableModel, clear: () => void): HTMLElement | null {
  if (model.lines.length > 0) {
    return null;
  }
  if (model.store.rows.size > 0 && model.isFiltered) {
    const filter = element('span', { class: 'jt-code' }, model.choices.filter);
    const hints = 'found' in model.filter ? (model.filter.hints ?? []) : [];
    const told = hints.map(hint => div('jt-muted', hint));
    return div('jt-empty', noMatch(''), filter, ' · ', button('clear filter', clear), ...told);
  }
  return div('jt-empty', model.store.empty || NO_RUNS);
}

/** Whether a column is one of those that are equal or empty, and were asked for. */
function isEqual(column: Column | undefined): boolean {
  return column !== undefined && column.equal && !column.shown;
}

function withColumns(shown: readonly string[], ids: readonly string[]): string[] {
  const end = shown.findIndex(id => id === 'attributes.duration' || id === 'attributes.start_time');
  const place = end < 0 ? shown.length : end;
  return [...shown.slice(0, place), ...ids, ...shown.slice(place)];
}
