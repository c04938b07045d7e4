import { expect, test } from 'vitest';

import type { SortKey } from '../src/protocol.js';
import { reader } from '../src/table/cells.js';
import type { Row } from '../src/table/rows.js';
import { compareValues, firstDirection, newestFirst, nextSort, sortRows } from '../src/table/sorting.js';
import { madeColumn, madeRun, placed } from './made.js';

const columns = placed([madeColumn({ key: 'loss' }), madeColumn({ kind: 'param', key: 'lr' })]);
const index = new Map(columns.map(column => [column.id, column]));
const read = (column: string) => reader(column, index);

function sorted(rows: Row[], ...sort: SortKey[]): (number | null)[] {
  return sortRows([...rows].sort(newestFirst), sort, read).map(row => row.number);
}

test('stands newest first until a column says otherwise', () => {
  expect(sorted([madeRun(3), madeRun(1), madeRun(2)])).toEqual([1, 2, 3]);
});

test('puts nothing and NaN last, whichever way a column is sorted', () => {
  const rows = [
    madeRun(1, { cells: [null] }),
    madeRun(2, { cells: ['NaN'] }),
    madeRun(3, { cells: [0.2] }),
    madeRun(4, { cells: [[0.1, 5]] })
  ];
  expect(sorted(rows, { column: 'metrics.loss', descending: false })).toEqual([4, 3, 1, 2]);
  expect(sorted(rows, { column: 'metrics.loss', descending: true })).toEqual([3, 4, 1, 2]);
});

test('sorts by raw values and not by texts, numbers before words', () => {
  const rows = [
    madeRun(1, { cells: [null, { t: '1e-3', f: '0.001', v: 0.001 }] }),
    madeRun(2, { cells: [null, '0.5'] }),
    madeRun(3, { cells: [null, 'auto'] }),
    madeRun(4, { cells: [null, 'Adaptive'] })
  ];
  expect(sorted(rows, { column: 'params.lr', descending: false })).toEqual([1, 2, 4, 3]);
});

test('sorts words as people do: seed-10 after seed-9', () => {
  const rows = ['seed-10', 'seed-9', 'Seed-1'].map((name, place) => madeRun(place + 1, { name }));
  expect(sorted(rows, { column: 'attributes.name', descending: false })).toEqual([3, 2, 1]);
});

test('lets a second key decide between equals, and newest first after that', () => {
  const rows = [
    madeRun(1, { cells: [1, 'b'] }),
    madeRun(2, { cells: [1, 'a'] }),
    madeRun(3, { cells: [0, 'c'] }),
    madeRun(4, { cells: [1, 'a'] })
  ];
  const keys = [{ column: 'metrics.loss', descending: true }, { column: 'params.lr', descending: false }];
  expect(sorted(rows, ...keys)).toEqual([2, 4, 1, 3]);
});

test('compares equal texts of different case as equal', () => {
  expect(compareValues('SVM', 'svm', false)).toBe(0);
});

test('a click sorts the best on top, the next turns it, the third takes it away', () => {
  const best = firstDirection('↑?', 'metrics.accuracy');
  const once = nextSort([], 'metrics.accuracy', best, false);
  const twice = nextSort(once, 'metrics.accuracy', best, false);
  expect(once).toEqual([{ column: 'metrics.accuracy', descending: true }]);
  expect(twice).toEqual([{ column: 'metrics.accuracy', descending: false }]);
  expect(nextSort(twice, 'metrics.accuracy', best, false)).toEqual([]);
});

test('Shift adds a key behind the present one', () => {
  const first = [{ column: 'params.lr', descending: false }];
  expect(nextSort(first, 'metrics.loss', false, true)).toEqual([...first, { column: 'metrics.loss', descending: false }]);
});
