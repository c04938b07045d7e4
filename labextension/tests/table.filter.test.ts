import { expect, test, vi } from 'vitest';

import { settled } from './fakekernel.js';
import { button, eachOnItsOwn, host, kernel, key, load, names, press, row, search } from './tablepage.js';

eachOnItsOwn();

test('sorts by a click on a header, the best first, and tells it', () => {
  load([row(1, 0.2), row(2, 0.9), row(3, 0.5)]);
  press('metrics.accuracy');
  expect(names()).toEqual(['run-2', 'run-3', 'run-1']);
  expect(host.querySelector('[aria-sort=descending]')?.textContent).toContain('accuracy');
  press('metrics.accuracy');
  expect(names()).toEqual(['run-1', 'run-3', 'run-2']);
});

test('searches words without the kernel', () => {
  load([row(1, 0.1, { name: 'baseline' }), row(2, 0.2, { name: 'wide' })]);
  search('WIDE');
  expect(names()).toEqual(['wide']);
  expect(kernel.last('filter')).toBeUndefined();
  search('forest');
  expect(host.querySelector('.jt-empty')?.textContent).toBe('No run matches forest · clear filter');
  button('clear filter').click();
  expect(names()).toEqual(['baseline', 'wide']);
});

test('sends the grammar to the kernel, says that it waits, and keeps the rows meanwhile', async () => {
  load([row(1), row(2), row(3)]);
  search('metrics.accuracy > 0.15');
  vi.advanceTimersByTime(250);
  expect(kernel.last('filter')).toMatchObject({ text: 'metrics.accuracy > 0.15' });
  expect(names()).toHaveLength(3);
  vi.advanceTimersByTime(300);
  expect(host.textContent).toContain('waits for the kernel');
  await kernel.reply('filter', { found: [row(2).id, row(3).id] });
  expect(names()).toEqual(['run-2', 'run-3']);
  expect(host.textContent).not.toContain('waits for the kernel');
});

test('says below a filter without a result which of its keys no run has', async () => {
  load([row(1), row(2)]);
  search('metrics.acuracy > 0.9');
  vi.advanceTimersByTime(250);
  await kernel.reply('filter', { found: [], hints: ["No run has the metric 'acuracy'; did you mean 'accuracy'?"] });
  expect([...host.querySelector('.jt-empty')!.children].map(one => one.textContent)).toEqual([
    'metrics.acuracy > 0.9',
    'clear filter',
    "No run has the metric 'acuracy'; did you mean 'accuracy'?"
  ]);
});

test('an answer to an earlier filter does not count', async () => {
  load([row(1), row(2)]);
  search('params.C = 1');
  vi.advanceTimersByTime(250);
  const first = kernel.last('filter')!;
  search('params.C = 0');
  vi.advanceTimersByTime(250);
  await kernel.reply('filter', { found: [row(2).id] });
  kernel.say({ type: 'reply', to: first.to, ok: true, found: [row(1).id] });
  await settled();
  expect(names()).toEqual(['run-2']);
});

test('shows what the kernel says of a filter that it cannot read', async () => {
  load([row(1), row(2)]);
  search('params.C = 1');
  vi.advanceTimersByTime(250);
  await kernel.reply('filter', { found: [row(1).id] });
  expect(names()).toEqual(['run-1']);
  search('metricz.loss < 1');
  vi.advanceTimersByTime(250);
  await kernel.reply('filter', { ok: false, message: 'Unknown kind "metricz" (at position 0)\n  metricz.loss < 1\n  ^' });
  const problem = host.querySelector('.jt-problem')!;
  expect(problem.firstElementChild?.textContent).toBe('✗ Unknown kind "metricz" (at position 0) · all runs are shown');
  expect(problem.querySelector('pre')?.textContent).toBe('metricz.loss < 1\n^');
  expect(names()).toEqual(['run-1', 'run-2']); // those of the filter before are no answer to this one
});

test('arrows reach the header and sort there', () => {
  load([row(1, 0.1), row(2, 0.2)]);
  key('ArrowUp');
  key('ArrowRight');
  key('ArrowRight');
  key('ArrowRight');
  key('Enter');
  expect(names()).toEqual(['run-2', 'run-1']);
});

test('takes the choices that the kernel kept, once', async () => {
  const choices = { sort: [{ column: 'metrics.accuracy', descending: true }], filter: 'run', group: '' };
  load([row(1), row(2)], { choices });
  expect(names()).toEqual(['run-2', 'run-1']);
  press('metrics.accuracy');
  load([row(1), row(2)], { choices, rev: 2 });
  expect(names()).toEqual(['run-1', 'run-2']);
});

test('still sorts and searches once the kernel is gone, and says that nothing can be changed', async () => {
  load([row(1, 0.1), row(2, 0.2)]);
  kernel.die();
  press('metrics.accuracy');
  expect(names()).toEqual(['run-2', 'run-1']);
  key('ArrowDown');
  key('Enter');
  await settled();
  expect(host.querySelector('[role=alert]')?.textContent).toContain('The kernel is gone');
});
