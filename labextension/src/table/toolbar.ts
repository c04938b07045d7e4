import { button, div, element, fill } from '../dom.js';
import { BUT_SEED } from './arrange.js';
import type { TableModel } from './model.js';

const SEARCH_HINT = 'Words, or a filter: metrics.loss < 0.5 and params.model = \'svm\'';

/** The line above the table: search, groups, columns. */
export class Toolbar {
  readonly node = div('jt-toolbar');
  readonly columns: HTMLButtonElement;

  constructor(
    private readonly model: TableModel,
    actions: { filter(text: string, now: boolean): void; group(id: string): void; columns(): void; rows(): void },
    report: HTMLElement
  ) {
    this.field.addEventListener('input', () => actions.filter(this.field.value, false));
    this.field.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape' && this.field.value) {
        this.field.value = '';
        actions.filter('', true);
      } else if (event.key === 'Enter') {
        actions.filter(this.field.value, true);
      } else if (event.key === 'ArrowDown' || event.key === 'Escape') {
        event.preventDefault();
        actions.rows();
      }
    });
    this.group.addEventListener('change', () => actions.group(this.group.value));
    this.columns = button('Columns', () => actions.columns(), { 'aria-expanded': 'false' });
    const label = element('label', { class: 'jt-muted jt-group-by' }, 'Group by ', this.group);
    this.node.append(this.field, label, this.columns, report);
  }

  /** Show what is chosen. */
  show(): void {
    const { filter, group } = this.model.choices;
    if (document.activeElement !== this.field && this.field.value !== filter) {
      this.field.value = filter;
    }
    const columns = this.model.groupable;
    const ids = columns.map(column => column.id);
    const names: [string, string][] = [['', 'nothing']];
    for (const name of ['experiment', 'notebook'] as const) {
      const id = `attributes.${name}`;
      if (!ids.includes(id) && (group === id || this.model.differIn(name))) {
        names.push([id, name]);
      }
    }
    if (this.model.hasSeeds || group === BUT_SEED) {
      names.push([BUT_SEED, 'everything but the seed']);
    }
    names.push(...columns.map(column => [column.id, column.title] as [string, string]));
    const listed = names.map(([id]) => id).join('\n');
    if (listed !== this.listed) {
      this.listed = listed;
      fill(this.group, ...names.map(([id, name]) => element('option', { value: id }, name)));
    }
    this.group.value = group;
  }

  /** Write in the search box. */
  focus(): void {
    this.field.focus();
    this.field.select();
  }

  /** Empty the search box. */
  clear(): void {
    this.field.value = '';
  }

  private readonly field = element('input', {
    type: 'text', // a field of the type "search" has a cross of its own that differs per browser
    class: 'jt-field jt-search',
    placeholder: 'Search or filter  /',
    'aria-label': 'Search runs by words, or filter',
    title: SEARCH_HINT,
    spellcheck: 'false',
    autocomplete: 'off'
  });
  private readonly group = element('select', { class: 'jt-select', 'aria-label': 'Group by' });
  private listed: string | null = null;
}
