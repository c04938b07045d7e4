/** The sentences of a panel: one sentence, one action, and what is still safe. */

export const READING = 'Reading…';
export const WAITS = 'waits for the kernel';
export const NO_RUNS = 'No runs here yet. Put %%track above a cell and run it.';

/** Said over a panel whose kernel is gone. */
export function kernelStopped(at: Date): string {
  return `The kernel stopped; last seen ${timeOfDay(at)} · what was logged until then is here`;
}

/** Said in place of the rows that a search or filter left out. */
export function noMatch(filter: string): string {
  return `No run matches ${filter}`;
}

/** Said of the columns that have nothing to compare. */
export function equalColumns(count: number): string {
  return `${count} ${count === 1 ? 'column is' : 'columns are'} equal or empty`;
}

/** Said of columns that differ and found no room. */
export function differingColumns(count: number): string {
  return `${count} more ${count === 1 ? 'column differs' : 'columns differ'}`;
}

/** `1 run`, `1,000 runs`. */
export function runCount(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'run' : 'runs'}`;
}

/** `16:20`. */
export function timeOfDay(moment: Date): string {
  return `${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

/** A number of two digits at least. */
export function two(value: number): string {
  return String(value).padStart(2, '0');
}
