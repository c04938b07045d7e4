/** A table on a page with a kernel that is none, and what a person does with it: for the tests of the table. */

import { afterEach, beforeEach, vi } from 'vitest';

import { mount } from '../src/panel.js';
import type { TableMessage, WireRow } from '../src/protocol.js';
import { FakeKernel } from './fakekernel.js';
import { madeColumn, madeRow, madeTable, placed } from './made.js';

export const columns = placed([madeColumn({ key: 'accuracy', main: true, goal: '↑', decimals: 2 }), madeColumn({ kind: 'param', key: 'C' })]);
export let kernel: FakeKernel;
export let host: HTMLElement;
export let dispose: () => void;

/** Give each test a table of its own, and clocks that stand still. */
export function eachOnItsOwn(): void {
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
}

export function row(number: number, accuracy = number / 10, changes: Partial<WireRow> = {}): WireRow {
  return madeRow(number, { cells: [[accuracy, 7], String(number % 2)], ...changes });
}
export function load(rows: WireRow[], changes: Partial<TableMessage> = {}): void {
  kernel.say(madeTable(columns, rows, changes));
}
export const grid = () => host.querySelector('.jt-grid') as HTMLElement;
export const names = () => [...host.querySelectorAll('.jt-row')].map(node => node.querySelector('.jt-name')?.textContent ?? node.textContent);
export const cells = (line: Element) => [...line.querySelectorAll<HTMLElement>('.jt-cell')];
export function key(name: string, also: KeyboardEventInit = {}): void {
  grid().focus();
  grid().dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...also }));
}
export function press(column: string, also: PointerEventInit = {}): void {
  const node = host.querySelector(`.jt-header [data-column="${column}"]`) as HTMLElement;
  const event = (type: string) => Object.assign(new MouseEvent(type, { bubbles: true, button: 0, ...also }), { pointerId: 1 });
  node.dispatchEvent(event('pointerdown'));
  window.dispatchEvent(event('pointerup'));
}
export function search(text: string): void {
  const field = host.querySelector('.jt-search') as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new Event('input'));
}
export function button(label: string): HTMLButtonElement {
  const found = [...host.querySelectorAll('button')].find(each => each.textContent === label);
  if (!found) {
    throw new Error(`no button ${label}`);
  }
  return found;
}
