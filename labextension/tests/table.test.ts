import { expect, test, vi } from 'vitest';

import type { WireRow } from '../src/protocol.js';
import { settled } from './fakekernel.js';
import { madeColumn, madeRow, madeTable, placed } from './made.js';
import { button, cells, columns, dispose, eachOnItsOwn, grid, host, kernel, key, load, names, press, row, search } from './tablepage.js';

eachOnItsOwn();

test('groups are offered by what tells the runs apart', () => {
  const offered = () => [...host.querySelectorAll('.jt-group-by option')].map(option => option.textContent);
  load([row(1), row(2)]);
  expect(offered()).toEqual(['nothing', 'C']);
  load([row(1), row(2, 0.2, { experiment: 'other' })]);
  expect(offered()).toEqual(['nothing', 'experiment', 'C']);
  load([row(1), row(2, 0.2, { notebook: 'other.ipynb' })]);
  expect(offered()).toEqual(['nothing', 'notebook', 'C']);
});

test('is a treegrid with rows, levels and cells', () => {
  load([row(1), row(2)]);
  expect(grid().getAttribute('role')).toBe('treegrid');
  expect(grid().getAttribute('aria-rowcount')).toBe('3');
  const [first] = host.querySelectorAll('.jt-row');
  expect([first?.getAttribute('role'), first?.getAttribute('aria-rowindex'), first?.getAttribute('aria-level')]).toEqual(['row', '2', '1']);
  expect(cells(first!).every(cell => cell.getAttribute('role') === 'gridcell')).toBe(true);
  expect(first?.textContent).toContain('✓finished1run-10.101');
});

test('has elements only for the rows on the page', () => {
  load(Array.from({ length: 1000 }, (_, place) => row(place + 1)));
  expect(host.querySelectorAll('.jt-row').length).toBeLessThan(40);
  expect(grid().getAttribute('aria-rowcount')).toBe('1001');
});

test('a cell that is pointed at, or has the focus, says its value in full', () => {
  load([row(1, 0.25)]);
  const cell = cells(host.querySelector('.jt-row')!)[4]!;
  expect(cell.title).toBe('');
  cell.dispatchEvent(new MouseEvent('pointerover', { bubbles: true }));
  expect(cell.title).toBe('0.25 at step 7');
  ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight'].forEach(name => key(name));
  expect([document.querySelector('.jt-focus')?.textContent, document.querySelector<HTMLElement>('.jt-focus')?.title]).toEqual(['1', '1']);
});

test('a patch changes, adds and removes rows, and leaves order, marks and focus alone', () => {
  load([row(1, 0.1), row(2, 0.2), row(3, 0.3)]);
  press('metrics.accuracy');
  key('ArrowDown');
  key(' ');
  const focused = host.querySelector('[data-current]')?.getAttribute('data-key');
  kernel.say({ type: 'patch', rev: 2, rows: [row(3, 0.05), row(4, 0.25)], removed: [row(1).id] });
  vi.advanceTimersByTime(250);
  expect(names()).toEqual(['run-4', 'run-2', 'run-3']);
  expect(host.querySelector('[data-current]')?.getAttribute('data-key')).toBe(focused);
  expect(host.querySelector('[aria-selected=true]')?.getAttribute('data-key')).toBe(focused);
});

test('a row that a patch leaves alone keeps its element, and so do the cells of one that changed', () => {
  load([row(1), row(2)]);
  const [first, second] = host.querySelectorAll('.jt-row');
  const nameCell = first!.querySelector('.jt-name-cell');
  kernel.say({ type: 'patch', rev: 2, rows: [row(1, 0.77)], removed: [] });
  vi.advanceTimersByTime(250);
  expect([...host.querySelectorAll('.jt-row')]).toEqual([first, second]);
  expect(first!.querySelector('.jt-name-cell')).toBe(nameCell);
  expect(first!.textContent).toContain('0.77');
});

