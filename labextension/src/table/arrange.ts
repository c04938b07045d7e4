/**
 * From the runs to the lines of the table: filter, parents and children, folds, pinned runs, groups, order.
 *
 * Pure: the same runs and choices give the same lines.
 */

import { spread } from '../format.js';
import type { Column, SortKey } from '../protocol.js';
import { BROKEN, cellFull, cellText, metricValue, reader, type Value } from './cells.js';
import type { Row } from './rows.js';
import { compareValues, sortRows } from './sorting.js';

export interface RunLine {
  kind: 'run';
  key: string;
  row: Row;
  depth: number;
  /** Whether what stands below it is open; null where nothing does. */
  open: boolean | null;
  /** Whether it opens by itself, since a run below it was searched for. */
  found: boolean;
  /** How many repeats it stands for; 1 for itself alone. */
  times: number;
  /** The other runs that it repeats. */
  repeats: readonly Row[];
  /** Whose values it tells where it has none: its children, also those that stand on top. */
  children: readonly Row[];
  /** Whether the hairline below the pinned runs is under this line. */
  lastPinned: boolean;
}
export interface FoldLine {
  kind: 'fold';
  key: string;
  row: Row;
  ids: string[];
  depth: number;
  open: boolean;
}
export interface GroupLine {
  kind: 'group';
  key: string;
  label: string;
  ids: string[];
  open: boolean;
  /** Mean and deviation per column, or the one text that all have. */
  cells: string[];
}
export interface DeletedLine {
  kind: 'deleted';
  key: string;
  row: Row;
  ids: string[];
}
export type Line = RunLine | FoldLine | GroupLine | DeletedLine;

export interface Arrangement {
  /** Newest first. */
  rows: readonly Row[];
  columns: readonly Column[];
  /** The columns by id. */
  index: ReadonlyMap<string, Column>;
  sort: readonly SortKey[];
  /** Whether a run is asked for; null where nothing is filtered. */
  matches: ((row: Row) => boolean) | null;
  /** The id of the column that makes groups, or empty. */
  group: string;
  /** Keys of lines that are open. */
  toggled: ReadonlySet<string>;
  /** Keys of lines that the person closed although what was searched for stands below them. */
  closed: ReadonlySet<string>;
  /** Runs that were just deleted and can be taken back, by the id of the one in whose place that is said. */
  deleted: ReadonlyMap<string, readonly string[]>;
}

const NONE: Row[] = [];
/** The group of the runs that have no value to be grouped by. */
const NO_VALUE = '(none)';

/** The group of runs that differ only in the seed; the kernel names each, since it knows their code. */
export const BUT_SEED = 'but-seed';

/** Return the lines of the table in order. */
export function arrange(wanted: Arrangement): Line[] {
  return new Arranger(wanted).lines();
}

class Arranger {
  constructor(private readonly wanted: Arrangement) {
    for (const [place, ids] of wanted.deleted) {
      ids.forEach(id => this.hidden.add(id));
      this.hidden.delete(place);
    }
    const rows = this.hidden.size === 0 ? wanted.rows : wanted.rows.filter(row => !this.hidden.has(row.id));
    this.ordered = sortRows(rows, wanted.sort, (column, descending) => this.valueOf(rows, column, descending));
    if (!this.ordered.some(row => row.parent !== null || row.fold)) {
      this.roots = this.ordered;
      return;
    }
    const present = new Map(this.ordered.map(row => [row.id, row]));
    const roots: Row[] = [];
    this.roots = roots;
    for (const row of this.ordered) {
      const parent = this.wanted.group ? null : parentIn(present, row);
      if (parent === null || onTop(row)) {
        roots.push(row);
      }
      if (parent !== null) {
        push(onTop(row) ? this.raised : this.children, parent, row);
      }
    }
    this.fold(present);
  }

