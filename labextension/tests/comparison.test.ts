import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { sideBySide } from '../src/comparison/pairs.js';
import { holdsPicture } from '../src/dom.js';
import { mount } from '../src/panel.js';
import type { KernelMessage } from '../src/protocol.js';
import { line, made, madeLine, madeRun, STEPPED } from './comparisons.js';
import { FakeKernel, settled } from './fakekernel.js';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';

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

function say(...messages: KernelMessage[]): void {
  messages.forEach(message => kernel.say(message));
}

function press(label: string): void {
  const found = [...host.querySelectorAll<HTMLElement>('button')].find(
    each => (each.getAttribute('aria-label') ?? each.textContent) === label
  );
  found?.click();
}

function texts(selector: string): string[] {
  return [...host.querySelectorAll(selector)].map(each => each.textContent ?? '');
}

test('deleted lines stand beside the inserted ones of their place', () => {
  const lines = [line('@', 'cell 2'), line(' ', 'x'), line('-', 'a'), line('-', 'b'), line('+', 'c'), line(' ', 'y'), line('+', 'd')];
  expect(sideBySide(lines)).toEqual([
    { head: 'cell 2' },
    { left: line(' ', 'x'), right: line(' ', 'x') },
    { left: line('-', 'a'), right: line('+', 'c') },
    { left: line('-', 'b'), right: null },
    { left: line(' ', 'y'), right: line(' ', 'y') },
    { left: null, right: line('+', 'd') }
  ]);
});

test('two changes after one another do not mix', () => {
  const lines = [line('-', 'a'), line('+', 'b'), line('-', 'c'), line('+', 'd')];
  expect(sideBySide(lines)).toEqual([
    { left: line('-', 'a'), right: line('+', 'b') },
    { left: line('-', 'c'), right: line('+', 'd') }
  ]);
});

test('the curves are a view of their own, which is there once there is a curve', () => {
  say(made());
  const asked = () => kernel.sent.filter(message => (message as { type: string }).type === 'part');
  expect([asked(), host.querySelector<HTMLElement>('.jt-overlaid')!.hidden]).toEqual([[], true]);
  say({ type: 'comparison', rev: 2, curves: [{ key: 'loss', goal: '↓' }] });
  say({ type: 'comparison', rev: 3, curves: [{ key: 'loss', goal: '↓' }, { key: 'acc', goal: '↑' }] });
  expect(asked()).toEqual([{ type: 'part', part: 'curves', message: { type: 'ready' } }]);
  expect(host.querySelector<HTMLElement>('.jt-overlaid')!.hidden).toBe(false);
  expect(host.querySelectorAll('.jt-overlaid .jt-panel')).toHaveLength(1);
});

test('what changed comes first, what surrounds a run last', () => {
  say(made());
  const order = [...host.querySelectorAll('.jt-lines, .jt-diff')].map(each => each.className.trim());
  expect(order).toEqual(['jt-lines', 'jt-diff', 'jt-lines']);
  expect(texts('.jt-lines thead .jt-name')).toEqual(['run-1', 'run-2', 'run-3']);
  expect(texts('.jt-gutter')).toEqual(['−', '+']);
});

test('a later message has only what changed', () => {
  say(made(), { type: 'comparison', rev: 2, lines: [madeLine('metrics', 'loss', '1', '2', '3')] });
  expect(texts('.jt-label')).toEqual(['loss']);
  expect(texts('.jt-lines thead .jt-name')).toEqual(['run-1', 'run-2', 'run-3']);
  say({ type: 'comparison', rev: 1, lines: [] });
  expect(texts('.jt-label')).toEqual(['loss']);
});

test('equal lines are shown on request', async () => {
  say(made());
  expect(host.textContent).toContain('28 equal · ');
  press('show');
  await kernel.reply('equal', { lines: [madeLine('params', 'kernel', 'rbf', 'rbf', 'rbf')] });
  expect(texts('.jt-same .jt-label')).toEqual(['kernel']);
  press('hide');
  expect(texts('.jt-same .jt-label')).toEqual([]);
});

