import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { mount } from '../src/panel.js';
import type { Card } from '../src/protocol.js';
import { FakeKernel, settled } from './fakekernel.js';
import { madeCard, STATES } from './made.js';

let kernel: FakeKernel;
let host: HTMLElement;
let dispose: () => void;
let rev = 0;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeKernel();
  host = document.createElement('div');
  document.body.append(host);
  dispose = mount(host, kernel, { sayReading: true });
});
afterEach(() => {
  dispose();
  host.remove();
  vi.useRealTimers();
});

function show(changes: Partial<Card> = {}): void {
  kernel.say({ type: 'card', rev: ++rev, card: madeCard(changes) });
  vi.advanceTimersByTime(250);
}
const text = (selector: string) => host.querySelector(selector)?.textContent;
const stop = () => host.querySelector('.jt-stop') as HTMLButtonElement;

test('says that it is ready, and that it reads only after 300 ms', () => {
  expect(kernel.sent).toEqual([{ type: 'ready' }]);
  expect(host.textContent).toBe('');
  vi.advanceTimersByTime(300);
  expect(host.textContent).toBe('Reading…');
});

test('says in one line what a short run gave', () => {
  const [metric] = madeCard().metrics;
  const state = STATES['finished'] as Card['state'];
  show({ state, short: true, elapsed: null, time: '0.3 s', metrics: [{ ...metric!, spark: null }], more: 0, stop: '', extras: [], progress: null });
  expect(text('.jt-title')).toBe('✓baseline#12accuracy 0.9641 (+0.0120 ▲ vs #9)');
  expect(text('.jt-told')).toBe('0.3 s');
  expect(stop().hidden).toBe(true);
});

test('goes on counting between two messages', () => {
  show({ elapsed: 42 });
  expect(text('.jt-time')).toBe('0:42');
  vi.advanceTimersByTime(5000);
  expect(text('.jt-time')).toBe('0:47');
});

test('shows no more than four cards a second, and the last one always', () => {
  show();
  for (let done = 1; done <= 20; done++) {
    kernel.say({ type: 'card', rev: ++rev, card: madeCard({ progress: { done, total: 20, unit: 'epoch', left: '' } }) });
  }
  expect(text('.jt-progress')).toBe('epoch 1 / 20');
  vi.advanceTimersByTime(250);
  expect(text('.jt-progress')).toBe('epoch 20 / 20');
});

test('leaves a message alone that is older than what is shown', () => {
  show({ name: 'new' });
  kernel.say({ type: 'card', rev: rev - 1, card: madeCard({ name: 'old' }) });
  vi.advanceTimersByTime(500);
  expect(text('.jt-title .jt-name')).toBe('new');
});

test('stops in two stages, and keeps the button where it is', () => {
  show();
  const button = stop();
  expect(button.textContent).toBe('Stop');
  button.click();
  expect(button.textContent).toBe('Stopping…');
  expect(kernel.last('stop')).toMatchObject({ run: madeCard().id });
  show({ stop: 'stop' }); // sent before the kernel had seen the click
  expect(stop()).toBe(button);
  expect(button.textContent).toBe('Stopping…');
  vi.advanceTimersByTime(3000);
  expect(button.textContent).toBe('Interrupt');
  button.click();
  expect(kernel.last('interrupt')).toMatchObject({ run: madeCard().id });
});

test('keeps a note that is written while cards come, and puts it back where the kernel refuses', async () => {
  show();
  (host.querySelector('.jt-note button') as HTMLButtonElement).click();
  const field = host.querySelector('.jt-note input') as HTMLInputElement;
  field.value = 'too high a rate';
  show({ note: '' });
  expect(host.querySelector('.jt-note input')).toBe(field);
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
  expect(kernel.last('note')).toMatchObject({ text: 'too high a rate' });
  expect(text('.jt-note-text')).toBe('too high a rate');
  await kernel.reply('note', { ok: false, message: 'This store was written by a newer version (0.9).' });
  expect(text('[role=alert]')).toContain('newer version (0.9)');
  expect(host.querySelector('.jt-note-text')).toBeNull();
});

test('reads out a change of state, and nothing before it', () => {
  show();
  expect(text('[role=status]')).toBe('');
  show({ state: STATES['finished'] as Card['state'], elapsed: null, time: '1 m 02 s', stop: '', progress: null });
  expect(text('[role=status]')).toBe('baseline #12 finished');
});

test('freezes with all that was seen once the kernel is gone', async () => {
  show({ elapsed: 10 });
  kernel.die();
  vi.advanceTimersByTime(60_000);
  await settled();
  expect(text('.jt-time')).toBe('0:10');
  expect(stop().hidden).toBe(true);
  expect(host.textContent).toMatch(/The kernel stopped; last seen \d\d:\d\d · what was logged until then is here/);
});

test('leaves nothing behind', () => {
  show();
  dispose();
  expect([host.childElementCount, kernel.listening, vi.getTimerCount()]).toEqual([0, 0, 0]);
});

test('a deleted run says so and can be restored, while there is a kernel', async () => {
  show({ deleted: true, stop: '', elapsed: null });
  const restore = () => [...host.querySelectorAll('button')].find(each => each.textContent === 'Restore');
  expect(text('.jt-binned')).toBe('Deleted · Restore');
  restore()?.click();
  const { to, runs } = kernel.last('restore') as unknown as { to: number; runs: string[] };
  expect(runs).toEqual([madeCard().id]);
  kernel.say({ type: 'reply', to, ok: false, message: 'The store is read-only.' });
  await settled();
  expect(host.textContent).toContain('The store is read-only.');
  show({ deleted: false, stop: '', elapsed: null });
  expect(host.querySelector('.jt-binned')).toBeNull();
  show({ deleted: true, stop: '', elapsed: null });
  kernel.die();
  expect([text('.jt-binned'), restore()]).toEqual(['Deleted', undefined]);
});
