import { change } from '../format.js';
import type { Change, Column, CurvesMessage, PatchMessage, RowsMessage, Spark, TableMessage, WireRow } from '../protocol.js';
import { hasCurve, metricValue } from './cells.js';
import { type Row, rowOf, type Shared } from './rows.js';
import { SearchTexts } from './search.js';
import { newestFirst } from './sorting.js';

/** The runs of a table as the kernel last told them, and the curves that were asked for. */
export class RowStore {
  columns: Column[] = [];
  /** The columns by id. */
  index: ReadonlyMap<string, Column> = new Map();
  texts = new SearchTexts([]);
  empty = '';
  total = 0;
  /** Whether the first load is still coming in. */
  more = false;
  readonly rows = new Map<string, Row>();

  /** The runs, newest first or in an order of their own; sorted again only after a change, and then nearly sorted. */
  get newest(): readonly Row[] {
    if (this.stale) {
      const known = this.sorted.flatMap(row => this.rows.get(row.id) ?? []);
      const seen = new Set(known.map(row => row.id));
      const fresh = [...this.rows.values()].filter(row => !seen.has(row.id));
      this.sorted = this.ordered ? [...known, ...fresh] : [...fresh, ...known].sort(newestFirst);
      this.baselines = new Map(this.sorted.filter(row => row.baseline).map(row => [row.experiment, row]));
      this.stale = false;
    }
    return this.sorted;
  }

  /** Put a row in the place of the one with its id, or add it. */
  set(row: Row): void {
    this.rows.set(row.id, row);
    this.stale = true;
  }

  /** Take a row away. */
  remove(id: string): void {
    this.rows.delete(id);
    this.stale = true;
  }

  /** Take a whole table. */
  load(message: TableMessage): void {
    this.shared = { states: message.states, colors: message.colors };
    this.name(message.columns);
    this.empty = message.empty;
    this.total = message.total;
    this.ordered = message.ordered === true;
    this.rows.clear();
    this.sorted = [];
    this.put(message.rows);
    this.more = message.more;
  }

  /** Take further rows of the first load. */
  append(message: RowsMessage): void {
    this.name(message.columns);
    this.put(message.rows);
    this.more = message.more;
  }

  /** Take changed and new rows, each whole. */
  patch(message: PatchMessage): void {
    this.name(message.columns);
    for (const id of message.removed) {
      this.remove(id);
      this.curves.delete(id);
    }
    for (const row of message.rows) {
      this.curves.delete(row.id);
    }
    this.put(message.rows);
  }

  /** Take curves that were asked for; return whether those of another scale were forgotten. */
  draw(message: CurvesMessage): boolean {
    const other = message.scale !== this.scale && this.curves.size > 0;
    if (other) {
      this.curves.clear();
    }
    this.scale = message.scale;
    for (const [id, spark] of Object.entries(message.curves)) {
      this.curves.set(id, spark);
    }
    return other;
  }

  /** Draw no curve until it is told anew. */
  forgetCurves(): void {
    this.curves.clear();
  }

  /** Whether a curve has a log scale. */
  get logged(): boolean {
    return [...this.curves.values()].some(spark => spark?.log);
  }

  /** The column of the main metric, or null. */
  get main(): Column | null {
    return this.columns.find(column => column.main) ?? null;
  }

  /** The curve of a row's main metric; null where there is none, undefined until it is known. */
  curve(row: Row): Spark | null | undefined {
    return this.main === null || !hasCurve(row, this.main) ? null : this.curves.get(row.id);
  }

  /** How a row's metric differs from that of the baseline of its experiment, null where there is nothing to say. */
  change(row: Row, column: Column): Change | null {
    void this.newest; // knows the baselines
    const baseline = this.baselines.get(row.experiment);
    if (baseline === undefined || baseline.id === row.id || column.kind !== 'metric') {
      return null;
    }
    const [value, reference] = [metricValue(row, column), metricValue(baseline, column)];
    const found = value === null || reference === null ? null : change(value, reference, column.goal, column);
    const arrow = found?.better === true ? '▲' : found?.better === false ? '▼' : '';
    return found === null ? null : { ...found, arrow, versus: `#${baseline.number ?? ''}` };
  }

  /** Seconds since a running row was received: its duration goes on from there. */
  since(row: Row): number {
    const received = this.received.get(row);
    return received === undefined ? 0 : (Date.now() - received) / 1000;
  }

  private name(columns: Column[] | undefined): void {
    if (columns !== undefined) {
      this.columns = columns;
      this.index = new Map(columns.map(column => [column.id, column]));
      this.texts = new SearchTexts(columns);
    }
  }

  private put(rows: readonly WireRow[]): void {
    const now = Date.now();
    for (const wire of rows) {
      const row = rowOf(wire, this.shared);
      this.set(row);
      if (row.live) {
        this.received.set(row, now);
      }
    }
  }

  private shared: Shared = { states: {}, colors: [] };
  private sorted: readonly Row[] = [];
  private baselines: ReadonlyMap<string, Row> = new Map();
  private ordered = false;
  private stale = false;
  private scale = '';
  private readonly received = new WeakMap<Row, number>();
  private readonly curves = new Map<string, Spark | null>();
}