test('columns alone change which value is the best and how all are written', () => {
  load([row(1, 0.5), row(2, 0.25)]);
  const texts = () => [...host.querySelectorAll('.jt-row')].map(each => cells(each)[4]?.textContent);
  expect(texts()).toEqual(['0.50', '0.25']);
  const [accuracy, C] = columns as [(typeof columns)[0], (typeof columns)[0]];
  kernel.say({ type: 'patch', rev: 2, rows: [], removed: [], columns: [{ ...accuracy!, decimals: 3, best: 0.5 }, C!] });
  vi.advanceTimersByTime(250);
  expect(texts()).toEqual(['▲ 0.500', '0.250']);
  expect(cells(host.querySelector('.jt-row')!)[4]?.dataset['title']).toBe('0.5 at step 7');
});

test('a parent without a value tells its children: their mean where params are equal, else the best of them', () => {
  const parent = (number: number) => row(number, 0, { cells: [] });
  const child = (number: number, of: number, accuracy: number, C: string, changes: Partial<WireRow> = {}) =>
    row(number, 0, { cells: [[accuracy, 7], C], parent: row(of).id, ...changes });
  load([
    parent(1), child(2, 1, 0.5, '1'), child(3, 1, 0.7, '1'),
    parent(4), child(5, 4, 0.5, '1'), child(6, 4, 0.7, '2'), child(7, 4, 0.9, '3', { state: 'failed' })
  ]);
  const fifth = [...host.querySelectorAll('.jt-row')].map(each => cells(each)[4]!);
  expect(fifth.map(cell => [cell.textContent, cell.dataset['title']])).toEqual([
    ['0.60 ± 0.14 (n=2)', 'mean ± sd of its children with equal params'],
    ['best 0.70 (n=3)', 'the best of its children, whose params differ']
  ]);
});

test('repeats tell their mean in the row of the newest', () => {
  const ids = [1, 2].map(number => row(number).id);
  load([row(1, 0.5, { fold: { kind: 'repeat', count: 2, ids } }), row(2, 0.7)]);
  const cell = cells(host.querySelector('.jt-row')!)[4]!;
  expect([cell.textContent, cell.dataset['title']]).toEqual(['0.60 ± 0.14 (n=2)', 'mean ± sd, n = 2; the newest 0.5']);
});

test('copies all of the value that the focus is on, and of what is selected in one cell', () => {
  load([row(1, 0.123456789, { cells: [[0.123456789, 7], { t: '0.0013…31374', f: '0.0013894954943731374', v: 0.0013894954943731374 }] })]);
  const copied = () => {
    let text = '';
    const event = Object.assign(new Event('copy', { bubbles: true, cancelable: true }), {
      clipboardData: { setData: (_: string, data: string) => (text = data) }
    });
    grid().dispatchEvent(event);
    return [text, event.defaultPrevented];
  };
  expect(copied()).toEqual(['', false]);
  ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight'].forEach(name => key(name));
  expect(copied()).toEqual(['0.123456789', true]);
  key('ArrowRight');
  expect(copied()).toEqual(['0.0013894954943731374', true]);
  const text = host.querySelectorAll('.jt-row .jt-cell')[4]!.querySelector('.jt-cut')!.firstChild as Text;
  document.getSelection()!.setBaseAndExtent(text, 0, text, 2);
  expect(copied()).toEqual(['0.123456789', true]);
  document.getSelection()!.removeAllRanges();
});

test('with a baseline, metrics of its experiment show the change beside the value', () => {
  const other = row(3, 0.9, { experiment: 'other' });
  load([row(1, 0.5), row(2, 0.25, { baseline: true }), other]);
  const texts = () => [...host.querySelectorAll('.jt-row')].map(each => cells(each)[4]?.textContent);
  expect(texts()).toEqual(['0.25', '0.50+0.25 ▲', '0.90']);
  kernel.say({ type: 'patch', rev: 2, rows: [row(2, 0.25), row(1, 0.5, { baseline: true })], removed: [] });
  vi.advanceTimersByTime(250);
  expect(texts()).toEqual(['0.50', '0.25−0.25 ▼', '0.90']);
});

