import { expect, test } from 'vitest';

import { age, clock } from '../src/times.js';

const NOW = new Date(2026, 2, 14, 15, 30).getTime();
const MINUTE = 60_000;

test('counts as a clock', () => {
  expect([0, 42.9, 605, 3723, -5, Number.NaN].map(clock)).toEqual(['0:00', '0:42', '10:05', '1:02:03', '0:00', '0:00']);
});

test('tells ages as the kernel does', () => {
  const ages = [0.5 * MINUTE, 4.9 * MINUTE, 200 * MINUTE, 23 * 60 * MINUTE].map(passed => age(NOW - passed, NOW));
  expect(ages).toEqual(['now', '4 min', '3 h', 'yesterday 16:30']);
  expect([age(new Date(2026, 1, 2).getTime(), NOW), age(new Date(2024, 11, 31).getTime(), NOW)]).toEqual(['2 Feb', '31 Dec 2024']);
  expect(age(8.64e15 + 1, NOW)).toBe('unknown');
});
