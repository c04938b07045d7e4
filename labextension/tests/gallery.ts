/**
 * Cards and tables with made data and a made kernel, without Jupyter: `jlpm gallery`, then open lib/gallery.html.
 *
 * ?kind=table|cards &rows=8 &baseline=1 &theme=dark &slow=1 (the kernel does not answer)
 */

import { mount } from '../src/panel.js';
import type { Card, KernelMessage, ViewMessage, WireRow } from '../src/protocol.js';
import type { Transport } from '../src/transport.js';
import { iso } from '../src/times.js';
import { COLORS, learning, madeCard, madeTable, manyColumns, manyRuns, spark, STATES } from './made.js';

const query = new URLSearchParams(location.search);
const CHUNK = 200;

/** Answers as the kernel would, from what it holds in memory. */
class MadeKernel implements Transport {
  constructor(private readonly first: () => KernelMessage[]) {}

  send(message: ViewMessage): void {
    (window as unknown as { sent: ViewMessage[] }).sent?.push(message);
    if (message.type === 'ready') {
      this.first().forEach((each, place) => setTimeout(() => this.say(each), place * 2));
    } else if (!query.has('slow')) {
      setTimeout(() => this.act(message), 20);
    }
  }

  listen(listener: (message: KernelMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  closed(listener: () => void): void {
    (window as unknown as { die: () => void }).die = listener;
  }

  say(message: KernelMessage): void {
    this.listeners.forEach(listener => listener(message));
  }

  private act(message: Exclude<ViewMessage, { type: 'ready' }>): void {
    const answer = { type: 'reply', to: message.to, ok: true } as const;
    switch (message.name) {
      case 'filter':
        if (message.text.includes('unknown')) {
          this.say({ ...answer, ok: false, message: 'No attribute "unknown"; did you mean status?' });
        } else {
          this.say({ ...answer, found: rows.filter(row => row.cells[5] && (row.number ?? 0) % 2).map(row => row.id) });
        }
        return;
      case 'curves':
        this.say({ type: 'curves', scale: '', curves: Object.fromEntries(message.runs.map(id => [id, spark(learning(0.9, parseInt(id, 16)), COLORS[parseInt(id, 16) % 8] as string)])) });
        return;
      case 'open':
        this.say({ ...answer, details: made(message.run) });
        return;
      case 'note':
      case 'rename':
        this.change([message.run], row => ({ ...row, [message.name === 'note' ? 'note' : 'name']: message.text }));
        break;
      case 'pin':
      case 'unpin':
        this.change(message.runs, row => ({ ...row, pinned: message.name === 'pin' }));
        break;
    }
    this.say(answer);
  }

  private change(ids: string[], change: (row: WireRow) => WireRow): void {
    const changed = rows.filter(row => ids.includes(row.id)).map(change);
    this.say({ type: 'patch', rev: ++rev, rows: changed, removed: [] });
  }

  private readonly listeners = new Set<(message: KernelMessage) => void>();
}

let rev = 1;
const count = Number(query.get('rows') ?? 8);
const rows = manyRuns(count, { baseline: query.has('baseline') });

function made(id: string) {
  const row = rows.find(each => each.id === id) as WireRow;
  return {
    name: row.name,
    number: `#${row.number}`,
    state: STATES[String(row.state)] ?? null,
    facts: [['experiment', row.experiment], ['started', iso(row.started)], ['id', row.id]] as [string, string][],
    problems: row.state === 'failed' ? ["ValueError: could not convert string to float: 'a'"] : [],
    grids: [
      { header: ['metric', 'last', 'min', 'max', 'points'], rows: [['accuracy ↑', '0.9641', '0.4120', '0.9641', '24']], right: [false, true, true, true, true] },
      { header: ['param', 'value', 'type', 'source'], rows: [['C', '1', 'int', 'assigned in the cell']], right: [false, false, false, false] }
    ],
    block: ''
  };
}

function tableMessages(): KernelMessage[] {
  const empty = 'No runs here yet. Put %%track above a cell and run it.';
  const start = madeTable(manyColumns(rows), rows.slice(0, CHUNK), { total: count, more: count > CHUNK, empty });
  const messages: KernelMessage[] = [start];
  for (let place = CHUNK; place < count; place += 1000) {
    messages.push({ type: 'rows', rows: rows.slice(place, place + 1000), more: place + 1000 < count });
  }
  return messages;
}

function cards(): Card[] {
  const finished = { state: STATES['finished']!, elapsed: null, stop: '' as const, progress: null };
  const one = madeCard().metrics[0]!;
  return [
    madeCard({ ...finished, short: true, time: '0.3 s', metrics: [{ ...one, spark: null, is_best: false }], more: 0, changed: [] }),
    madeCard({ ...finished, short: true, time: '0.2 s', metrics: [], more: 0, extras: ['figures 1'], more_params: [] }),
    madeCard(),
    madeCard({ stop: 'interrupt', progress: { done: 1200, total: null, unit: 'step', left: '' }, metrics: [one], more: 0, notes: ['Records into ../track.db'] }),
    madeCard({ ...finished, time: '4 m 12 s', note: 'seed 3, the learning rate was too high after the restart' }),
    madeCard({ ...finished, state: STATES['failed']!, time: '1.8 s', metrics: [], more: 0, error: "ValueError: could not convert string to float: 'a'", extras: ['metrics 3', 'output'] }),
    madeCard({ ...finished, state: STATES['lost']!, time: '', name: 'resnet50-imagenet-cosine-schedule-warmup-5-epochs-seed-00042', metrics: [{ ...one, value: 'NaN', is_best: false, best: 'best 0.9638 at 11' }], more: 0 }),
    madeCard({ metrics: [], more: 0, progress: null, extras: [], more_params: [], number: '', params: [] })
  ];
}

const theme = query.get('theme') ?? 'light';
document.body.dataset['jpThemeLight'] = String(theme === 'light');
document.body.style.cssText = `margin:16px;background:${theme === 'light' ? '#fff' : '#111'}`;
(window as unknown as { sent: ViewMessage[] }).sent = [];
const began = performance.now();
function add(messages: () => KernelMessage[]): void {
  const host = document.createElement('div');
  host.style.marginBottom = '20px';
  document.body.append(host);
  const kernel = new MadeKernel(messages);
  (window as unknown as { kernel: MadeKernel }).kernel = kernel;
  mount(host, kernel, {
    sayReading: true,
    onShown: () => {
      (window as unknown as { shownAfter: number }).shownAfter = performance.now() - began;
    }
  });
}
if (query.get('kind') === 'cards') {
  cards().forEach(card => add(() => [{ type: 'card', rev: 1, card }]));
} else {
  add(tableMessages);
}