test('a column that is new stands behind the others in the rows, and rows that lack it are empty there', () => {
  load([row(1, 0.5), row(2, 0.25)]);
  const lr = madeColumn({ kind: 'param', key: 'lr', place: 2 });
  kernel.say({ type: 'patch', rev: 2, rows: [row(3, 0.1, { cells: [0.1, '1', '1e-3'] })], removed: [], columns: [...columns, lr] });
  vi.advanceTimersByTime(250);
  expect([...host.querySelectorAll('.jt-row')].map(each => cells(each)[6]?.textContent)).toEqual(['', '', '1e-3']);
});

test('the keyboard moves, marks, extends, opens, searches and clears', async () => {
  load([row(1), row(2), row(3)]);
  key('Home');
  key('ArrowDown');
  key(' ');
  key('ArrowDown', { shiftKey: true });
  vi.advanceTimersByTime(100);
  expect(kernel.last('select')).toMatchObject({ runs: [row(2).id, row(3).id] });
  expect(host.querySelector(`#${grid().getAttribute('aria-activedescendant')}`)?.getAttribute('data-key')).toBe(row(3).id);
  key('Enter');
  expect(kernel.last('open')).toMatchObject({ run: row(3).id });
  key('Escape');
  vi.advanceTimersByTime(100);
  expect(kernel.last('select')).toMatchObject({ runs: [] });
  key('/');
  expect(document.activeElement).toBe(host.querySelector('.jt-search'));
});

test('the right arrow opens a parent and the left one closes it', () => {
  load([row(1), row(2, 0.2, { parent: row(1).id })]);
  expect(names()).toEqual(['run-1']);
  key('ArrowRight');
  expect(names()).toEqual(['run-1', 'run-2']);
  expect(host.querySelector('[aria-expanded=true]')).not.toBeNull();
  key('ArrowLeft');
  expect(names()).toEqual(['run-1']);
});

test('deletes at once and takes it back in place', async () => {
  load([row(1), row(2), row(3)]);
  (host.querySelectorAll('.jt-row')[1] as HTMLElement).click();
  key('Delete');
  expect(names()).toEqual(['run-1', 'Deleted run-2 #2 · Undo', 'run-3']);
  await kernel.reply('delete');
  kernel.say({ type: 'patch', rev: 2, rows: [], removed: [row(2).id] });
  vi.advanceTimersByTime(9000);
  expect(names()[1]).toBe('Deleted run-2 #2 · Undo');
  button('Undo').click();
  expect(names()).toEqual(['run-1', 'run-2', 'run-3']);
  expect(kernel.last('restore')).toMatchObject({ runs: [row(2).id] });
});

test('says what becomes of a run that is deleted while it runs', async () => {
  load([row(1), row(2)]);
  (host.querySelectorAll('.jt-row')[0] as HTMLElement).click();
  key('Delete');
  await kernel.reply('delete', { said: '#1 run-1 is still running and goes on.' });
  expect(names()).toEqual(['Deleted run-1 #1 · Undo', 'run-2']);
  expect(host.querySelector('[role=alert]')?.textContent).toBe('⚠ #1 run-1 is still running and goes on. Dismiss');
});

test('a deletion is said for ten seconds, then it is done', async () => {
  load([row(1), row(2)]);
  (host.querySelectorAll('.jt-row')[0] as HTMLElement).click();
  key('Delete');
  await kernel.reply('delete');
  vi.advanceTimersByTime(10_000);
  expect(names()).toEqual(['run-2']);
});