  lines(): Line[] {
    const lines: Line[] = [];
    const kept = this.roots.filter(row => !this.folded.has(row.id) && this.isKept(row));
    const top = [...kept.filter(row => row.baseline), ...kept.filter(row => row.pinned && !row.baseline)];
    const rest = kept.filter(row => !onTop(row));
    top.forEach(row => this.add(lines, row, 0));
    const last = lines[lines.length - 1];
    if (last !== undefined && last.kind === 'run' && rest.length > 0) {
      last.lastPinned = true;
    }
    if (this.wanted.group) {
      this.addGroups(lines, rest);
    } else {
      rest.forEach(row => this.add(lines, row, 0));
    }
    return lines;
  }

  /**
   * Below which run a run stands; one that is on top stands below none, as in the static table. A group has all of its
   * runs, the children of others too, each by its own value.
   */
  private parentOf(row: Row, present: ReadonlyMap<string, Row>): string | null {
    return this.wanted.group || onTop(row) ? null : parentIn(present, row);
  }

  /** How a row is sorted in a column: a parent without a metric of its own with the first of its children that have it. */
  private valueOf(rows: readonly Row[], id: string, descending: boolean): (row: Row) => Value {
    const own = reader(id, this.wanted.index);
    if (this.wanted.index.get(id)?.kind !== 'metric') {
      return own;
    }
    const below = new Map<string, Value>();
    for (const row of rows) {
      const value = row.parent === null || row.parent === row.id || BROKEN.test(row.state.word) ? null : own(row);
      if (row.parent !== null && value !== null && compareValues(value, below.get(row.parent) ?? null, descending) < 0) {
        below.set(row.parent, value);
      }
    }
    return below.size === 0 ? own : row => own(row) ?? below.get(row.id) ?? null;
  }

  /** Put the runs of a fold behind the first of them that is asked for; those that stand below another run stay there. */
  private fold(present: ReadonlyMap<string, Row>): void {
    for (const head of this.ordered) {
      if (!head.fold || head.fold.ids.length < 2) {
        continue;
      }
      const found = head.fold.ids.flatMap(id => present.get(id) ?? []).filter(row => this.matches(row));
      const rows = found.filter(row => this.parentOf(row, present) === this.parentOf(found[0] ?? row, present));
      const [first, ...others] = rows;
      if (first === undefined || others.length === 0 || rows.some(row => row.pinned || row.baseline)) {
        continue;
      }
      this.folds.set(first.id, { kind: head.fold.kind, rows });
      others.forEach(row => this.folded.add(row.id));
    }
  }

  private matches(row: Row): boolean {
    return this.wanted.matches === null || this.wanted.matches(row);
  }

  /** Whether a run is asked for, or one below it. */
  private isKept(row: Row): boolean {
    return this.matches(row) || this.childrenOf(row).length > 0;
  }

  /** The children that are asked for; all of them where their parent is and none of them is. */
  private childrenOf(row: Row): Row[] {
    const all = this.children.get(row.id);
    if (all === undefined) {
      return NONE;
    }
    const kept = all.filter(child => this.isKept(child));
    return kept.length === 0 && this.matches(row) ? all : kept;
  }

  /** The children whose values a run tells: those that stand below it, and those on top. */
  private toldBy(row: Row, children: Row[]): Row[] {
    const raised = this.raised.get(row.id) ?? NONE;
    const kept = raised.filter(child => this.matches(child));
    return raised.length === 0 ? children : [...children, ...(kept.length === 0 && this.matches(row) ? raised : kept)];
  }

  private add(lines: Line[], row: Row, depth: number): void {
    const ids = this.wanted.deleted.get(row.id);
    if (ids !== undefined) {
      lines.push({ kind: 'deleted', key: `deleted:${row.id}`, row, ids: [...ids] });
      return;
    }
    const fold = this.folds.get(row.id);
    if (fold?.kind === 'failed') {
      const key = `fold:${row.id}`;
      const open = this.wanted.toggled.has(key);
      lines.push({ kind: 'fold', key, row, ids: fold.rows.map(each => each.id), depth, open });
      if (open) {
        fold.rows.forEach(each => this.addRun(lines, each, depth + 1, NONE));
      }
      return;
    }
    this.addRun(lines, row, depth, fold?.rows.slice(1) ?? NONE);
  }

