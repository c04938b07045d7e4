import { number as shown } from '../format.js';

/** A number as it is shown in the list beside the rule: as in the tables, a gap as NaN. */
export function number(value: number | null): string {
  return value === null ? 'NaN' : shown(value);
}

/** Where the rule stands, as the axis says it. */
export function place(x: number, axis: string): string {
  if (axis === 'time') {
    return new Date(x).toLocaleString();
  }
  return `${axis === 'elapsed' ? '' : `${axis} `}${Number(x.toPrecision(8)).toLocaleString('en-US')}${axis === 'elapsed' ? ' s' : ''}`;
}