test('a run is put first or removed, and the kernel says what cannot be done', async () => {
  say(made());
  press('Measure the others against #2 run-2');
  expect(kernel.last('first')).toMatchObject({ run: madeRun(2).id });
  press('Remove #3 run-3');
  await kernel.reply('remove', { ok: false, message: 'A comparison needs two of them.' });
  expect(host.querySelector('[role=alert]')?.textContent).toContain('A comparison needs two of them.');
});

test('all lines of the code are asked for', async () => {
  const folded = made().code?.map(code => ({ ...code, lines: [line('@', 'cell 1'), ...code.lines] })) ?? [];
  say(made({ code: folded }));
  press('All lines');
  await kernel.reply('diff', { diff: { run: madeRun(2).id, title: '', cut: 0, lines: [line(' ', 'before'), line('-', 'a')] } });
  expect(texts('.jt-diff .jt-code')).toEqual(['before', 'a']);
  expect(texts('summary')).toEqual(['code of #2 against #1']);
});

test('images stand side by side, and a slider goes through the steps', async () => {
  say(made({ media: [STEPPED] }));
  await settled();
  expect(kernel.sent.filter(each => each.type === 'action' && each.name === 'picture')).toHaveLength(3);
  await kernel.reply('picture', { uri: PNG });
  expect([...host.querySelectorAll('img')].map(each => each.alt)).toEqual(['digit of #3 run-3, step 5']);
  const slider = host.querySelector<HTMLInputElement>('.jt-slider') as HTMLInputElement;
  slider.value = '0';
  slider.dispatchEvent(new Event('input'));
  await settled();
  expect(kernel.last('picture')).toMatchObject({ path: '3-0.png' });
  expect(host.querySelector('.jt-told-step')?.textContent).toBe('step 0');
});

test('a key blinks from run to run at one place', () => {
  say(made({ media: [STEPPED] }));
  const slot = host.querySelector('.jt-slot') as HTMLElement;
  const key = (name: string) => slot.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
  const seen = () => [...slot.querySelectorAll('.jt-slot-cell')].map(each => !each.classList.contains('jt-behind'));
  expect(seen()).toEqual([true, true, true]);
  key('b');
  expect(seen()).toEqual([true, false, false]);
  key('b');
  expect(seen()).toEqual([false, true, false]);
  key('3');
  expect(seen()).toEqual([false, false, true]);
  expect(slot.textContent).toContain('3 of 3');
  key('Escape');
  expect(seen()).toEqual([true, true, true]);
});

test('a large picture is asked for by a person, and an address that is none is refused', async () => {
  const [first] = STEPPED.pictures[0] ?? [];
  say(made({ media: [{ ...STEPPED, steps: [], pictures: [[{ ...first, step: null } as never], [], []] }] }));
  await settled();
  await kernel.reply('picture', { large: '4.1 MB' });
  press('Show 4.1 MB');
  await settled();
  expect(kernel.last('picture')).toMatchObject({ large: true });
  await kernel.reply('picture', { uri: 'https://example.org/x.png' });
  expect(host.querySelector('img')).toBeNull();
  expect(host.textContent).toContain('This picture cannot be shown.');
  expect(['data:text/html;base64,AA==', 'data:image/png,x', 'javascript:1', `${PNG}" onerror="x`].map(holdsPicture)).toEqual([
    false, false, false, false
  ]);
});

test('a page stands in a frame in which nothing runs', async () => {
  const [first] = STEPPED.pictures[0] ?? [];
  say(made({ media: [{ ...STEPPED, steps: [], pictures: [[{ ...first, step: null } as never], [], []] }] }));
  await settled();
  await kernel.reply('picture', { page: '<script>alert(1)</script>' });
  const frame = host.querySelector('iframe')!;
  expect([frame.getAttribute('sandbox'), frame.getAttribute('srcdoc')]).toEqual(['', '<script>alert(1)</script>']);
  expect([...host.querySelectorAll('script')]).toEqual([]);
});

