import { describe, expect, it, vi } from 'vitest';

import { BoardView } from '../src/board/view.js';
import { insertCode } from '../src/lab/insert.js';
import type { BoardMessage, KernelMessage, ViewMessage } from '../src/protocol.js';
import { Requests } from '../src/requests.js';
import { Shared } from '../src/shared.js';
import type { Transport } from '../src/transport.js';
import { FakeKernel, settled } from './fakekernel.js';

const BOARD: BoardMessage = {
  type: 'board', rev: 1, parts: ['table', 'curves', 'many'], selected: [], paints: [['a', { color: '#1d95fb', dash: [], opacity: 1 }]],
  compared: 'Select runs to compare them.'
};

function made(insert?: (below: Node, code: string) => Promise<boolean>) {
  const kernel = new FakeKernel();
  const shared = new Shared();
  const requests = new Requests(kernel, () => {});
  kernel.listen(message => void requests.receive(message));
  const mounted: { host: HTMLElement; transport: Transport; unmount: ReturnType<typeof vi.fn> }[] = [];
  const context = {
    requests, shared, insertCode: insert, announce: () => {}, complain: () => {}, tell: () => {},
    charts: () => Promise.reject(new Error('none'))
  };
  const view = new BoardView(context, kernel, (host, transport) => {
    const unmount = vi.fn();
    mounted.push({ host, transport, unmount });
    return unmount;
  });
  document.body.replaceChildren(view.node);
  view.receive(BOARD);
  const title = (text: string) => [...view.node.querySelectorAll('button')].find(one => one.textContent === text)!;
  return { kernel, shared, mounted, view, title };
}

describe('a board', () => {
  it('mounts the parts that are there and open, the charts of many runs when they are asked for', () => {
    const { mounted, title, view } = made();
    expect(mounted).toHaveLength(2);
    expect(view.node.querySelector('.jt-board-comparison')?.textContent).toBe('ComparisonSelect runs to compare them.');
    title('Many runs').click();
    expect(mounted).toHaveLength(3);
    title('Many runs').click();
    title('Many runs').click();
    expect(mounted).toHaveLength(3);
    expect(title('Many runs').getAttribute('aria-expanded')).toBe('true');
  });

  it('brings a comparison when there is one, and takes it away again', () => {
    const { mounted, view } = made();
    view.receive({ ...BOARD, rev: 2, parts: ['table', 'curves', 'comparison', 'many'], compared: '' });
    expect(mounted).toHaveLength(3);
    view.receive({ ...BOARD, rev: 3 });
    expect(mounted[2]?.unmount).toHaveBeenCalledOnce();
    view.receive({ ...BOARD, rev: 2 }); // late
    expect(mounted).toHaveLength(3);
  });

  it('wraps what a part says and unwraps what it is told; a selection of its own goes nowhere', () => {
    const { kernel, mounted, view } = made();
    const [table, curves] = mounted;
    const told: KernelMessage[] = [];
    table?.transport.listen(message => told.push(message));
    table?.transport.send({ type: 'ready' });
    table?.transport.send({ type: 'action', to: 0, name: 'select', runs: ['a'] } as ViewMessage);
    expect(kernel.sent).toEqual([{ type: 'part', part: 'table', message: { type: 'ready' } }]);
    const reply: KernelMessage = { type: 'reply', to: 1, ok: true };
    view.receive({ type: 'part', part: 'table', message: reply });
    view.receive({ type: 'part', part: 'curves', message: 'no message' });
    expect(told).toEqual([reply]);
    expect(curves).toBeDefined();
  });

  it('tells the kernel once what was selected in any part, and gives all parts the same colours', () => {
    vi.useFakeTimers();
    const { kernel, shared, view } = made();
    expect(shared.paints.get('a')?.color).toBe('#1d95fb');
    shared.select(['a']);
    shared.select(['a', 'b']);
    vi.advanceTimersByTime(200);
    vi.useRealTimers();
    expect(kernel.sent).toEqual([{ type: 'action', to: 0, name: 'select', runs: ['a', 'b'] }]);
    expect(view.node.querySelector('.jt-board-bar')?.textContent).toBe('2 selectedContinue in codeReport…');
  });

  it('continues in a cell below where the host can, with what is selected now', async () => {
    const inserted: string[] = [];
    const { kernel, shared, title, view } = made(async (_, code) => inserted.push(code) > 0);
    shared.select(['a']);
    title('Continue in code').click();
    expect(kernel.last('select')).toMatchObject({ runs: ['a'] });
    await kernel.reply('continue', { text: 'runs = track.runs()' });
    expect(inserted).toEqual(['runs = track.runs()']);
    await settled();
    expect(view.node.querySelector('.jt-board-bar')?.textContent).toContain('in the cell below');
  });

  it('closes all of its parts with the kernel', () => {
    const { mounted, view } = made();
    const closed = vi.fn();
    mounted.forEach(one => one.transport.closed(closed));
    view.freeze();
    expect(closed).toHaveBeenCalledTimes(2);
  });
});

describe('code for a notebook', () => {
  it('stands in a new cell below the one that is asked for', async () => {
    const [first, second] = [document.createElement('div'), document.createElement('div')];
    const inner = document.createElement('span');
    second.append(inner);
    const set = vi.fn();
    const content = { widgets: [{ node: first }, { node: second }], activeCellIndex: 0, activeCell: { model: { sharedModel: { setSource: set } } } };
    const app = {
      shell: { widgets: () => [{ id: 'w', content }], activateById: vi.fn() },
      commands: { execute: async () => void (content.activeCellIndex += 1) }
    } as never;
    expect(await insertCode(app, inner, 'runs = 1')).toBe(true);
    expect([content.activeCellIndex, set.mock.calls]).toEqual([2, [['runs = 1']]]);
    expect(await insertCode(app, document.createElement('p'), 'runs = 1')).toBe(false);
  });
});
