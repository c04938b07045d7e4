/** Made runs, for the tests and the gallery: the same every time. */

import type { Card, Cell, Column, Spark, State, TableMessage, WireRow } from '../src/protocol.js';
import { type Row, rowOf } from '../src/table/rows.js';

export const NOW = Date.UTC(2026, 2, 14, 15, 30);
export const COLORS = ['#1d95fb', '#c53b06', '#9947a9', '#63a17b', '#e2791d', '#357a59', '#4d61e4', '#8d84b5'];

export const STATES: Record<string, State> = {
  running: { glyph: '●', word: 'running', token: 'running' },
  finished: { glyph: '✓', word: 'finished', token: 'better' },
  failed: { glyph: '✗', word: 'failed', token: 'failed' },
  stopped: { glyph: '■', word: 'stopped', token: 'muted' },
  lost: { glyph: '◌', word: 'lost (kernel died)', token: 'warning' },
  unknown: { glyph: '?', word: 'unknown host', token: 'warning' }
};

/** Numbers between 0 and 1 that look random, from a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A curve as views/sparkline.py draws it. */
export function spark(values: number[], color: string, width = 72, height = 18): Spark {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (index: number) => (3.5 + (index / Math.max(values.length - 1, 1)) * (width - 7)).toFixed(1);
  const y = (value: number) => (height - 3.5 - ((value - low) / (high - low || 1)) * (height - 7)).toFixed(1);
  const path = values.map((value, index) => `${index ? 'L' : 'M'}${x(index)},${y(value)}`).join('');
  const last = values.length - 1;
  const best = values.indexOf(high);
  const line = `<path d='${path}' stroke='${color}' fill='none' stroke-width='1.5' stroke-linejoin='round'/>`;
  const ring = `<circle cx='${x(best)}' cy='${y(high)}' r='2.5' fill='none' stroke='${color}'/>`;
  const dot = `<circle cx='${x(last)}' cy='${y(values[last] as number)}' r='1.75' fill='${color}'/>`;
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}'>${line}${ring}${dot}</svg>`;
  const alt = `accuracy: ${values[0]?.toFixed(3)} to ${values[last]?.toFixed(3)}, ${values.length} points`;
  return { uri: `data:image/svg+xml,${encodeURIComponent(svg)}`, alt, width, height, log: false };
}

/** A curve that rises to `end`. */
export function learning(end: number, seed: number, points = 24): number[] {
  const next = random(seed);
  return Array.from({ length: points }, (_, step) => end - 0.5 * Math.exp(-step / 5) - 0.02 * next());
}

export function madeColumn(changes: Partial<Column> = {}): Column {
  const kind = changes.kind ?? 'metric';
  const key = changes.key ?? 'accuracy';
  return {
    id: `${kind}s.${key}`,
    key,
    title: key,
    kind,
    place: 0,
    right: true,
    goal: '',
    main: false,
    shown: true,
    equal: false,
    decimals: 4,
    mantissa: 2,
    best: null,
    ...changes
  };
}

/** Columns whose values stand in the rows as the columns do. */
export function placed(columns: Column[]): Column[] {
  return columns.map((column, place) => ({ ...column, place }));
}

export function madeRow(number: number, changes: Partial<WireRow> = {}): WireRow {
  return {
    id: number.toString(16).padStart(32, '0'),
    number,
    state: 'finished',
    name: `run-${number}`,
    started: NOW - number * 60_000,
    seconds: 3.2,
    experiment: 'digits',
    notebook: 'digits.ipynb',
    cells: [],
    ...changes
  };
}

/** A run as the views have it. */
export function madeRun(number: number, changes: Partial<WireRow> = {}): Row {
  return rowOf(madeRow(number, changes), { states: STATES, colors: COLORS });
}

export function madeTable(columns: Column[], rows: WireRow[], changes: Partial<TableMessage> = {}): TableMessage {
  return {
    type: 'table',
    rev: 1,
    columns,
    rows,
    total: rows.length,
    more: false,
    states: STATES,
    colors: COLORS,
    empty: '',
    choices: {},
    ...changes
  };
}

const NAMES = ['baseline', 'wide', 'deep', 'cosine', 'dropout', 'adamw', 'no-aug', 'label-smoothing', 'svc', 'resnet50'];

/** The columns of `manyRuns`: a main metric, others, params, and some that are equal. */
export function manyColumns(rows: readonly WireRow[]): Column[] {
  const values = rows.flatMap(row => (Array.isArray(row.cells[0]) && typeof row.cells[0][0] === 'number' ? row.cells[0][0] : []));
  const metrics = ['accuracy', 'loss', 'f1', 'val/loss'].map((key, place) =>
    madeColumn({
      key,
      goal: ['↑', '↓?', '↑?', '↓?'][place] as string,
      main: place === 0,
      best: place === 0 && values.length > 1 ? Math.max(...values) : null
    })
  );
  const params = ['C', 'lr', 'model', 'batch_size'].map(key =>
    madeColumn({ kind: 'param', key, right: key !== 'model' })
  );
  const more = Array.from({ length: 22 }, (_, place) =>
    madeColumn({ kind: 'param', key: `option_${place}`, shown: false, equal: place > 3, right: false })
  );
  return placed([...metrics, ...params, ...more]);
}

