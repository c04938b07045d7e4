import type { Column, CurvesMessage, PatchMessage, Row, RowsMessage, Spark, TableMessage } from '../protocol.js';
import { newestFirst } from './sorting.js';

/** The runs of a table as the kernel last told them, and the curves that were asked for. */
export class RowStore {
  columns: Column[] = [];
  /** The place of a column in a row's cells, by id. */
  index: ReadonlyMap<string, number> = new Map();
  foot: string[] = [];
  empty = '';
  total = 0;
  /** Whether the first load is still coming in. */
  more = false;
  readonly rows = new Map<string, Row>();

  /** The runs, newest first; sorted again only after a change, and then nearly sorted already. */
  get newest(): readonly Row[] {
    if (this.stale) {
      const known = this.sorted.flatMap(row => this.rows.get(row.id) ?? []);
      const seen = new Set(known.map(row => row.id));
      const fresh = [...this.rows.values()].filter(row => !seen.has(row.id));
      this.sorted = [...fresh, ...known].sort(newestFirst);
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
    this.columns = message.columns;
    this.index = new Map(message.columns.map((column, place) => [column.id, place]));
    this.foot = message.foot;
    this.empty = message.empty;
    this.total = message.total;
    this.rows.clear();
    this.sorted = [];
    this.put(message.rows);
    this.more = message.more;
  }

  /** Take further rows of the first load. */
  append(message: RowsMessage): void {
    this.put(message.rows);
    this.more = message.more;
  }

  /** Take changed and new rows, each whole. */
  patch(message: PatchMessage): void {
    for (const id of message.removed) {
      this.remove(id);
      this.curves.delete(id);
    }
    for (const row of message.rows) {
      this.curves.delete(row.id);
    }
    this.put(message.rows);
    this.foot = message.foot;
  }

  /** Take curves that were asked for. */
  draw(message: CurvesMessage): void {
    for (const [id, spark] of Object.entries(message.curves)) {
      this.curves.set(id, spark);
    }
  }

  /** The column of the main metric, or null. */
  get main(): Column | null {
    return this.columns.find(column => column.main) ?? null;
  }

  /** The curve of a row's main metric: its own, else what was asked for; undefined until it is known. */
  curve(row: Row): Spark | null | undefined {
    const place = this.main === null ? undefined : this.index.get(this.main.id);
    const cell = place === undefined ? null : row.cells[place];
    if (cell === null || cell === undefined) {
      return null;
    }
    return (typeof cell === 'object' && cell.s) || this.curves.get(row.id);
  }

  /** Seconds since a running row was received: its duration goes on from there. */
  since(row: Row): number {
    const received = this.received.get(row);
    return received === undefined ? 0 : (Date.now() - received) / 1000;
  }

  private put(rows: readonly Row[]): void {
    const now = Date.now();
    for (const row of rows) {
      this.set(row);
      if (row.live) {
        this.received.set(row, now);
      }
    }
  }

  private sorted: readonly Row[] = [];
  private stale = false;
  private readonly received = new WeakMap<Row, number>();
  private readonly curves = new Map<string, Spark | null>();
}
