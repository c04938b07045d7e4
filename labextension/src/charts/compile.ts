import { Error as ERRORS, logger, type Spec } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Which scales of a chart run over powers of ten, and whether x runs over moments. */
export interface Logs {
  x?: boolean;
  y?: boolean;
  /** x is in milliseconds since the epoch. */
  time?: boolean;
}

/** The signals by which a chart is steered without being made anew. */
export const SIGNAL = {
  x: 'jt_x',
  y: 'jt_y',
  runs: 'jt_runs',
  colors: 'jt_colors',
  dashes: 'jt_dashes',
  opacities: 'jt_opacities'
} as const;

type Scale = Record<string, unknown> & { name: string };
type Loose = { scales?: Scale[]; axes?: Record<string, unknown>[]; signals?: object[] };

/**
 * Compile a Vega-Lite spec of one view, or of layers, to Vega.
 *
 * The scales `x` and `y` get a domain from outside where one is set (`jt_x`, `jt_y`). Scales of a channel that encodes
 * the field `run` take their domain and range from the colours of the runs, so that these are the same everywhere.
 */
export function compiled(spec: object, config: object, logs: Logs): Spec {
  const made = compile(spec as TopLevelSpec, { config, logger: logger(ERRORS) }).spec as unknown as Loose;
  const signals = (made.signals ??= []);
  for (const channel of ['x', 'y'] as const) {
    const scale = made.scales?.find(one => one.name === channel);
    signals.push({ name: SIGNAL[channel], value: null });
    if (scale !== undefined && CONTINUOUS.has(String(scale['type'] ?? 'linear'))) {
      scale['domainRaw'] = { signal: SIGNAL[channel] };
      if (channel === 'x' && logs.time) {
        made.axes?.filter(axis => axis['scale'] === 'x').forEach(axis => delete axis['format']); // it is of numbers
        Object.assign(scale, { type: 'time', zero: false, nice: false });
      } else if (logs[channel]) {
        Object.assign(scale, { type: 'log', zero: false, nice: false });
      }
    }
  }
  steer(made, signals);
  return made as unknown as Spec;
}

const CONTINUOUS = new Set(['linear', 'time', 'utc', 'log', 'symlog', 'sqrt', 'pow']);
const RANGES: [string, keyof typeof SIGNAL][] = [
  ['color', 'colors'],
  ['stroke', 'colors'],
  ['fill', 'colors'],
  ['strokeDash', 'dashes'],
  ['opacity', 'opacities'],
  ['strokeOpacity', 'opacities']
];

function steer(made: Loose, signals: object[]): void {
  for (const name of ['runs', 'colors', 'dashes', 'opacities'] as const) {
    signals.push({ name: SIGNAL[name], value: [] });
  }
  for (const [name, range] of RANGES) {
    const scale = made.scales?.find(one => one.name === name);
    if (scale !== undefined && overRuns(scale['domain'])) {
      Object.assign(scale, { type: 'ordinal', domain: { signal: SIGNAL.runs }, range: { signal: SIGNAL[range] } });
    }
  }
}

function overRuns(domain: unknown): boolean {
  const { field, fields } = (domain ?? {}) as { field?: unknown; fields?: unknown[] };
  const names = fields?.map(one => (typeof one === 'object' ? (one as { field?: unknown })?.field : one)) ?? [field];
  return names.includes('run');
}
