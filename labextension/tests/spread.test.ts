import { expect, test } from 'vitest';

import { number, spread } from '../src/table/spread.js';
import cases from './spread.json';

test.each(cases)('says of $values.length values what the kernel says: $text', ({ values, text }) => {
  expect(spread(values)).toBe(text);
});

test('says nothing of no values', () => {
  expect(spread([])).toBe('');
});

test('writes single numbers as the kernel does', () => {
  expect([0.96412, 0.000124, -12.3456, 1500000, 42].map(number)).toEqual(['0.9641', '1.24e-4', '−12.35', '1.50e6', '42']);
});