test('runs come back where the kernel refuses to delete them', async () => {
  load([row(1), row(2)]);
  (host.querySelectorAll('.jt-row')[0] as HTMLElement).click();
  key('Delete');
  await kernel.reply('delete', { ok: false, message: 'Run #1 is still running.' });
  expect(names()).toEqual(['run-1', 'run-2']);
  expect(host.querySelector('[role=alert]')?.textContent).toContain('Run #1 is still running.');
});

test('renames in place, and a patch meanwhile does not take the field away', async () => {
  load([row(1), row(2)]);
  (host.querySelectorAll('.jt-row')[0] as HTMLElement).click();
  key('F2');
  const field = host.querySelector('.jt-name-cell input') as HTMLInputElement;
  field.value = 'new name';
  kernel.say({ type: 'patch', rev: 2, rows: [row(1, 0.5)], removed: [] });
  vi.advanceTimersByTime(250);
  expect(host.querySelector('.jt-name-cell input')).toBe(field);
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  await settled();
  expect(kernel.last('rename')).toMatchObject({ run: row(1).id, text: 'new name' });
  expect(names()).toEqual(['new name', 'run-2']);
});

test('tags the marked runs in the line below', async () => {
  load([row(1), row(2)]);
  host.querySelectorAll<HTMLElement>('.jt-row .jt-mark input').forEach(box => box.click());
  button('Tag').click();
  const [name, value] = host.querySelectorAll<HTMLInputElement>('.jt-form input');
  name!.value = 'team';
  value!.value = 'vision';
  host.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
  await settled();
  expect(kernel.last('tag')).toMatchObject({ runs: [row(1).id, row(2).id], key: 'team', value: 'vision' });
});

test('takes a tag from the runs that have it, also where it is called as what every object has', async () => {
  load([row(1), { ...row(2), tags: JSON.parse('{"constructor": "x"}') as Record<string, string> }]);
  host.querySelectorAll<HTMLElement>('.jt-row .jt-mark input').forEach(box => box.click());
  button('Tag').click();
  host.querySelector<HTMLInputElement>('.jt-form input')!.value = 'constructor';
  host.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
  await settled();
  expect(kernel.last('untag')).toMatchObject({ runs: [row(2).id], key: 'constructor' });
});

test('says how many columns are equal or empty, and shows them', () => {
  const equal = ['a', 'b'].map(each => madeColumn({ kind: 'param', key: each, shown: false, equal: true }));
  kernel.say(madeTable(placed([...columns, ...equal]), [row(1), row(2)]));
  expect(host.querySelector('.jt-table-foot')?.textContent).toBe('2 columns are equal or empty · show');
  button('show').click();
  expect(host.querySelector('.jt-header')?.textContent).toContain('ab');
  vi.advanceTimersByTime(400);
  expect(kernel.last('choices')).toMatchObject({ choices: { columns: expect.arrayContaining(['params.a', 'params.b']) } });
  button('hide').click();
  expect(host.querySelector('.jt-header')?.textContent).not.toContain('ab');
});

test('asks for the curves of the rows on the page, each once', () => {
  load([row(1), row(2), row(3, 0.3, { cells: [null, '1'] })]);
  vi.advanceTimersByTime(200);
  expect(kernel.last('curves')).toMatchObject({ runs: [row(1).id, row(2).id] });
  const before = kernel.sent.length;
  press('metrics.accuracy');
  vi.advanceTimersByTime(200);
  expect(kernel.sent.slice(before).filter(each => each.type === 'action' && each.name === 'curves')).toEqual([]);
});

