/** The order of the rows: newest first, until a column says otherwise. */

import type { SortKey } from '../protocol.js';
import type { Value } from './cells.js';
import type { Row } from './rows.js';

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Compare two values: numbers before texts, texts as people sort them, nothing and NaN last either way. */
export function compareValues(one: Value, other: Value, descending: boolean): number {
  if (one === other) {
    return 0;
  }
  if (one === null || other === null) {
    return one === null ? 1 : -1;
  }
  let order: number;
  if (typeof one === 'number') {
    order = typeof other === 'number' ? one - other : -1;
  } else {
    order = typeof other === 'number' ? 1 : collator.compare(one, other);
  }
  return descending ? -order : order;
}

/**
 * Replace texts by numbers of the same order, so that each text is compared with few others: columns of texts mostly
 * have few different ones.
 */
function ranks(values: Value[]): Value[] {
  if (!values.some(value => typeof value === 'string')) {
    return values;
  }
  const different = [...new Set(values)].sort((one, other) => compareValues(one, other, false));
  const rank = new Map<Value, number>();
  different.forEach((value, place) => {
    const before = different[place - 1];
    const same = place > 0 && before !== undefined && compareValues(before, value, false) === 0;
    rank.set(value, same ? (rank.get(before) as number) : place);
  });
  return values.map(value => (value === null ? null : (rank.get(value) as number)));
}

/** Newest first. */
export function newestFirst(one: Row, other: Row): number {
  return other.started - one.started || (other.number ?? Infinity) - (one.number ?? Infinity) || 0;
}

/**
 * Return the rows in order; rows that are equal by every key stay as they are.
 *
 * @param newest - newest first
 * @param sort - the first key decides, the next one between equals
 * @param read - gives the reader of a column's values
 */
export function sortRows(
  newest: readonly Row[],
  sort: readonly SortKey[],
  read: (column: string, descending: boolean) => (row: Row) => Value
): readonly Row[] {
  if (sort.length === 0) {
    return newest;
  }
  const keys = sort.map(({ column, descending }) => ({ values: ranks(newest.map(read(column, descending))), descending }));
  const places = newest.map((_, place) => place);
  places.sort((one, other) => {
    for (const { values, descending } of keys) {
      const order = compareValues(values[one] as Value, values[other] as Value, descending);
      if (order !== 0) {
        return order;
      }
    }
    return one - other;
  });
  return places.map(place => newest[place] as Row);
}

/** Whether a column is sorted downwards first: the best or the newest on top, all else from low to high. */
export function firstDirection(goal: string, column: string): boolean {
  return goal.startsWith('↑') || column === 'attributes.start_time' || column === 'attributes.number';
}

/**
 * What a click on a header makes of the order: this column, then the other way, then no order.
 *
 * @param keep - whether the other keys stay and this one joins them (Shift)
 */
export function nextSort(sort: readonly SortKey[], column: string, first: boolean, keep: boolean): SortKey[] {
  const others = keep ? sort.filter(key => key.column !== column) : [];
  const present = sort.find(key => key.column === column);
  if (present === undefined || (!keep && sort.length > 1)) {
    return [...others, { column, descending: first }];
  }
  return present.descending === first ? [...others, { column, descending: !first }] : others;
}
