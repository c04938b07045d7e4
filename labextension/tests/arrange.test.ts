import { expect, test } from 'vitest';

import { type Arrangement, arrange, BUT_SEED, type Line } from '../src/table/arrange.js';
import type { Row } from '../src/table/rows.js';
import { newestFirst } from '../src/table/sorting.js';
import { madeColumn, madeRun, placed } from './made.js';

const columns = placed([madeColumn({ key: 'accuracy', main: true, goal: '↑' }), madeColumn({ kind: 'param', key: 'C' })]);
const index = new Map(columns.map(column => [column.id, column]));

function lines(rows: Row[], wanted: Partial<Arrangement> = {}): Line[] {
  return arrange({
    columns,
    index,
    sort: [],
    matches: null,
    group: '',
    toggled: new Set(),
    deleted: new Map(),
    ...wanted,
    rows: [...rows].sort(newestFirst)
  });
}

/** Lines as short words: `12`, `>13` one level down, `12×3`, `[C=1 (2)]`, `{14 failed}`. */
function words(made: Line[]): string[] {
  return made.map(line => {
    switch (line.kind) {
      case 'run':
        return `${'>'.repeat(line.depth)}${line.row.number}${line.times > 1 ? `×${line.times}` : ''}`;
      case 'group':
        return `[${line.label} (${line.ids.length})]`;
      case 'fold':
        return `{${line.ids.length} failed}`;
      case 'deleted':
        return `-${line.row.number}`;
    }
  });
}

const id = (number: number) => madeRun(number).id;
const failed = 'failed';

test('children stand below their parent once it is opened, whatever the order', () => {
  const rows = [madeRun(1), madeRun(2, { parent: id(4) }), madeRun(3, { parent: id(4) }), madeRun(4)];
  expect(words(lines(rows))).toEqual(['1', '4']);
  expect(words(lines(rows, { toggled: new Set([id(4)]) }))).toEqual(['1', '4', '>2', '>3']);
});

test('a child whose parent is not in the table stands for itself', () => {
  expect(words(lines([madeRun(1, { parent: id(9) })]))).toEqual(['1']);
});

test('runs that are each other\'s parents do not hang the table', () => {
  expect(words(lines([madeRun(1, { parent: id(1) })]))).toEqual(['1']);
});

test('a search shows a child that matches below its parent, open until it is closed', () => {
  const rows = [madeRun(1), madeRun(2, { parent: id(3) }), madeRun(3)];
  const matches = (row: Row) => row.number === 2;
  expect(words(lines(rows, { matches }))).toEqual(['3', '>2']);
  expect(words(lines(rows, { matches, toggled: new Set([id(3)]) }))).toEqual(['3']);
});

test('pinned and baseline runs stand on top, with the hairline under the last one', () => {
  const made = lines([madeRun(1), madeRun(2, { pinned: true }), madeRun(3), madeRun(4, { baseline: true })]);
  expect(words(made)).toEqual(['2', '4', '1', '3']);
  expect(made.map(line => line.kind === 'run' && line.lastPinned)).toEqual([false, true, false, false]);
});

test('failed attempts fold to one line, which opens', () => {
  const ids = [2, 3, 4].map(id);
  const fold = { kind: 'failed' as const, count: 3, ids };
  const rows = [madeRun(1), madeRun(2, { state: failed, fold }), madeRun(3, { state: failed }), madeRun(4, { state: failed }), madeRun(5)];
  expect(words(lines(rows))).toEqual(['1', '{3 failed}', '5']);
  expect(words(lines(rows, { toggled: new Set([`fold:${id(2)}`]) }))).toEqual(['1', '{3 failed}', '>2', '>3', '>4', '5']);
});

test('repeats stand behind the newest of them', () => {
  const rows = [madeRun(1, { fold: { kind: 'repeat', count: 3, ids: [1, 2, 3].map(id) } }), madeRun(2), madeRun(3)];
  expect(words(lines(rows))).toEqual(['1×3']);
  expect(words(lines(rows, { toggled: new Set([id(1)]) }))).toEqual(['1×3', '>2', '>3']);
});

test('a fold counts only what was searched for, and one run alone is no fold', () => {
  const fold = { kind: 'failed' as const, count: 3, ids: [1, 2, 3].map(id) };
  const rows = [madeRun(1, { fold }), madeRun(2), madeRun(3)];
  expect(words(lines(rows, { matches: row => row.number !== 1 }))).toEqual(['{2 failed}']);
  expect(words(lines(rows, { matches: row => row.number === 2 }))).toEqual(['2']);
});

test('groups say mean and deviation, stand in the order of the sorted metric, and open', () => {
  const row = (number: number, accuracy: number, C: string) =>
    madeRun(number, { cells: [accuracy, C] });
  const rows = [row(1, 0.95, '1'), row(2, 0.97, '1'), row(3, 0.99, '10'), row(4, 0.97, '10')];
  const sort = [{ column: 'metrics.accuracy', descending: true }];
  const made = lines(rows, { group: 'params.C', sort });
  expect(words(made)).toEqual(['[10 (2)]', '[1 (2)]']);
  expect(made.map(line => line.kind === 'group' && line.cells)).toEqual([
    ['0.980 ± 0.014 (n=2)', '10'],
    ['0.960 ± 0.014 (n=2)', '1']
  ]);
  const open = new Set(['group:params.C:10']);
  expect(words(lines(rows, { group: 'params.C', sort, toggled: open }))).toEqual(['[10 (2)]', '>3', '>4', '[1 (2)]']);
});

test('a group has the children of other runs too, and counts them', () => {
  const child = (number: number, accuracy: number, C: string) => madeRun(number, { cells: [accuracy, C], parent: id(9) });
  const rows = [madeRun(9, { cells: [null, ''] }), child(1, 0.95, '1'), child(2, 0.97, '1'), child(3, 0.9, '2'), madeRun(4, { cells: [0.5, '2'] })];
  const made = lines(rows, { group: 'params.C' });
  expect(words(made)).toEqual(['[1 (2)]', '[2 (2)]', '[(none) (1)]']);
  expect(made.map(line => (line.kind === 'group' ? line.cells[0] : ''))).toEqual(['0.960 ± 0.014 (n=2)', '0.7 ± 0.3 (n=2)', '']);
  expect(words(lines(rows, { group: 'params.C', toggled: new Set(['group:params.C:1']) }))).toEqual(['[1 (2)]', '>1', '>2', '[2 (2)]', '[(none) (1)]']);
});

test('a deletion is said in the place of the run', () => {
  const rows = [1, 2, 3, 4].map(number => madeRun(number));
  const deleted = new Map([[id(2), [id(2), id(4)]]]);
  expect(words(lines(rows, { deleted }))).toEqual(['1', '-2', '3']);
});

test('runs that differ only in the seed make a group, whose mean and deviation have their n', () => {
  const seeds = [0.961, 0.962, 0.963].map((value, at) => madeRun(at + 1, { cells: [value, '1'], alike: 'C 1' }));
  const made = lines([...seeds, madeRun(9, { cells: [0.5, '2'], alike: 'C 2' })], { group: BUT_SEED });
  expect(words(made)).toEqual(['[C 1 (3)]', '[C 2 (1)]']);
  expect(made.map(line => (line.kind === 'group' ? line.cells[0] : ''))).toEqual(['0.9620 ± 0.0010 (n=3)', '0.5000']);
});
