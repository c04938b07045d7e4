/** What a run says for those that stand behind it: its repeats, or its children where it has no value of its own. */

import { number, repr, spread } from '../format.js';
import type { Column } from '../protocol.js';
import type { RunLine } from './arrange.js';
import { BROKEN, cellFull, metricValue } from './cells.js';
import type { Row } from './rows.js';

/** A text in the place of a run's own value, and what it is. */
export interface Told {
  text: string;
  title: string;
}

/**
 * What stands in a column of metrics in the place of a run's own value, or null; the same as in the static table.
 *
 * @param columns - all of the table's, by which it is known whether children do the same
 */
export function toldOfOthers(line: RunLine, column: Column, columns: readonly Column[]): Told | null {
  if (column.kind !== 'metric') {
    return null;
  }
  const newest = metricValue(line.row, column);
  if (line.repeats.length > 0) {
    const values = valuesOf([line.row, ...line.repeats], column);
    const title = `mean ± sd, n = ${values.length}${newest === null ? '' : `; the newest ${repr(newest)}`}`;
    return values.length < 2 ? null : { text: spread(values), title };
  }
  return newest === null ? toldOfChildren(line.children, column, columns) : null;
}

/** Children with different params are a sweep: its spread says nothing of noise, so the best of them stands there. */
function toldOfChildren(children: readonly Row[], column: Column, columns: readonly Column[]): Told | null {
  const having = children.filter(child => metricValue(child, column) !== null);
  const [first, ...others] = having;
  if (first === undefined || others.length === 0) {
    return null;
  }
  const params = columns.filter(each => each.kind === 'param');
  if (params.every(each => others.every(child => cellFull(child, each) === cellFull(first, each)))) {
    return { text: spread(valuesOf(having, column)), title: 'mean ± sd of its children with equal params' };
  }
  const goal = column.goal.slice(0, 1);
  const results = goal ? having.filter(child => !BROKEN.test(child.state.word)) : having;
  const values = valuesOf(results, column).filter(Number.isFinite);
  if (values.length === 0) {
    return null;
  }
  const [low, high] = [Math.min(...values), Math.max(...values)].map(value => number(value, column)) as [string, string];
  const count = `(n=${having.length})`;
  if (!goal) {
    return { text: `${low} to ${high} ${count}`, title: 'lowest and highest of its children' };
  }
  return { text: `best ${goal === '↓' ? low : high} ${count}`, title: 'the best of its children, whose params differ' };
}

function valuesOf(rows: readonly Row[], column: Column): number[] {
  return rows.flatMap(row => metricValue(row, column) ?? []);
}
