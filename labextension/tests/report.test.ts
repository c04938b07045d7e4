/** A report's panels are sent what the file holds, and asked from that; nothing in them changes anything. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { mount } from '../src/panel.js';
import type { ActionMessage, KernelMessage, ManyAxis, ReplyMessage } from '../src/protocol.js';
import { readData } from '../src/report/data.js';
import { FrozenTransport } from '../src/report/frozen.js';
import { madeColumn, madeRow, madeTable } from './made.js';

const AXIS: ManyAxis = { id: 'params.lr', title: 'lr', metric: false, log: false, ticks: [], shares: [0.5], texts: ['0.1'] };
const many = (named: string, axes: string[]): KernelMessage =>
  ({
    type: 'many',
    rev: 1,
    tab: named.split(':')[0],
    named,
    tabs: ['parallel', 'scatter'],
    problem: '',
    shown: { kind: named.split(':')[0], metric: 'metrics.loss', spec: {}, axes: axes.map(id => ({ ...AXIS, id })), runs: [], best: [], kept: [], notes: [] },
    known: { metrics: [], params: [] },
    selected: [],
    colors: []
  }) as unknown as KernelMessage;

let heard: KernelMessage[];

/** What a panel hears after it has asked. */
async function asked(transport: FrozenTransport, name: string, args: object = {}): Promise<KernelMessage[]> {
  heard = [];
  const stop = transport.listen(message => heard.push(message));
  transport.send({ type: 'action', to: 7, name, ...args } as unknown as ActionMessage);
  await Promise.resolve();
  stop();
  return heard;
}

test('a panel is sent all that is kept for it once it is ready, and not before the call has returned', async () => {
  const messages = [madeTable([madeColumn()], [madeRow(1)]), { type: 'curves', curves: {} } as unknown as KernelMessage];
  const transport = new FrozenTransport(messages, {});
  const got: KernelMessage[] = [];
  transport.listen(message => got.push(message));
  transport.send({ type: 'ready' });
  expect(got).toEqual([]);
  await Promise.resolve();
  expect(got).toEqual(messages);
});

test('what is in the file is answered, and what is not is said', async () => {
  const details = { name: 'wide' } as never;
  const transport = new FrozenTransport([], { open: { a: details }, code: { loss: 'x' }, equal: [], markdown: '# y' });
  const reply = async (name: string, args: object = {}) => (await asked(transport, name, args))[0] as ReplyMessage;
  expect(await reply('open', { run: 'a' })).toEqual({ type: 'reply', to: 7, ok: true, details });
  expect((await reply('open', { run: 'b' })).message).toBe('Only the best runs are here in full.');
  expect(await reply('code', { chart: 'loss' })).toEqual({ type: 'reply', to: 7, ok: true, text: 'x' });
  expect(await reply('markdown')).toEqual({ type: 'reply', to: 7, ok: true, text: '# y' });
  expect(await reply('equal')).toEqual({ type: 'reply', to: 7, ok: true, lines: [] });
  expect(await reply('window', { low: 0, high: 1, width: 9 })).toEqual({ type: 'reply', to: 7, ok: true });
  for (const name of ['delete', 'rename', 'stop', 'tag', 'first', 'remove']) {
    expect(await reply(name)).toEqual({ type: 'reply', to: 7, ok: false, message: 'Nothing can be changed in a report.' });
  }
});

test('a page of joined rows is a part of those that are kept', async () => {
  const rows = { type: 'comparison-rows', table: 't', start: 0, total: 900, rows: ['a', 'b', 'c'] } as never;
  const transport = new FrozenTransport([], { rows: { t: { differing: rows, all: rows } } });
  const [page, reply] = await asked(transport, 'rows', { table: 't', start: 1, count: 1, equal: false });
  expect(page).toMatchObject({ start: 1, total: 900, kept: 3, rows: ['b'] });
  expect(reply).toMatchObject({ ok: true });
  expect((await asked(transport, 'rows', { table: 'u', start: 0, count: 1, equal: true }))[0]).toMatchObject({ ok: false });
});

test('charts of many runs are those of the file, with the axes that are chosen', async () => {
  const charts = [many('parallel', ['params.lr', 'params.n', 'metrics.loss']), many('scatter', ['params.lr', 'metrics.loss']), many('scatter:params.n', ['params.n', 'metrics.loss'])];
  const transport = new FrozenTransport(charts, {});
  const axes = (found: KernelMessage[]) => (found[0] as { shown?: { axes: ManyAxis[] } }).shown?.axes.map(axis => axis.id);
  expect(axes(await asked(transport, 'many', { names: ['params.n'] }))).toEqual(['params.n', 'metrics.loss']);
  expect(axes(await asked(transport, 'many', { tab: 'scatter' }))).toEqual(['params.lr', 'metrics.loss']);
  expect(axes(await asked(transport, 'many', { x: 'params.n' }))).toEqual(['params.n', 'metrics.loss']);
  const back = await asked(transport, 'many', { tab: 'parallel', names: null });
  expect(axes(back)).toEqual(['params.lr', 'params.n', 'metrics.loss']);
  expect((back[0] as { rev: number }).rev).toBe(5);
  expect((await asked(transport, 'many', { tab: 'importance' }))[0]).toMatchObject({ ok: false });
});

