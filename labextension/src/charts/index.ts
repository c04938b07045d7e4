/** The charts, and the only way to Vega: loaded when a panel has a chart, as a file of its own. */

export { Chart } from './chart.js';
export type { ChartOptions, Datum, Mapping, Plot } from './chart.js';
export type { Logs } from './compile.js';