test('a switch gives all curves of the column one scale, and those of another scale are asked for anew', () => {
  const drawn = () => [...host.querySelectorAll('.jt-row img')].map(image => image.getAttribute('alt'));
  const say = (scale: string, alt: string) =>
    kernel.say({ type: 'curves', scale, curves: { [row(1).id]: { uri: 'data:image/svg+xml,x', alt, width: 72, height: 18, log: false } } });
  load([row(1)]);
  vi.advanceTimersByTime(300);
  expect(kernel.last('curves')).toMatchObject({ runs: [row(1).id], shared: false });
  say('', 'own');
  vi.advanceTimersByTime(300);
  expect(drawn()).toEqual(['own']);
  button('Columns').click();
  const box = host.querySelector<HTMLInputElement>('.jt-sharing input')!;
  box.checked = true;
  box.dispatchEvent(new Event('change'));
  vi.advanceTimersByTime(500);
  expect([drawn(), kernel.last('curves')]).toMatchObject([[], { runs: [row(1).id], shared: true }]);
  expect(kernel.last('choices')).toMatchObject({ choices: { shared: true } });
  say('0.0 1.0 False', 'shared');
  vi.advanceTimersByTime(300);
  expect(drawn()).toEqual(['shared']);
  say('0.0 2.0 False', 'of a wider scale');
  const before = kernel.sent.length;
  vi.advanceTimersByTime(300);
  expect(kernel.sent.slice(before)).toEqual([]);
  expect(drawn()).toEqual(['of a wider scale']);
});

test('rows of the first load come in parts', () => {
  load([row(1)], { total: 2, more: true });
  expect(host.querySelector('.jt-table-foot')?.textContent).toContain('1 of 2 runs · reading…');
  kernel.say({ type: 'rows', rows: [row(2)], more: false });
  vi.advanceTimersByTime(250);
  expect(names()).toEqual(['run-1', 'run-2']);
});

test('says in one sentence that there is nothing yet', () => {
  load([]);
  expect(host.querySelector('.jt-empty')?.textContent).toBe('No runs here yet. Put %%track above a cell and run it.');
  expect([grid().hidden, host.querySelector<HTMLElement>('.jt-toolbar')?.hidden]).toEqual([true, true]);
});

test('reads out a run that ended', () => {
  load([row(1, 0.1, { live: true, state: 'running' })]);
  kernel.say({ type: 'patch', rev: 2, rows: [row(1, 0.2)], removed: [] });
  expect(host.querySelector('[role=status]')?.textContent).toBe('run-1 finished');
});

test('leaves nothing behind', () => {
  load([row(1), row(2)]);
  dispose();
  expect([host.childElementCount, kernel.listening]).toEqual([0, 0]);
});

test('the box in the header says whether none, some or all rows are marked', () => {
  load([row(2), row(1)]);
  const head = () => host.querySelector<HTMLInputElement>('.jt-header .jt-mark input')!;
  const state = () => [head().checked, head().indeterminate];
  const boxes = () => [...host.querySelectorAll<HTMLElement>('.jt-row .jt-mark input')];
  expect(state()).toEqual([false, false]);
  boxes()[0]!.click();
  expect(state()).toEqual([false, true]);
  boxes()[1]!.click();
  expect(state()).toEqual([true, false]);
});

test('what has the focus keeps it while runs go on: buttons below the table, and boxes of the columns', () => {
  const goOn = () => {
    kernel.say({ type: 'patch', rev: Date.now(), rows: [row(1, Math.random())], removed: [] });
    vi.advanceTimersByTime(300);
  };
  const many = placed(Array.from({ length: 9 }, (_, at) => madeColumn({ kind: 'param', key: `p${at}`, shown: at < 2, equal: false })));
  kernel.say(madeTable(many, [madeRow(1, { cells: Array(9).fill('a') })]));
  const show = button('show');
  show.focus();
  goOn();
  expect([document.activeElement, host.querySelectorAll('.jt-row').length]).toEqual([show, 1]);
  show.click();
  expect(host.querySelectorAll('.jt-header [data-column^=params]').length).toBe(9);
  button('Columns').click();
  const box = host.querySelector<HTMLInputElement>('.jt-columns input')!;
  box.focus();
  goOn();
  expect(document.activeElement).toBe(box);
  search('nothing like it');
  vi.advanceTimersByTime(300);
  const clear = button('clear filter');
  clear.focus();
  goOn();
  expect(document.activeElement).toBe(clear);
});
