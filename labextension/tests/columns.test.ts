import { expect, test } from 'vitest';

import { hiddenColumns, layout, moved, shownColumns, switched } from '../src/table/columns.js';
import { madeColumn, madeRun, placed } from './made.js';

const columns = placed([
  madeColumn({ key: 'accuracy', main: true, goal: '↑' }),
  madeColumn({ key: 'loss', shown: false }),
  madeColumn({ kind: 'param', key: 'C' }),
  madeColumn({ kind: 'param', key: 'seed', shown: false, equal: true })
]);
const SHOWN = ['metrics.accuracy', 'params.C', 'attributes.duration', 'attributes.start_time'];
const NO_TEXTS = { rows: [], groups: [] };

test('shows what the kernel proposes, then what the person chose, without columns that are gone', () => {
  expect(shownColumns(columns, null)).toEqual(SHOWN);
  expect(shownColumns(columns, ['params.C', 'params.gone', 'attributes.start_time'])).toEqual(['params.C', 'attributes.start_time']);
});

test('status, number and name are always the first three', () => {
  const slots = layout(columns, { columns: ['params.C'], widths: {} }, NO_TEXTS, 800);
  expect(slots.map(slot => slot.id)).toEqual(['attributes.status', 'attributes.number', 'attributes.name', 'params.C']);
});

test('a column is as wide as its longest text, a group\'s too, or as was chosen', () => {
  const rows = [madeRun(1, { cells: [0.9, null, 'a-long-value-of-C'] })];
  const width = (texts: { rows: typeof rows; groups: string[][] }, widths = {}) =>
    layout(columns, { columns: ['params.C'], widths }, texts, 800, text => text.length * 10)[3]?.width;
  expect(width({ rows, groups: [] })).toBe(192);
  expect(width({ rows, groups: [['', '', '0.962 ± 0.004 (n=50)']] })).toBe(222);
  expect(width({ rows, groups: [] }, { 'params.C': 99.6 })).toBe(100);
});

test('the first columns are narrow on a narrow page', () => {
  const fixed = (available: number) =>
    layout(columns, { columns: null, widths: {} }, NO_TEXTS, available).slice(0, 3).reduce((sum, slot) => sum + slot.width, 0);
  expect(fixed(480)).toBeLessThan(220);
  expect(fixed(800)).toBeGreaterThan(300);
});

test('the name gives way so that the last column is seen whole, and takes room that is left as far as it needs', () => {
  const rows = [madeRun(1, { name: 'a-name-of-thirty-characters-xx', changed: ['lr 1e-3 → 3e-4', 'C 1 → 10'] })];
  const total = (available: number, widths = {}) => {
    const slots = layout(columns, { columns: null, widths }, { rows, groups: [] }, available);
    return [slots[2]?.width, slots.reduce((sum, slot) => sum + slot.width, 28)];
  };
  const [natural, whole] = total(650) as [number, number];
  expect(total(whole - 50)).toEqual([natural - 50, whole - 50]);
  expect(total(whole + 100)).toEqual([natural + 100, whole + 100]);
  expect(total(whole + 1000)).toEqual([420, whole + 420 - natural]);
  expect(total(whole - 50, { 'attributes.name': natural })).toEqual([natural, whole]);
});

test('where not all columns have room, none is lost after short names', () => {
  const name = (text: string) =>
    layout(columns, { columns: null, widths: {} }, { rows: [madeRun(1, { name: text })], groups: [] }, 600)[2]?.width;
  expect(name('short')).toBe(160);
  expect(name('a-name-of-thirty-characters-xx')).toBe(244);
});

test('a hidden column comes back before duration and age', () => {
  expect(switched(SHOWN, 'metrics.loss')).toEqual(['metrics.accuracy', 'params.C', 'metrics.loss', 'attributes.duration', 'attributes.start_time']);
  expect(switched(SHOWN, 'params.C')).toEqual(SHOWN.filter(id => id !== 'params.C'));
});

test('a column moves by one and stops at the ends', () => {
  expect(moved(SHOWN, 'params.C', -1).slice(0, 2)).toEqual(['params.C', 'metrics.accuracy']);
  expect(moved(SHOWN, 'metrics.accuracy', -1)).toEqual(SHOWN);
});

test('tells hidden columns that are equal from those that differ', () => {
  expect([hiddenColumns(columns, SHOWN, true), hiddenColumns(columns, SHOWN, false)]).toEqual([['params.seed'], ['metrics.loss']]);
});
