import { expect, test } from 'vitest';

import { change, duration, middleCut, number, repr, spread } from '../src/format.js';
import cases from './format.json';

type Cases<Case> = Case[];

test('writes numbers as the kernel does, ties too', () => {
  const told = (cases.number as Cases<[number, number | null, number | null, string]>).map(([value, decimals, mantissa]) =>
    decimals === null || mantissa === null ? number(value) : number(value, { decimals, mantissa })
  );
  expect(told).toEqual(cases.number.map(each => each[3]));
  expect([NaN, Infinity, -Infinity].map(each => number(each))).toEqual(['NaN', '∞', '−∞']);
});

test('writes numbers in full as Python does', () => {
  const told = (cases.repr as Cases<[number, string]>).map(([value]) => repr(value));
  expect(told).toEqual(cases.repr.map(each => each[1]));
  expect([NaN, Infinity, -Infinity, -0].map(repr)).toEqual(['nan', 'inf', '-inf', '-0.0']);
});

test('tells changes as the kernel does', () => {
  type Case = [number, number, string, number, string | null, boolean | null];
  for (const [value, reference, goal, decimals, text, better] of cases.change as Cases<Case>) {
    const told = change(value, reference, goal, { decimals, mantissa: 2 });
    expect([told?.text ?? null, told?.better ?? null], `${value} ${reference}`).toEqual([text, better]);
  }
});

test('tells durations as the kernel does', () => {
  const told = (cases.duration as Cases<[number, string]>).map(([seconds]) => duration(seconds));
  expect(told).toEqual(cases.duration.map(each => each[1]));
  expect(duration(Infinity)).toBe('unknown');
});

test('cuts texts in the middle as the kernel does', () => {
  const told = (cases.cut as Cases<[string, number, string]>).map(([text, limit]) => middleCut(text, limit));
  expect(told).toEqual(cases.cut.map(each => each[2]));
});

test.each(cases.spread)('says of $values.length values what the kernel says: $text', ({ values, text }) => {
  expect(spread(values)).toBe(text);
});

test('says nothing of no values, and how many are not finite', () => {
  expect([spread([]), spread([NaN]), spread([1, NaN]), spread([0.958, 0.966, 0.962, NaN])]).toEqual([
    '', 'NaN (n=1, 1 not finite)', '1 (n=1, 1 not finite)', '0.962 ± 0.004 (n=3, 1 not finite)'
  ]);
});
