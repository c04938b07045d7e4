/** What a cell says, whichever of its three forms it has. */

import type { Cell, Row } from '../protocol.js';

/** A value to sort by: null stands for nothing and for NaN, and comes last. */
export type Value = number | string | null;

/** Ids of the columns that every table has. */
export const STATUS = 'attributes.status';
export const NUMBER = 'attributes.number';
export const NAME = 'attributes.name';
export const DURATION = 'attributes.duration';
export const STARTED = 'attributes.start_time';

/** The text of a cell as it is shown. */
export function cellText(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? '' : typeof cell === 'string' ? cell : cell.t;
}

/** The value of a cell; a cell that carries none sorts as it reads. */
export function cellValue(cell: Cell | undefined): Value {
  if (cell === null || cell === undefined) {
    return null;
  }
  if (typeof cell === 'string') {
    return cell || null;
  }
  return cell.v === undefined ? cell.t || null : cell.v;
}

/**
 * How to read the value of a column from a row.
 *
 * @param id - of one of the columns that every table has, or of the message's
 * @param index - place of the message's column in the cells, by id
 */
export function reader(id: string, index: ReadonlyMap<string, number>): (row: Row) => Value {
  switch (id) {
    case STATUS:
      return row => row.state.word;
    case NUMBER:
      return row => row.number;
    case NAME:
      return row => row.name;
    case DURATION:
      return row => row.duration[1];
    case STARTED:
      return row => row.age[1];
  }
  const place = index.get(id);
  return place === undefined ? () => null : row => cellValue(row.cells[place]);
}
