/** Patterns are no expressions: they find what the store finds, in steps that grow with text and pattern only. */

import { expect, test } from 'vitest';

import { patternTest, wordTest } from '../src/report/patterns.js';

test.each([
  ['', '', true],
  ['', 'a', false],
  ['%', '', true],
  ['_', '', false],
  ['a%', 'a', true],
  ['a%a', 'a', false],
  ['a%a', 'aa', true],
  ['%ab%ab%', 'abab', true],
  ['%ab%ab%', 'abaab', true],
  ['%ab%ab%', 'aab', false],
  ['%a_c%', 'xxabxabc', true],
  ['a%b%c', 'a-c-b-c', true],
  ['a%b%c', 'a-c-b', false],
  ['_', '\u{1f600}', true],
  ['__', '\u{1f600}', false],
  ['%\u{1f600}', 'a\nb\u{1f600}', true],
  ['a\\%', 'a\\b', true],
  ['A', 'a', false]
])('LIKE %j on %j', (pattern, text, fits) => {
  expect(patternTest(pattern, false)(text)).toBe(fits);
});

test.each([
  ['GRÖSSE', 'grösse', true],
  ['GRÖSSE', 'größe', false],
  ['k', '\u212a', false],
  ['ΟΣ%', 'οσα', true]
])('ILIKE %j on %j', (pattern, text, fits) => {
  expect(patternTest(pattern, true)(text)).toBe(fits);
});

test('a word is looked for as it stands, whatever the case and whatever follows', () => {
  expect(['100%', 'a_b', 'a%b', 'ΟΣ', 'σσ'].map(word => wordTest(word)('A_B 100% οσα'))).toEqual([true, true, false, true, false]);
});

test('many pieces in a long text are found or not, and not tried in every combination', () => {
  const long = 'a'.repeat(100_000);
  expect(patternTest(`${'%a'.repeat(400)}b`, true)(long)).toBe(false);
  expect(patternTest(`${'%a'.repeat(400)}%`, true)(long)).toBe(true);
  expect(patternTest(`${'%_'.repeat(400)}b%`, false)(long)).toBe(false);
});