test('a chart that is not drawn is said as text', async () => {
  const [first] = STEPPED.pictures[0] ?? [];
  say(made({ media: [{ ...STEPPED, steps: [], pictures: [[{ ...first, step: null } as never], [], []] }] }));
  await settled();
  const card = { title: '<b>Loss</b>', told: 'Plotly chart of 2 traces (bar, scatter) · 87 B', hint: 'log it as .png too' };
  await kernel.reply('picture', { card });
  expect([...host.querySelector('.jt-chart-card')!.children].map(each => each.textContent)).toEqual(Object.values(card));
});

test('joined rows come in pages, changed words stronger', async () => {
  say(made({ tables: [{ name: 'answers.json', key: 'question', equal: false, hash: 'x', size: 100 }] }));
  await kernel.reply('rows', {});
  const row = {
    key: 'q1',
    status: 'changed',
    shared: ['car'],
    cells: [[[['a red car', false]], [['a ', false], ['blue', true], [' car', false]], null]]
  };
  say({
    type: 'comparison-rows', table: 'answers.json', start: 0, total: 120, told: '120 of 300 rows changed', equal: 180, key: 'question',
    columns: [0, 1, 2], shared: ['truth'], differing: ['answer'], rows: Array.from({ length: 50 }, () => row) as never
  });
  expect(texts('.jt-joined-rows tbody tr:first-child > *')).toEqual(['q1', 'car', 'a red car', 'a blue car', 'none']);
  expect(texts('.jt-joined-rows .jt-inserted')[0]).toBe('blue');
  expect(host.textContent).toContain('1 to 50 of 120');
  press('Next');
  expect(kernel.last('rows')).toMatchObject({ start: 50, count: 50, equal: false });
  say({ type: 'comparison-rows', table: 'answers.json', error: 'no column' } as never);
  expect(host.querySelector('.jt-joined-rows')?.textContent).toBe('✗ no column');
});

test('rows that cannot be had are counted, and said', async () => {
  say(made({ tables: [{ name: 'answers.json', key: 'question', equal: false, hash: 'x', size: 100 }] }));
  await kernel.reply('rows', {});
  const row = { key: 'q1', status: 'changed', shared: [], cells: [[[['a', false]]]] };
  say({
    type: 'comparison-rows', table: 'answers.json', start: 450, total: 900, kept: 500, told: '900 rows changed', equal: 0, key: 'question',
    columns: [0], shared: [], differing: ['answer'], rows: Array.from({ length: 50 }, () => row) as never
  });
  const foot = [...host.querySelectorAll('.jt-joined .jt-line')].map(line => [...line.children].map(each => each.textContent));
  expect(foot).toEqual([['451 to 500 of 900', 'Previous', 'only the first 500 are in this report']]);
});

test('it is copied as Markdown', async () => {
  const written: string[] = [];
  Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async (text: string) => void written.push(text) } });
  say(made());
  press('Copy as Markdown');
  await kernel.reply('markdown', { text: '| a |' });
  await settled();
  expect(written).toEqual(['| a |']);
  expect(host.querySelector('[role=status]')?.textContent).toBe('Copied as Markdown');
});

test('when the kernel is gone all that was seen stays, without buttons that do nothing', () => {
  say(made());
  kernel.die();
  expect(texts('.jt-lines thead button')).toEqual([]);
  expect(texts('.jt-lines thead .jt-name')).toHaveLength(3);
});

test('names stand whole in the heads, where the page cuts them, and in full where one is pointed at', () => {
  const name = 'a run with a long name that says what was tried, 1';
  say(made({ runs: [madeRun(1, { name, full: `${name}: #1 a, #2 b` }), madeRun(2)] }));
  const [head] = host.querySelectorAll<HTMLElement>('.jt-lines thead th');
  expect([head?.querySelector('.jt-cut')?.textContent, head?.title]).toEqual([name, `${name}: #1 a, #2 b`]);
});
