/** The charts, and the only way to Vega: loaded when a panel has a chart, as a file of its own. */

export { Chart } from './chart.js';
export type { Datum, Mapping } from './chart.js';
