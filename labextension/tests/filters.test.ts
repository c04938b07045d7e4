/** The search grammar in a report finds what the store finds, and says the same of what it cannot read. */

import { expect, test } from 'vitest';

import type { Column, KernelMessage, ReplyMessage, TableMessage, ViewMessage, WireRow } from '../src/protocol.js';
import type { Answers } from '../src/report/data.js';
import { parseFilter } from '../src/report/filter.js';
import { param, tag } from '../src/report/fields.js';
import { FrozenTransport } from '../src/report/frozen.js';
import { unknownKeys } from '../src/report/hints.js';
import { cellText } from '../src/table/cells.js';
import { rowOf } from '../src/table/rows.js';
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

test.each(Object.entries(cases.hints))('what %s may have meant', (text, said) => {
  expect(unknownKeys(text, store)).toEqual(said);
});

test.each([
  ['code LIKE \'%fit%\'', 'code is not in this file: a filter for it needs the store (at position 0)'],
  ['datasets.name = \'x\'', 'datasets.name is not in this file: a filter for it needs the store (at position 0)'],
  ['metrics.acc.max > 1', 'metrics.acc.max is not in this file: a filter for it needs the store (at position 0)'],
  ['metrics.loss.min = 7', 'metrics.loss.min is not in this file: a filter for it needs the store (at position 0)'],
  ["tags.mlflow.user = 'ada'", 'tags.mlflow.user is not in this file: a filter for it needs the store (at position 0)'],
  ['user_id = \'ada\'', 'user_id is not in this file: a filter for it needs the store (at position 0)'],
  ['start_time > ago(2d)', "start_time is a time: write a date such as '2026-11-01' or '2026-11-01 14:30', or milliseconds without quotes (at position 13)"],
  [`${'('.repeat(31)}pinned`, 'Parentheses are nested more than 30 deep (at position 30)'],
  ['x'.repeat(10_001), `The filter has 10001 characters; 10000 are the most here, near '${'x'.repeat(31)}' (at position 10000)`],
  [`note LIKE '${'x'.repeat(1_001)}'`, `The pattern has 1,001 characters; 1,000 are the most, near 'note LIKE '${'x'.repeat(29)}' (at position 10)`],
  [`'${'x'.repeat(1_001)}'`, `The text has 1,001 characters; 1,000 are the most, near ''${'x'.repeat(29)}' (at position 0)`],
  [`${'x'.repeat(60)}.a = 1`, `'${'x'.repeat(39)}…' is not one of metrics, params, tags, attributes, datasets (at position 0)`],
  [`number = 1 ${'x'.repeat(9_000)}`, `Expected AND, OR or the end, not '${'x'.repeat(39)}…', near 'number = 1 ${'x'.repeat(30)}' (at position 11)`],
  ["name =\n'a' 5", "Expected AND, OR or the end, not '5', near 'name = 'a' 5' (at position 11)"]
])('what the file does not hold is said: %#', (text, message) => {
  expect(problem(text).split('\n')[0]).toBe(message);
});

