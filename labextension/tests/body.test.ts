import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { element, span } from '../src/dom.js';
import type { Line } from '../src/table/arrange.js';
import { Body, ROW_HEIGHT, takeOver } from '../src/table/body.js';

const LINES = Array.from({ length: 1000 }, (_, at) => ({ kind: 'deleted', key: `line-${at}`, row: {}, ids: [] }) as unknown as Line);
let scroller: HTMLElement;
let body: Body;

beforeEach(() => {
  vi.useFakeTimers();
  scroller = document.createElement('div');
  Object.defineProperty(scroller, 'clientHeight', { value: 10 * ROW_HEIGHT });
  body = new Body(scroller, 0, line => element('div', { 'data-key': line.key }, span('', line.key)));
  scroller.append(body.node);
  body.show(LINES);
});
afterEach(() => {
  vi.useRealTimers();
});

const rows = () => [...body.node.children] as HTMLElement[];
const keys = () => rows().map(row => row.dataset['key']);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `line-${from + at}`);
function scrollTo(line: number): void {
  scroller.scrollTop = line * ROW_HEIGHT;
  body.paint();
}

test('a leap draws the lines that come into the elements of those that leave, in order', () => {
  const before = rows();
  scrollTo(500);
  expect(keys()).toEqual(range(498, 513));
  expect(rows().map(row => [row.textContent, row.style.top, row.getAttribute('aria-rowindex')])).toEqual(
    range(498, 513).map((key, at) => [key, `${(498 + at) * ROW_HEIGHT}px`, String(500 + at)])
  );
  expect(rows().every(row => before.includes(row))).toBe(true);
});

test('lines that stay keep their elements, and those ahead of the scroll are there before it comes', () => {
  scrollTo(500);
  vi.runAllTimers();
  expect(keys()).toEqual(range(492, 519));
  const kept = body.find('line-505');
  scrollTo(503);
  expect(keys()).toEqual(range(501, 522));
  expect(body.find('line-505')).toBe(kept);
  scrollTo(499);
  expect(keys()).toEqual(range(491, 512));
});

test('a line that is written in is neither taken away nor used for another', () => {
  body.hold('line-3');
  const held = body.find('line-3');
  scrollTo(500);
  vi.runAllTimers();
  expect([body.find('line-3'), held?.textContent, held?.parentElement]).toEqual([held, 'line-3', body.node]);
});

test('an element is made to look like another by as few writes as there are differences', () => {
  const made = (key: string, title: string, checked: boolean) =>
    element('div', { 'data-key': key }, element('input', { type: 'checkbox', checked }), span('jt-cut', title), key === 'b' && span('new'));
  const present = made('a', 'one', false);
  const [box, text] = [...present.children];
  (box as HTMLInputElement).checked = true;
  takeOver(present, made('c', 'two', false));
  expect(present.outerHTML).toBe(made('c', 'two', false).outerHTML);
  expect([present.children[0], present.children[1], (box as HTMLInputElement).checked]).toEqual([box, text, false]);
  takeOver(present, made('b', 'two', true));
  expect(present.outerHTML).toBe(made('b', 'two', true).outerHTML);
  expect((present.children[0] as HTMLInputElement).checked).toBe(true);
});

test('the title of a cell that is pointed at follows its line', () => {
  const cell = (title: string) => element('div', { 'data-title': title });
  const present = cell('0.5 at step 7');
  present.title = '0.5 at step 7';
  takeOver(present, cell('0.6 at step 8'));
  expect(present.title).toBe('0.6 at step 8');
});
