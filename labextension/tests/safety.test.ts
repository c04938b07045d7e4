/** Whatever a run is called, the page shows it as text: nothing of it becomes an element or an attribute that acts. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { mount } from '../src/panel.js';
import type { KernelMessage, WireRow } from '../src/protocol.js';
import { made, madeLine, madeRun, STEPPED } from './comparisons.js';
import { FakeKernel, settled } from './fakekernel.js';
import { madeCard, madeColumn, madeRow, madeTable, placed } from './made.js';

const PAYLOADS = [
  '<script>window.ran = 1</script>',
  '<img src=x onerror="window.ran = 1">',
  '"><svg onload=window.ran=1>',
  "' onmouseover='window.ran=1",
  'javascript:window.ran=1',
  '<iframe srcdoc="<script>parent.ran=1</script>">',
  '</style><style>*{display:none}</style>',
  '{{constructor.constructor("window.ran=1")()}}',
  '${window.ran=1}',
  'url(javascript:window.ran=1)'
];
const ELEMENTS = new Set(
  ('DIV SPAN BUTTON INPUT SELECT OPTION LABEL IMG TABLE TBODY THEAD TR TH TD COL COLGROUP DETAILS SUMMARY FIELDSET LEGEND SECTION PRE FORM DATALIST').split(' ')
);

let kernel: FakeKernel;
let host: HTMLElement;
let dispose: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeKernel();
  host = document.createElement('div');
  document.body.append(host);
  dispose = mount(host, kernel);
});
afterEach(() => {
  dispose();
  host.remove();
  vi.useRealTimers();
});

/** Put a payload into every text of a message; numbers and flags stay. */
function poisoned<Message>(value: Message, payload: string, keep: ReadonlySet<string>): Message {
  if (typeof value === 'string') {
    return `${payload}${value}` as Message;
  }
  if (Array.isArray(value)) {
    return value.map(each => poisoned(each, payload, keep)) as Message;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => [key, keep.has(key) ? each : poisoned(each, payload, keep)]);
    return Object.fromEntries(entries) as Message;
  }
  return value;
}

const KEEP = new Set(['type', 'kind', 'stop', 'id', 'ids', 'parent', 'choices', 'fold']);

