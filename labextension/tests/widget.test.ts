import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { WidgetModel } from '../src/widget/anywidget.js';
import { start } from '../src/widget/panel.js';
import { madeCard } from './made.js';

/** A model as anywidget hands it to a module. */
class MadeModel implements WidgetModel {
  readonly sent: { type?: string }[] = [];

  send(content: unknown): void {
    this.sent.push(content as { type?: string });
  }

  on(event: string, listener: (content: unknown) => void): void {
    this.listeners.push([event, listener]);
  }

  off(event: string, listener: (content: unknown) => void): void {
    this.listeners = this.listeners.filter(([name, each]) => name !== event || each !== listener);
  }

  say(event: string, content?: unknown): void {
    this.listeners.filter(([name]) => name === event).forEach(([, listener]) => listener(content));
  }

  listeners: [string, (content: unknown) => void][] = [];
}

let model: MadeModel;
let end: () => void;
const place = () => document.querySelector<HTMLElement>('.jt-place-p');
const panels = () => document.querySelectorAll('.jt-panel').length;
const card = { type: 'card', rev: 1, card: madeCard() };

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '<div><div class="jt-place-p">still</div></div>';
  model = new MadeModel();
  end = start(model, 'p', '.jt-panel {}');
});
afterEach(() => {
  end();
  document.body.innerHTML = '';
  vi.useRealTimers();
});

test('the HTML stays until the view has something to show, and is back when the view goes', () => {
  expect([model.sent, place()!.style.display]).toEqual([[{ type: 'ready' }], '']);
  model.say('msg:custom', card);
  expect([place()!.style.display, panels()]).toEqual(['none', 1]);
  end();
  expect([place()!.style.display, panels(), model.sent.at(-1)]).toEqual(['', 0, { type: 'left' }]);
});

test('a new form of the HTML gets a view of its own, the last form none', () => {
  model.say('msg:custom', card);
  document.body.innerHTML = '<div><div class="jt-place-p">newer</div></div>';
  vi.advanceTimersByTime(500);
  model.say('msg:custom', card);
  expect([place()!.style.display, panels()]).toEqual(['none', 1]);
  document.body.innerHTML = '<div><div>the last</div></div>';
  vi.advanceTimersByTime(500);
  expect([panels(), model.sent.at(-1)]).toEqual([0, { type: 'left' }]);
});

test('a kernel that restarts freezes what was seen', () => {
  model.say('msg:custom', card);
  model.say('comm_live_update');
  model.say('comm:close');
  expect(document.body.textContent).toContain('The kernel stopped; last seen');
  expect(panels()).toBe(1);
});

test('leaves no listener behind but those for the end', () => {
  end();
  expect(new Set(model.listeners.map(([name]) => name))).toEqual(new Set(['comm:close', 'comm_live_update']));
});