  private addRun(lines: Line[], row: Row, depth: number, repeats: Row[]): void {
    const children = this.childrenOf(row);
    // A child that was searched for must be seen: in a filtered table its parent is open until it is closed.
    const found = this.wanted.matches !== null && children.some(child => this.isKept(child));
    const opened = found ? !this.wanted.closed.has(row.id) : this.wanted.toggled.has(row.id);
    const open = repeats.length + children.length === 0 ? null : opened;
    const times = repeats.length + 1;
    const told = this.toldBy(row, children);
    lines.push({ kind: 'run', key: row.id, row, depth, open, found, times, repeats, children: told, lastPinned: false });
    if (open) {
      repeats.forEach(each => this.addRun(lines, each, depth + 1, NONE));
      children.filter(each => !this.folded.has(each.id)).forEach(each => this.add(lines, each, depth + 1));
    }
  }

  private addGroups(lines: Line[], rows: Row[]): void {
    const column = this.wanted.index.get(this.wanted.group);
    const groups = new Map<string, Row[]>();
    const butSeed = this.wanted.group === BUT_SEED;
    const told = (row: Row) => (butSeed ? (row.alike ?? '') : column === undefined ? '' : cellFull(row, column));
    rows.forEach(row => push(groups, told(row), row));
    for (const [text, members] of this.orderedGroups(groups)) {
      const key = `group:${this.wanted.group}:${text}`;
      const open = this.wanted.toggled.has(key);
      const all = members.flatMap(row => this.folds.get(row.id)?.rows ?? [row]);
      const cells = this.wanted.columns.map(each => summary(all, each));
      const [first] = members;
      const label = (butSeed ? text : column && first && cellText(first, column)) || NO_VALUE;
      lines.push({ kind: 'group', key, label, ids: all.map(row => row.id), open, cells });
      if (open) {
        members.forEach(row => this.add(lines, row, 1));
      }
    }
  }

  /** Groups by the mean of the column that sorts them, else as their first rows come. */
  private orderedGroups(groups: ReadonlyMap<string, Row[]>): [string, Row[]][] {
    const entries = [...groups];
    const key = this.wanted.sort[0];
    if (key === undefined) {
      return entries;
    }
    const read = reader(key.column, this.wanted.index);
    const means = new Map(entries.map(([text, rows]) => [text, mean(rows.map(read))]));
    if ([...means.values()].every(value => value === null)) {
      return entries;
    }
    return entries.sort(([one], [other]) =>
      compareValues(means.get(one) ?? null, means.get(other) ?? null, key.descending)
    );
  }

  private readonly hidden = new Set<string>();
  private readonly ordered: readonly Row[];
  private readonly roots: readonly Row[];
  private readonly children = new Map<string, Row[]>();
  /** The children that stand on top, and not below their parents. */
  private readonly raised = new Map<string, Row[]>();
  private readonly folds = new Map<string, { kind: 'failed' | 'repeat'; rows: Row[] }>();
  private readonly folded = new Set<string>();
}

/** Whether a run stands above all others. */
function onTop(row: Row): boolean {
  return row.pinned || row.baseline;
}

/** The parent of a run, where it is in the table. */
function parentIn(present: ReadonlyMap<string, Row>, row: Row): string | null {
  return row.parent !== null && row.parent !== row.id && present.has(row.parent) ? row.parent : null;
}

/** What a group says in a column: mean and deviation of a metric, the text that all have of anything else. */
function summary(rows: readonly Row[], column: Column): string {
  if (column.kind === 'metric') {
    return spread(rows.flatMap(row => metricValue(row, column) ?? []));
  }
  const [first] = rows;
  const text = first === undefined ? '' : cellText(first, column);
  return rows.every(row => cellText(row, column) === text) ? text : '';
}

function mean(values: readonly unknown[]): number | null {
  const numbers = values.filter(value => typeof value === 'number' && Number.isFinite(value)) as number[];
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function push<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const present = map.get(key);
  if (present === undefined) {
    map.set(key, [item]);
  } else {
    present.push(item);
  }
}