function check(): void {
  expect((window as { ran?: number }).ran).toBeUndefined();
  for (const node of host.querySelectorAll('*')) {
    expect(ELEMENTS.has(node.tagName), node.tagName).toBe(true);
    for (const attribute of node.getAttributeNames()) {
      expect(attribute.startsWith('on'), attribute).toBe(false);
    }
    const style = node.getAttribute('style') ?? '';
    expect(style).not.toMatch(/javascript|url\(/);
    expect(node.getAttribute('src') ?? 'data:image/').toMatch(/^data:image\//);
  }
}

function show(message: KernelMessage): void {
  kernel.say(message);
  vi.advanceTimersByTime(1000);
}

test.each(PAYLOADS)('a card shows %s as text in every field', payload => {
  const card = poisoned(madeCard({ error: 'error', notes: ['note'], note: 'note' }), payload, KEEP);
  show({ type: 'card', rev: 1, card });
  check();
  expect(host.querySelector('.jt-title .jt-name')?.textContent).toBe(`${payload}baseline`);
  expect(host.querySelector('.jt-error')?.textContent).toBe(`${payload}error`);
});

test.each(PAYLOADS)('a table shows %s as text in every field', async payload => {
  const row = (number: number, changes: Partial<WireRow> = {}): WireRow =>
    madeRow(number, { cells: [[1, 3], { t: '1', f: '1' }, 'x'], note: 'n', tags: { a: 'b' }, changed: ['C'], ...changes });
  const params = ['C', 'model'].map(key => madeColumn({ kind: 'param', key }));
  const columns = placed([madeColumn({ main: true, best: 1, goal: '↑' }), ...params, madeColumn({ kind: 'tag', key: 'a' })]);
  columns[3]!.place = null;
  const rows = [row(1, { baseline: true }), row(2), row(3, { live: true })];
  show(poisoned(madeTable(columns, rows, { empty: 'empty' }), payload, KEEP));
  check();
  expect(host.querySelector('.jt-row .jt-name')?.textContent).toBe(`${payload}run-1`);
  (host.querySelectorAll('.jt-row')[1] as HTMLElement).click();
  [...host.querySelectorAll('button')].find(each => each.textContent === 'Columns')?.click();
  check();
  [...host.querySelectorAll('button')].find(each => each.textContent === 'Tag')?.click();
  check();
});

test.each(PAYLOADS)('a run in full shows %s as text, and so does what went wrong', async payload => {
  show(madeTable([madeColumn({ main: true })], [madeRow(1, { cells: [null] })]));
  (host.querySelector('.jt-row') as HTMLElement).click();
  [...host.querySelectorAll('button')].find(each => each.textContent === 'Open')?.click();
  const details = {
    name: 'name', number: '#1', state: null, facts: [['label', 'text']] as [string, string][], problems: ['problem'],
    grids: [{ header: ['a', 'b'], rows: [['1', '2']], right: [false, true] }], block: 'lines'
  };
  await kernel.reply('open', { details: poisoned(details, payload, KEEP) });
  check();
  expect(host.querySelector('.jt-details pre')?.textContent).toBe(`${payload}lines`);
  [...host.querySelectorAll('button')].find(each => each.textContent === 'Pin')?.click();
  await kernel.reply('pin', { ok: false, message: payload });
  await settled();
  expect(host.querySelector('[role=alert]')?.textContent).toContain(payload);
  check();
});

test.each(PAYLOADS)('a comparison shows %s as text in every field', async payload => {
  const run = (number: number) => madeRun(number, { repeats: 3, members: ['a', 'b'], live: true });
  const value = { t: 'text', f: 'full', s: 'spread', c: { text: '+1', arrow: '▲', better: true }, n: 'noise', i: 'interval', m: 'method', b: true };
  const lines = [{ ...madeLine('params', 'C'), goal: '↑', words: 'words', values: [value, value] }];
  const table = { name: 'answers.json', key: 'question', equal: false, hash: 'x', size: 100 };
  const poison = <Message>(message: Message) => poisoned(message, payload, new Set([...KEEP, 'kind', 'sign', 'uri', 'table']));
  show(poison(made({ runs: [run(1), run(2)], lines, method: 'method', more: 2, media: [STEPPED], tables: [{ ...table }] })));
  check();
  expect(host.querySelector('.jt-lines .jt-name')?.textContent).toBe(`${payload}run-1`);
  await kernel.reply('picture', { uri: `data:image/png;base64,${payload}` });
  await kernel.reply('rows', { ok: false, message: payload });
  check();
  const cells = [[[['a', false]], [['b', true], ['c', false]]]];
  show({ ...poison({ type: 'comparison-rows', start: 0, total: 9, told: 'told', equal: 1, key: 'k', columns: [0, 1], shared: ['s'],
    differing: ['d'], rows: [{ key: 'q', status: 'changed', shared: ['x'], cells }] }), table: `${payload}answers.json` } as never);
  expect(host.querySelector('.jt-joined-rows tbody th')?.textContent).toBe(`${payload}q`);
  show({ type: 'comparison-rows', table: `${payload}answers.json`, error: payload } as never);
  check();
});

test.each(['javascript:window.ran=1', 'https://example.org/x.svg', 'data:text/html,<script>1</script>', '//example.org/a.png'])(
  'the picture %s is not loaded: its words stand in its place',
  uri => {
    const [metric] = madeCard().metrics;
    show({ type: 'card', rev: 1, card: madeCard({ metrics: [{ ...metric!, spark: { ...metric!.spark!, uri } }] }) });
    expect(host.querySelector('img')).toBeNull();
    expect(host.textContent).toContain(metric!.spark!.alt);
  }
);

test('a colour that is none is left out', () => {
  show({ type: 'card', rev: 1, card: madeCard({ color: 'red;background:url(https://example.org)' }) });
  expect(host.innerHTML).not.toContain('example.org');
});

test('a message of an unknown type does nothing', () => {
  show({ type: 'eval', code: 'window.ran = 1' } as unknown as KernelMessage);
  expect(host.textContent).toBe('');
});
