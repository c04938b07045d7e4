import { div, element, fill, span } from '../dom.js';
import type { Column } from '../protocol.js';
import { DURATION, STARTED } from './cells.js';
import { moved, switched } from './columns.js';
import type { TableModel } from './model.js';

const KINDS: Record<Column['kind'], string> = {
  metric: 'metrics',
  param: 'params',
  tag: 'tags',
  attribute: 'about the run'
};
const LAST = [
  { id: DURATION, title: 'duration' },
  { id: STARTED, title: 'age' }
];

/**
 * The list of columns: those that are shown in their order, then the others by kind.
 *
 * Space shows or hides; Alt with an arrow moves a column that is shown.
 */
export class Chooser {
  readonly node = element('div', { class: 'jt-chooser', role: 'group', 'aria-label': 'Columns' });

  constructor(
    private readonly model: TableModel,
    private readonly actions: { choose(shown: string[] | null): void; share(shared: boolean): void; close(): void }
  ) {
    this.node.hidden = true;
    this.search.addEventListener('input', () => this.list());
    this.node.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') {
        this.actions.close();
      }
    });
    const own = element('button', { type: 'button', class: 'jt-button' }, 'As at first');
    own.addEventListener('click', () => this.choose(null));
    this.shared.addEventListener('change', () => this.actions.share(this.shared.checked));
    this.node.append(div('jt-chooser-head', this.search, this.sharing, own), this.lists);
  }

  /** Open or close the list. */
  open(open: boolean): void {
    this.node.hidden = !open;
    if (open) {
      this.search.value = '';
      this.list();
      this.search.focus();
    }
  }

  /** Show the present choice, where the list is open. */
  show(): void {
    if (!this.node.hidden) {
      this.list();
    }
  }

  private list(): void {
    const shown = this.model.shown;
    this.shared.checked = this.model.choices.shared;
    this.sharing.hidden = this.model.store.main === null;
    const every = [...this.model.store.columns, ...LAST];
    const wanted = this.search.value.trim().toLowerCase();
    const matches = (column: { id: string }) => column.id.toLowerCase().includes(wanted);
    const first = shown.flatMap(id => every.find(column => column.id === id) ?? []).filter(matches);
    const others = this.model.store.columns.filter(column => !shown.includes(column.id) && matches(column));
    const told = (column: { id: string; title: string; equal?: boolean }) => [column.id, column.title, column.equal];
    const listed = JSON.stringify([wanted, first.map(told), others.map(told)]);
    if (listed === this.listed) {
      return; // its boxes stay, of which one may have the focus
    }
    this.listed = listed;
    const lists = [this.part('shown', first, true)];
    for (const kind of Object.keys(KINDS) as Column['kind'][]) {
      lists.push(this.part(KINDS[kind], others.filter(column => column.kind === kind), false));
    }
    lists.push(this.part('also', LAST.filter(column => !shown.includes(column.id) && matches(column)), false));
    fill(this.lists, ...lists);
  }

  private part(title: string, columns: readonly { id: string; title: string }[], shown: boolean): HTMLElement | null {
    if (columns.length === 0) {
      return null;
    }
    const items = columns.map(column => this.item(column, shown));
    return element('fieldset', { class: 'jt-columns' }, element('legend', { class: 'jt-muted' }, title), ...items);
  }

  private item(column: { id: string; title: string; equal?: boolean }, shown: boolean): HTMLElement {
    const box = element('input', { type: 'checkbox', 'data-column': column.id });
    box.checked = shown;
    box.addEventListener('change', () => this.choose(switched(this.model.shown, column.id), column.id));
    box.addEventListener('keydown', event => {
      const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
      if (shown && event.altKey && by !== 0) {
        event.preventDefault();
        this.choose(moved(this.model.shown, column.id, by), column.id);
      }
    });
    const equal = column.equal ? span('jt-muted', ' equal or empty') : null;
    return element('label', { title: shown ? 'Alt+↑ and Alt+↓ move it' : null }, box, column.title, equal);
  }

  private choose(shown: string[] | null, focus?: string): void {
    this.actions.choose(shown);
    this.list();
    if (focus !== undefined) {
      [...this.lists.querySelectorAll('input')].find(box => box.dataset['column'] === focus)?.focus();
    }
  }

  private readonly search = element('input', {
    type: 'text',
    class: 'jt-field',
    placeholder: 'Search columns',
    'aria-label': 'Search columns'
  });
  private listed = '';
  private readonly shared = element('input', { type: 'checkbox' });
  private readonly sharing = element('label', { class: 'jt-sharing' }, this.shared, 'curves on one scale');
  private readonly lists = div('jt-chooser-lists');
}
