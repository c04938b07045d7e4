import { expect, test } from 'vitest';

import { bestMark } from '../src/card/changes.js';
import { type Arrangement, arrange, BUT_SEED, type Line } from '../src/table/arrange.js';
import { isBest } from '../src/table/cells.js';
import { TableModel } from '../src/table/model.js';
import type { Row } from '../src/table/rows.js';
import { newestFirst } from '../src/table/sorting.js';
import { madeColumn, madeRow, madeRun, madeTable, placed } from './made.js';

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
    closed: new Set(),
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
  expect(words(lines(rows, { matches, toggled: new Set([id(3)]) }))).toEqual(['3', '>2']);
  expect(words(lines(rows, { matches, closed: new Set([id(3)]) }))).toEqual(['3']);
});

test('a parent that is searched for too, or is open already, opens for the children that are', () => {
  const rows = [madeRun(1, { parent: id(4) }), madeRun(2, { parent: id(3) }), madeRun(3, { parent: id(4) }), madeRun(4), madeRun(5)];
  const matches = (row: Row) => row.number === 2 || row.number === 4;
  expect(words(lines(rows, { matches }))).toEqual(['4', '>3', '>>2']);
  expect(words(lines(rows, { matches, toggled: new Set([id(4)]) }))).toEqual(['4', '>3', '>>2']);
  const parent = (row: Row) => row.number === 4;
  expect(words(lines(rows, { matches: parent }))).toEqual(['4']); // all of them are below it, none is searched for
});

test('runs that match are counted wherever they stand, and what was closed opens for another filter', () => {
  const table = new TableModel();
  table.load(madeTable(columns, [madeRow(4), madeRow(3, { parent: id(4) }), madeRow(2, { parent: id(4) }), madeRow(1)], { open: [id(4)] }));
  table.choose({ filter: 'a' });
  table.filter = { found: new Set([id(3), id(2)]) };
  expect([table.matching, table.order]).toEqual([2, [4, 2, 3].map(id)]);
  table.toggle(id(4));
  expect([table.matching, table.order]).toEqual([2, [id(4)]]);
  table.choose({ filter: 'b' });
  expect(table.order).toEqual([4, 2, 3].map(id));
  table.choose({ filter: '', group: columns[1]?.id ?? '' });
  expect(table.matching).toBe(2);
  table.bury([id(3)]);
  expect(table.matching).toBe(1);
});

test('pinned and baseline runs stand on top, with the hairline under the last one', () => {
  const made = lines([madeRun(1), madeRun(2, { pinned: true }), madeRun(3), madeRun(4, { baseline: true })]);
  expect(words(made)).toEqual(['4', '2', '1', '3']);
  expect(made.map(line => line.kind === 'run' && line.lastPinned)).toEqual([false, true, false, false]);
});

test('a pinned child and one that is the baseline stand on top, with what is below them, and the parent still tells them', () => {
  const rows = [
    madeRun(1, { parent: id(6), cells: [0.5] }),
    madeRun(2, { parent: id(6), cells: [0.7], pinned: true }),
    madeRun(3, { parent: id(2) }),
    madeRun(4, { parent: id(6), cells: [0.6], baseline: true }),
    madeRun(6)
  ];
  const told = (made: Line[]) => made.flatMap(line => (line.kind === 'run' && line.row.number === 6 ? [line.children.map(row => row.number)] : []));
  const closed = lines(rows);
  expect([words(closed), told(closed)]).toEqual([['4', '2', '6'], [[1, 2, 4]]]);
  expect(closed.map(line => line.kind === 'run' && line.lastPinned)).toEqual([false, true, false]);
  const open = lines(rows, { toggled: new Set([id(2), id(6)]) });
  expect(words(open)).toEqual(['4', '2', '>3', '6', '>1']);
  const alone = rows.filter(row => row.number !== 1 && row.number !== 4);
  expect(lines(alone).map(line => line.kind === 'run' && line.open)).toEqual([false, null]); // nothing opens below #6
  const matches = (row: Row) => row.number === 2;
  expect(words(lines(rows, { matches }))).toEqual(['2']);
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

test('repeats below one parent stand there once, and those below another stay below it', () => {
  const fold = (...numbers: number[]) => ({ kind: 'repeat' as const, count: numbers.length, ids: numbers.map(id) });
  const below = (number: number, parent: number, more: Parameters<typeof madeRun>[1] = {}) =>
    madeRun(number, { parent: id(parent), ...more });
  const same = [madeRun(1), below(2, 1), below(3, 1), below(4, 1, { fold: fold(4, 3, 2) })];
  expect(words(lines(same, { toggled: new Set([id(1)]) }))).toEqual(['1', '>4×3']);
  expect(words(lines(same, { toggled: new Set([id(1), id(4)]) }))).toEqual(['1', '>4×3', '>>3', '>>2']);
  const apart = [madeRun(1), below(2, 1), madeRun(3), madeRun(4, { fold: fold(4, 3, 2) })];
  expect(words(lines(apart, { toggled: new Set([id(1)]) }))).toEqual(['1', '>2', '4×2']);
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

test('a parent without a value of its own is sorted by the first of its children that has a result', () => {
  const rows = [
    madeRun(1, { cells: [0.5] }),
    madeRun(2, { cells: [null] }),
    madeRun(3, { parent: id(2), cells: [0.2] }),
    madeRun(4, { parent: id(2), cells: [0.9] }),
    madeRun(5, { parent: id(2), cells: [0.99], state: failed }),
    madeRun(6, { cells: [0.95] })
  ];
  const sorted = (descending: boolean) => words(lines(rows, { sort: [{ column: 'metrics.accuracy', descending }] }));
  expect(sorted(true)).toEqual(['6', '2', '1']);
  expect(sorted(false)).toEqual(['2', '1', '6']);
});

test('a table in an order of its own keeps it until a column sorts it, and opens what it says', () => {
  const rows = [madeRow(2), madeRow(4, { parent: id(2) }), madeRow(3, { parent: id(2) }), madeRow(1)];
  const model = new TableModel();
  model.load(madeTable(columns, rows, { ordered: true, open: [id(2)] }));
  expect(words([...model.lines])).toEqual(['2', '>4', '>3', '1']);
  model.sort([{ column: 'attributes.number', descending: false }]);
  expect(words([...model.lines])).toEqual(['1', '2', '>3', '>4']);
  model.sort([]);
  expect(words([...model.lines])).toEqual(['2', '>4', '>3', '1']);
  const newest = new TableModel();
  newest.load(madeTable(columns, rows));
  expect(words([...newest.lines])).toEqual(words(lines(rows.map(row => madeRun(row.number as number, row)))));
});

test('a run that broke off has not the best value, and one that goes on has it so far', () => {
  const column = { ...columns[0]!, best: 0.9 };
  expect(isBest(madeRun(1, { cells: [0.9] }), column)).toBe(true);
  expect(isBest(madeRun(1, { cells: [0.9], state: failed }), column)).toBe(false);
  expect(bestMark('↑', true).getAttribute('aria-label')).toBe('best so far');
  expect(bestMark('↑').getAttribute('aria-label')).toBe('best');
});