test('what a chart shares with the first one is in the file once', async () => {
  const first = many('parallel', ['params.lr', 'metrics.loss']);
  const shown = (first as unknown as { shown: object }).shown;
  Object.assign(shown, { runs: [{ id: 'a' }], best: [0], kept: [[0, 'best']] });
  const other = { ...AXIS, id: 'metrics.loss', shares: [1] };
  const scatter = { ...many('scatter', []), shown: { kind: 'scatter', metric: 'metrics.loss', spec: {}, axes: ['params.lr', other], kept: [], notes: ['n'] } };
  const [told] = await asked(new FrozenTransport([first, scatter as unknown as KernelMessage], {}), 'many', { tab: 'scatter' });
  const axes = [{ ...AXIS, id: 'params.lr' }, other];
  const whole = { kind: 'scatter', metric: 'metrics.loss', spec: {}, axes, runs: [{ id: 'a' }], best: [0], kept: [], notes: ['n'] };
  expect(told).toEqual({ ...scatter, shown: whole, rev: 2 });
});

test('the curves within a comparison are asked and answered through it', async () => {
  const view = { type: 'curves-view', rev: 1 } as unknown as KernelMessage;
  const comparison = { type: 'comparison', rev: 1 } as unknown as KernelMessage;
  const part = { type: 'part', part: 'curves', message: view } as unknown as KernelMessage;
  const transport = new FrozenTransport([comparison, part], { code: { loss: 'of all' }, compared_code: { loss: 'of these' } });
  heard = [];
  transport.listen(message => heard.push(message));
  transport.send({ type: 'ready' });
  await Promise.resolve();
  expect(heard).toEqual([comparison]);
  transport.send({ type: 'part', message: { type: 'ready' } });
  await Promise.resolve();
  expect(heard.slice(1)).toEqual([part]);
  transport.send({ type: 'part', message: { type: 'action', to: 3, name: 'code', chart: 'loss' } as ActionMessage });
  await Promise.resolve();
  expect(heard[2]).toEqual({ type: 'part', part: 'curves', message: { type: 'reply', to: 3, ok: true, text: 'of these' } });
});

test('the data of a page is read from its script', () => {
  document.body.innerHTML = '';
  expect(readData(document)).toBeNull();
  const script = document.createElement('script');
  script.type = 'application/json';
  script.id = 'jtr-data';
  script.textContent = '{"panels":{},"answers":{"markdown":"\\u003c/script>"}}';
  document.body.append(script);
  expect(readData(document)).toEqual({ panels: {}, answers: { markdown: '</script>' } });
  script.remove();
});

let host: HTMLElement;
beforeEach(() => {
  vi.useFakeTimers();
  host = document.createElement('div');
  document.body.append(host);
});
afterEach(() => {
  host.remove();
  vi.useRealTimers();
});

test('a table without a kernel offers to open a run, and nothing that would change one', async () => {
  const table = madeTable([madeColumn()], [madeRow(1), madeRow(2)]);
  const dispose = mount(host, new FrozenTransport([table], {}), { still: true });
  await vi.advanceTimersByTimeAsync(10);
  const row = host.querySelector<HTMLElement>('.jt-row')!;
  row.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  await vi.advanceTimersByTimeAsync(10);
  const labels = [...host.querySelectorAll('.jt-actions button')].map(button => button.textContent);
  expect(labels).toEqual(['✕', 'Open']);
  host.querySelector('.jt-grid')!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true }));
  await vi.advanceTimersByTimeAsync(10);
  expect(host.querySelectorAll('.jt-row')).toHaveLength(2);
  expect(host.querySelector('[role=alert]')?.textContent).toBe('');
  dispose();
});

test('curves are shown along the seconds since the start, where the file has them', async () => {
  const axes = [{ id: 'step', title: 'step' }, { id: 'elapsed', title: 'seconds since the start' }];
  const view = { type: 'curves-view', rev: 1, x: 'step', axes, smoothing: 0, choices: {} } as unknown as KernelMessage;
  const part = { chart: 'loss', run: 'a', from: 0, x: [0, 1, 2], y: [3, null, 1], odd: [[1, 1, 'NaN']], count: 3, whole: true };
  const points = { type: 'curves-points', rev: 2, window: null, parts: [{ ...part, seconds: [0.5, 9, 4], oddSeconds: [9] }] } as unknown as KernelMessage;
  const transport = new FrozenTransport([view, points], {});
  const [moved, there, reply] = await asked(transport, 'choices', { choices: { x: 'elapsed', smoothing: 0.6 } });
  expect(moved).toMatchObject({ type: 'curves-view', x: 'elapsed', smoothing: 0.6, choices: { x: 'elapsed' } });
  expect((there as { parts: object[] }).parts).toMatchObject([{ x: [0.5, 4, 9], y: [3, 1, null], odd: [[9, 1, 'NaN']] }]);
  expect(reply).toMatchObject({ ok: true });
  expect(await asked(transport, 'choices', { choices: { x: 'elapsed', smoothing: 0.7 } })).toEqual([{ type: 'reply', to: 7, ok: true }]);
  const [, back] = await asked(transport, 'choices', { choices: { x: 'step' } });
  expect((back as { parts: object[] }).parts).toMatchObject([{ x: [0, 1, 2], y: [3, null, 1] }]);
  expect((await asked(transport, 'choices', { choices: { x: 'time' } }))[0]).toMatchObject({ ok: false });
});