/** Runs as a person makes them in a week: most finish, some fail, some are lost, one goes on. */
export function manyRuns(count: number, options: { baseline?: boolean } = {}): WireRow[] {
  const next = random(7);
  const rows = Array.from({ length: count }, (_, place) => oneOfMany(count - place, place, next, options));
  const ids = rows.filter(row => row.state === 'failed' && row.cells[0] === null).map(row => row.id);
  const first = rows.find(row => row.id === ids[0]);
  if (first && ids.length > 2) {
    first.fold = { kind: 'failed', count: ids.length, ids };
  }
  return rows;
}

function oneOfMany(number: number, place: number, next: () => number, options: { baseline?: boolean }): WireRow {
  const kind = place === 0 ? 'running' : place === 3 ? 'failed' : place === 5 ? 'lost' : stateOf(next());
  const end = 0.82 + 0.16 * next();
  const params = [['0.1', '1', '10'][number % 3], ['1e-3', '3e-4', '1e-2'][number % 3], NAMES[number % 5], String(16 << number % 4)];
  const failed = kind === 'failed' && place !== 3;
  const metric = (value: number): Cell => (failed ? null : [place === 4 ? 'NaN' : value, 23]);
  const cells: Cell[] = [
    metric(end),
    metric(1.2 - end),
    metric(end - 0.02),
    metric(1.25 - end),
    ...params.map(text => text ?? ''),
    ...Array.from({ length: 22 }, (_, option) => (option > 3 ? 'auto' : `value ${(number * (option + 3)) % 7}`))
  ];
  const long = 'resnet50-imagenet-cosine-schedule-warmup-5-epochs-seed-00042';
  const changed = place % 3 === 1 ? [`C ${params[0]} → 1`] : place % 3 === 2 ? ['lr 1e-3 → 3e-4', '+2'] : [];
  return madeRow(number, {
    state: kind,
    name: place === 2 ? long : (NAMES[number % NAMES.length] as string),
    changed,
    cells,
    live: kind === 'running',
    baseline: options.baseline === true && place === 6,
    pinned: place === 7,
    experiment: options.baseline ? 'digits' : (['digits', 'imagenet', 'ablation'][number % 3] as string),
    seconds: kind === 'running' ? 42 : 252 + number,
    started: Date.now() - place * place * 400_000 - 40_000
  });
}

function stateOf(chance: number): string {
  return chance < 0.86 ? 'finished' : chance < 0.94 ? 'failed' : chance < 0.97 ? 'stopped' : 'lost';
}

export function madeCard(changes: Partial<Card> = {}): Card {
  const color = COLORS[4] as string;
  const large = (end: number, seed: number) => spark(learning(end, seed), color, 120, 28);
  return {
    id: 'c'.repeat(32),
    state: STATES['running'] as State,
    name: 'baseline',
    number: '#12',
    color,
    changed: ['C 0.1 → 1'],
    time: '0:42',
    started: NOW,
    elapsed: 42.3,
    metrics: [
      {
        key: 'accuracy', goal: '↑', value: '0.9641', full: '0.96412', best: '', is_best: true, muted: false,
        change: { text: '+0.0120', arrow: '▲', better: true, versus: '#9' }, spark: large(0.96, 1)
      },
      {
        key: 'loss', goal: '↓?', value: '0.1130', full: '0.11301', best: 'best 0.1127 at 11', is_best: false, muted: false,
        change: { text: '+0.0021', arrow: '▼', better: false, versus: '#9' }, spark: large(0.5, 2)
      },
      {
        key: 'lr', goal: '', value: '1.24e-4', full: '0.000124', best: '1.00e-4 to 0.0010', is_best: false, muted: true,
        change: null, spark: { ...large(0.7, 3), log: true }
      }
    ],
    more: 6,
    error: '',
    params: [
      { key: 'C', text: '1', full: '1', source: 'assigned in the cell' },
      { key: 'max_iter', text: '500', full: '500', source: 'assigned in the cell' }
    ],
    more_params: ['+2 inherited'],
    extras: ['figures 1', 'output'],
    notes: [],
    short: false,
    progress: { done: 12, total: 20, unit: 'epoch', left: '~1 min left' },
    stop: 'stop',
    note: '',
    deleted: false,
    ...changes
  };
}
