/** The search grammar in a report finds what the store finds, and says the same of what it cannot read. */

import { expect, test } from 'vitest';

import type { ReplyMessage, TableMessage } from '../src/protocol.js';
import { parseFilter } from '../src/report/filter.js';
import { FrozenTransport } from '../src/report/frozen.js';
import { RowStore } from '../src/table/rowstore.js';
import cases from './filters.json';

const store = new RowStore();
store.load(cases.table as unknown as TableMessage);
const found = (text: string) => store.newest.filter(parseFilter(text, store)).map(row => row.name).sort();
const problem = (text: string): string => {
  try {
    parseFilter(text, store);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

test.each(Object.entries(cases.found))('%s', (text, names) => {
  expect(found(text)).toEqual([...names].sort());
});

test.each(Object.entries(cases.errors))('cannot read %s', (text, message) => {
  expect(problem(text)).toBe(message);
});

test.each([
  ['code LIKE \'%fit%\'', 'code is not in this file: a filter for it needs the store (at position 0)'],
  ['datasets.name = \'x\'', 'datasets.name is not in this file: a filter for it needs the store (at position 0)'],
  ['metrics.acc.max > 1', 'metrics.acc.max is not in this file: a filter for it needs the store (at position 0)'],
  ['user_id = \'ada\'', 'user_id is not in this file: a filter for it needs the store (at position 0)'],
  ['start_time > ago(2d)', "start_time is a time: write a date such as '2026-11-01' or '2026-11-01 14:30', or milliseconds without quotes (at position 13)"],
  [`${'('.repeat(31)}pinned`, 'Parentheses are nested more than 30 deep (at position 30)'],
  ['x'.repeat(10_001), 'The filter has 10001 characters; 10000 are the most here (at position 10000)']
])('what the file does not hold is said: %#', (text, message) => {
  expect(problem(text).split('\n')[0]).toBe(message);
});

test('a date without a zone is one of UTC, and without a time the whole day', () => {
  expect(found("start_time = '2025-11-03'")).toEqual(['Mixed', 'bare', 'odd', 'plain']);
  expect(found("start_time != '2025-11-03'")).toEqual([]);
  expect(found("start_time < '2025-11-03 14:26'")).toEqual([]);
  expect(found("start_time > '2025-11-03 14:26'")).toHaveLength(4);
});

test('a pattern is no expression, and a text that looks like code is text', () => {
  expect(found("params.model LIKE '(.*)+$'")).toEqual([]);
  expect(found("name LIKE '%'")).toHaveLength(4);
  expect(found("tags.`x*[y]?` LIKE 'a*_'")).toEqual(['Mixed']);
  expect(found("name = '''); alert(1)//'")).toEqual([]);
});

test('the table of a report is answered', async () => {
  const transport = new FrozenTransport([cases.table as unknown as TableMessage], {});
  const heard: unknown[] = [];
  transport.listen(message => heard.push(message));
  transport.send({ type: 'action', to: 1, name: 'filter', text: 'params.n > 5' });
  transport.send({ type: 'action', to: 2, name: 'filter', text: 'params.n >' });
  await Promise.resolve();
  await Promise.resolve();
  expect(heard[0]).toEqual({ type: 'reply', to: 1, ok: true, found: ['odd', 'Mixed'] });
  expect((heard[1] as ReplyMessage).message).toBe(
    "Expected a number or a quoted text for params.n, not the end (at position 10)\n  params.n >\n            ^"
  );
});
