import { expect, test } from 'vitest';

import { command, type Key } from '../src/table/keyboard.js';

const press = (key: string, also: Partial<Key> = {}, inHeader = false) =>
  command({ key, shift: false, ctrl: false, alt: false, ...also }, 9, inHeader);

test.each([
  ['ArrowDown', {}, { do: 'rows', by: 1, extend: false }],
  ['ArrowUp', { shift: true }, { do: 'rows', by: -1, extend: true }],
  ['PageDown', {}, { do: 'rows', by: 9, extend: false }],
  ['ArrowRight', {}, { do: 'columns', by: 1 }],
  ['End', { ctrl: true }, { do: 'edge', rows: 1, columns: 0 }],
  [' ', {}, { do: 'mark' }],
  [' ', { shift: true }, { do: 'markRange' }],
  ['a', { ctrl: true }, { do: 'markAll' }],
  ['Enter', {}, { do: 'open' }],
  ['/', {}, { do: 'search' }],
  ['Escape', {}, { do: 'clear' }],
  ['F2', {}, { do: 'rename' }],
  ['Delete', {}, { do: 'delete' }],
  ['z', { ctrl: true }, { do: 'undo' }]
] as const)('%s %o', (key, also, wanted) => {
  expect(press(key, also)).toEqual(wanted);
});

test('in the header, Shift resizes and Alt moves a column', () => {
  expect(press('ArrowRight', { shift: true }, true)).toEqual({ do: 'resize', by: 16 });
  expect(press('ArrowLeft', { alt: true }, true)).toEqual({ do: 'reorder', by: -1 });
});

test('leaves other keys to the host', () => {
  expect([press('d'), press('Tab'), press('s', { ctrl: true }), press('ArrowLeft', { alt: true })]).toEqual([null, null, null, null]);
});
