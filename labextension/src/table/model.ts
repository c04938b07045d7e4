import type { Choices, Column, SortKey, TableMessage } from '../protocol.js';
import { arrange, type Line } from './arrange.js';
import { toldOfOthers } from './below.js';
import { layout, type Measure, SAMPLED, shownColumns, type Slot } from './columns.js';
import type { Row } from './rows.js';
import { RowStore } from './rowstore.js';
import { wordsOf } from './search.js';
import { NOTHING, type Selection, selected, without } from './selection.js';
import { newestFirst } from './sorting.js';

const NO_CHOICES: Choices = { sort: [], columns: null, widths: {}, filter: '', group: '', shared: false };

/** What a filter asks for: words, or the runs that the kernel found; where there are none, which of its keys no run has. */
export type Filter = { words: string[] } | { found: ReadonlySet<string>; hints?: readonly string[] };

/** The state of a table, without any element: what came, what was chosen, and the lines that follow from both. */
export class TableModel {
  readonly store = new RowStore();
  choices: Choices = NO_CHOICES;
  selection: Selection = NOTHING;
  /** Colours of runs that differ from those of their numbers, where two of one panel would have the same. */
  colors: ReadonlyMap<string, string> = new Map();
  filter: Filter = { words: [] };
  /** Runs that were just deleted, by the id of the one in whose place that is said. */
  readonly deleted = new Map<string, Row[]>();

  /** Take a whole table; what was chosen before it came stands. */
  load(message: TableMessage): void {
    this.store.load(message);
    if (!this.loaded) {
      this.choices = { ...NO_CHOICES, ...message.choices };
      this.filter = { words: wordsOf(this.choices.filter) };
      message.open?.forEach(id => this.toggled.add(id));
      this.loaded = true;
    }
    this.renew();
  }

  /** The lines of the page; made again only after a change. */
  get lines(): readonly Line[] {
    this.made ??= arrange({
      rows: this.rows,
      columns: this.store.columns,
      index: this.store.index,
      sort: this.choices.sort,
      matches: this.matcher(),
      group: this.choices.group,
      toggled: this.toggled,
      closed: this.closed,
      deleted: new Map([...this.deleted].map(([place, rows]) => [place, rows.map(row => row.id)]))
    });
    return this.made;
  }

  /** The runs on the page, in order. */
  get order(): readonly string[] {
    this.madeOrder ??= this.lines.filter(line => line.kind === 'run').map(line => line.key);
    return this.madeOrder;
  }

  /** Say that something changed that the lines follow from. */
  renew(): void {
    this.made = null;
    this.madeOrder = null;
  }

  /** Return the columns of the page for a width in CSS pixels. */
  slots(available: number, measure?: Measure): Slot[] {
    const { columns } = this.store;
    const texts: string[][] = [];
    for (const line of this.lines.slice(0, SAMPLED)) {
      if (line.kind === 'group') {
        texts.push(line.cells);
      } else if (line.kind === 'run' && (line.repeats.length > 0 || line.children.length > 0)) {
        texts.push(columns.map(column => toldOfOthers(line, column, columns)?.text ?? ''));
      }
    }
    const change = (row: Row, column: Column) => this.store.change(row, column);
    return layout(this.store.columns, this.choices, { rows: this.store.newest, groups: texts, change, logged: this.store.logged }, available, measure);
  }

  /** Ids of the columns after the first three, in order. */
  get shown(): string[] {
    return shownColumns(this.store.columns, this.choices.columns);
  }

  /** Columns that can make groups. */
  get groupable(): Column[] {
    return this.store.columns.filter(column => column.kind !== 'metric' && (!column.equal || column.shown));
  }

  /** Whether runs stand in several experiments, or come from several notebooks, so that they make groups. */
  differIn(name: 'experiment' | 'notebook'): boolean {
    const [first] = this.store.newest;
    return first !== undefined && this.store.newest.some(row => row[name] !== first[name]);
  }

  /** Whether a seed tells runs apart, so that the others of a group can be put together. */
  get hasSeeds(): boolean {
    return this.store.newest.some(row => row.alike !== null);
  }

  /** Whether runs are left out because they do not match. */
  get isFiltered(): boolean {
    return 'found' in this.filter || this.filter.words.length > 0;
  }

  /** How many runs match the filter, wherever they stand: also those in groups and below others. */
  get matching(): number {
    const matches = this.matcher();
    const gone = new Set([...this.deleted.values()].flat().map(row => row.id));
    return this.store.newest.filter(row => !gone.has(row.id) && (matches === null || matches(row))).length;
  }

  /** Change what was chosen. */
  choose(changes: Partial<Choices>): void {
    if (changes.filter !== undefined && changes.filter !== this.choices.filter) {
      this.closed.clear(); // what another filter finds must be seen
    }
    this.choices = { ...this.choices, ...changes };
    this.renew();
  }

  /** Change the order. */
  sort(keys: SortKey[]): void {
    this.choose({ sort: keys });
  }

  /** Open or close what stands below a line; return whether that changed anything. */
  toggle(key: string, open?: boolean): boolean {
    const line = this.lines.find(each => each.key === key);
    const present = line === undefined || line.kind === 'deleted' ? null : line.open;
    if (present === null || present === open) {
      return false;
    }
    const keys = line?.kind === 'run' && line.found ? this.closed : this.toggled;
    if (!keys.delete(key)) {
      keys.add(key);
    }
    this.renew();
    return true;
  }

  /** Take runs off the page and say in the place of the first one that they were deleted. */
  bury(ids: readonly string[]): void {
    const order = this.order;
    const sorted = [...ids].sort((one, other) => order.indexOf(one) - order.indexOf(other));
    const rows = sorted.flatMap(id => this.store.rows.get(id) ?? []);
    const place = rows[0]?.id;
    if (place !== undefined) {
      this.deleted.set(place, rows);
      this.selection = without(this.selection, ids);
      this.renew();
    }
  }

  /** Bring runs back that were deleted. */
  unearth(place: string): void {
    for (const row of this.deleted.get(place) ?? []) {
      this.store.set(row);
    }
    this.deleted.delete(place);
    this.renew();
  }

  /** Say no longer that runs were deleted. */
  forget(place: string): void {
    for (const row of this.deleted.get(place) ?? []) {
      this.store.remove(row.id);
    }
    this.deleted.delete(place);
    this.renew();
  }

  /** The runs that an action is about, as rows. */
  get chosen(): Row[] {
    return selected(this.selection).flatMap(id => this.store.rows.get(id) ?? []);
  }

  /** The runs, and those that were just deleted: the kernel may have forgotten them already. */
  private get rows(): readonly Row[] {
    const buried = [...this.deleted.values()].flat().filter(row => !this.store.rows.has(row.id));
    return buried.length === 0 ? this.store.newest : [...this.store.newest, ...buried].sort(newestFirst);
  }

  private matcher(): ((row: Row) => boolean) | null {
    const filter = this.filter;
    if ('found' in filter) {
      return row => filter.found.has(row.id);
    }
    return filter.words.length === 0 ? null : row => this.store.texts.holds(row, filter.words);
  }

  private readonly toggled = new Set<string>();
  private readonly closed = new Set<string>();
  private made: Line[] | null = null;
  private madeOrder: string[] | null = null;
  private loaded = false;
}
