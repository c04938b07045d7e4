import { expect, test } from 'vitest';

import { extend, look, NOTHING, selected, toggle, toggleAll, without } from '../src/table/selection.js';

const ORDER = ['a', 'b', 'c', 'd'];

test('what is looked at is selected until something is marked', () => {
  const looking = look(NOTHING, 'b');
  expect(selected(looking)).toEqual(['b']);
  expect(selected(toggle(looking, 'c'))).toEqual(['c']);
  expect(selected(look(toggle(looking, 'c'), 'a'))).toEqual(['c']);
});

test('Shift marks all from the anchor, also upwards', () => {
  expect(selected(extend(look(NOTHING, 'c'), 'a', ORDER))).toEqual(['a', 'b', 'c']);
});

test('marks all, then none', () => {
  const all = toggleAll(NOTHING, ORDER);
  expect(selected(all)).toEqual(ORDER);
  expect(selected(toggleAll(all, ORDER))).toEqual([]);
});

test('forgets runs that are gone', () => {
  expect(without(toggle(look(NOTHING, 'a'), 'b'), ['b'])).toEqual({ marks: new Set(), current: null, anchor: null });
});