test('a date without a zone is one of UTC, and without a time the whole day', () => {
  expect(found("start_time = '2025-11-03'")).toEqual(['Mixed', 'bare', 'odd', 'plain']);
  expect(found("start_time != '2025-11-03'")).toEqual([]);
  expect(found("start_time < '2025-11-03 14:26'")).toEqual([]);
  expect(found("start_time > '2025-11-03 14:26'")).toHaveLength(4);
  expect(problem("start_time > '2026-02-30'")).toContain('start_time is a time');
  expect(problem("start_time > '2026-02-28 10:00+99:00'")).toContain('start_time is a time');
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

/** What a report answers to one question. */
async function answered(messages: KernelMessage[], answers: Answers, action: Record<string, unknown>): Promise<unknown> {
  const transport = new FrozenTransport(messages, answers);
  const heard: unknown[] = [];
  transport.listen(message => heard.push(message));
  transport.send({ type: 'action', to: 1, ...action } as ViewMessage);
  await Promise.resolve();
  await Promise.resolve();
  return heard[0];
}

test('what a filter asks for that no run has is said where it finds none', async () => {
  const table = cases.table as unknown as KernelMessage;
  const reply = { type: 'reply', to: 1, ok: true };
  expect(await answered([table], {}, { name: 'filter', text: 'metrics.lss > 0' })).toEqual({
    ...reply,
    found: [],
    hints: ["No run has the metric 'lss'; did you mean 'loss'?"]
  });
  const some = (await answered([table], {}, { name: 'filter', text: 'metrics.lss > 0 OR params.n = 3' })) as ReplyMessage;
  expect([some.found?.length, some.hints]).toEqual([1, undefined]);
  expect(unknownKeys(`tags.${'k'.repeat(61)} = 'x'`, store)).toEqual([`No run has the tag '${'k'.repeat(60)}'; there is team, x*[y]?.`]);
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('a report has nothing of the name %s unless it was recorded', async name => {
  const reply = { type: 'reply', to: 1 };
  const none: Answers = { open: {}, code: {}, rows: {} };
  expect(await answered([], none, { name: 'code', chart: name })).toEqual({ ...reply, ok: false, message: '' });
  expect(await answered([], none, { name: 'open', run: name })).toEqual({ ...reply, ok: false, message: 'Only the best runs are here in full.' });
  expect(await answered([], none, { name: 'rows', table: name, start: 0, count: 1, equal: true })).toEqual({
    ...reply,
    ok: false,
    message: 'This table is not in the report.'
  });
  const code = JSON.parse(`{"${name}": "print(1)"}`) as Record<string, string>;
  expect(await answered([], { code }, { name: 'code', chart: name })).toEqual({ ...reply, ok: true, text: 'print(1)' });
});

test.each(['constructor', 'toString', '__proto__'])('a tag %s is a tag, and only of the runs that have it', name => {
  const [wire] = cases.table.rows as unknown as WireRow[];
  const shared = { states: {}, colors: [] };
  const bare = rowOf({ ...(wire as WireRow), tags: {} }, shared);
  const tagged = rowOf({ ...(wire as WireRow), tags: JSON.parse(`{"${name}": "x"}`) as Record<string, string> }, shared);
  const column = { ...(cases.table.columns.find(each => each.kind === 'tag') as unknown as Column), id: `tags.${name}`, key: name };
  expect([bare, tagged].map(row => tag(name).text(row))).toEqual([undefined, 'x']);
  expect([bare, tagged].map(row => cellText(row, column))).toEqual(['', 'x']);
});

test('a text that reads as no number is none, however it is spelled', () => {
  const column = store.index.get('params.model') as Column;
  const [wire] = cases.table.rows as unknown as WireRow[];
  const told = ['nan', 'inf', 'constructor', '__proto__', 'True', { t: 'nan', v: null }].map(cell => {
    const cells = Array.from({ length: 10 }, (_, at) => (at === column.place ? cell : null)) as WireRow['cells'];
    return param('model', column).number(rowOf({ ...(wire as WireRow), cells }, { states: {}, colors: [] }));
  });
  expect(told).toEqual([null, null, null, null, 1, Number.NaN]);
});

test('a filter that a note makes slow does not stop the page', () => {
  const long = new RowStore();
  const table = cases.table as unknown as TableMessage;
  long.load({ ...table, rows: table.rows.map(row => ({ ...row, note: 'a'.repeat(400) })) });
  const names = (text: string) => long.newest.filter(parseFilter(text, long)).map(row => row.name);
  expect(names("note LIKE '%a%a%a%a%a%b'")).toEqual([]);
  expect(names("note ILIKE '%A%a%A%a%A%a'")).toHaveLength(4);
});

test('a filter that fails for another reason is answered too', async () => {
  const table = { ...cases.table, columns: null } as unknown as KernelMessage;
  expect(await answered([table], {}, { name: 'filter', text: 'pinned' })).toEqual({
    type: 'reply',
    to: 1,
    ok: false,
    message: expect.stringMatching(/^The runs were not filtered: TypeError: /) as string
  });
});
