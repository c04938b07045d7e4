import { describe, expect, it, vi } from 'vitest';

import { addressOf } from '../src/lab/address.js';
import { Reporting } from '../src/reporting.js';
import { Requests } from '../src/requests.js';
import { Shared } from '../src/shared.js';
import type { Host } from '../src/view.js';
import { FakeKernel, settled } from './fakekernel.js';

function made(runs: string[] = [], host: Host = {}, still = false) {
  const kernel = new FakeKernel();
  const requests = new Requests(kernel, () => {});
  kernel.listen(message => void requests.receive(message));
  const complain = vi.fn();
  const reporting = new Reporting(
    {
      requests, complain, still, shared: new Shared(), announce: () => {}, tell: () => {},
      charts: () => Promise.reject(new Error('none')), ...host
    },
    () => runs
  );
  document.body.replaceChildren(reporting.button, reporting.line);
  const write = (name: string) => {
    (reporting.line.querySelector('input') as HTMLInputElement).value = name;
    reporting.line.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  };
  return { kernel, requests, complain, reporting, write };
}

describe('a report from a panel', () => {
  it('asks for the name, writes the selected runs, and links to the file', async () => {
    const addressed = vi.fn(async (_: Node, name: string) => `/files/lab/${name}?x=1`);
    const { kernel, reporting, write } = made(['a', 'b'], { addressOf: addressed });
    reporting.button.click();
    expect(reporting.line.textContent).toBe('Report of 2 runs inWriteCancel');
    expect(reporting.line.querySelector('input')?.value).toBe('report.html');
    write('two.html');
    await settled();
    expect(kernel.last('report')).toEqual({ type: 'action', to: 1, name: 'report', runs: ['a', 'b'], file: 'two.html' });
    expect(reporting.line.textContent).toBe('Writing the report…');
    await kernel.reply('report', { text: 'two.html', said: '1.1 MB' });
    const link = reporting.line.querySelector('a');
    expect([link?.textContent, link?.getAttribute('href'), link?.target, link?.rel]).toEqual([
      'two.html', '/files/lab/two.html?x=1', '_blank', 'noopener'
    ]);
    expect(reporting.line.textContent).toBe('two.html1.1 MB · beside the notebook✕');
    reporting.line.querySelector('button')?.click();
    expect(reporting.line.childNodes).toHaveLength(0);
  });

  it('names the file where the host has no address for it', async () => {
    const { kernel, reporting, write } = made();
    reporting.button.click();
    expect(reporting.line.textContent).toBe('Report of these runs inWriteCancel');
    write('report.md');
    await settled();
    await kernel.reply('report', { text: 'report.md', said: '3 kB' });
    expect(reporting.line.querySelector('a')).toBeNull();
    expect(reporting.line.textContent).toBe('report.md3 kB · beside the notebook✕');
  });

  it('says what the kernel says, and that there is none', async () => {
    const { kernel, requests, complain, reporting, write } = made();
    reporting.button.click();
    write('x.pdf');
    await settled();
    await kernel.reply('report', { ok: false, message: 'A report is a page or Markdown: x.html or x.md.' });
    expect(complain).toHaveBeenLastCalledWith('A report is a page or Markdown: x.html or x.md.');
    expect(reporting.line.childNodes).toHaveLength(0);
    requests.close('The kernel is gone: nothing was changed.');
    reporting.button.click();
    write('report.html');
    await settled();
    expect(complain).toHaveBeenLastCalledWith('The kernel is gone: nothing was changed.');
  });

  it('asks again only when the report that is being written is there', async () => {
    const { kernel, reporting, write } = made(['a']);
    reporting.button.click();
    write('one.html');
    await settled();
    reporting.button.click();
    await settled();
    expect(reporting.line.querySelector('form')).toBeNull();
    expect(reporting.line.textContent).toBe('Writing the report…');
    await kernel.reply('report', { text: 'one.html', said: '1 MB' });
    expect(reporting.line.textContent).toBe('one.html1 MB · beside the notebook✕');
    reporting.button.click();
    expect(reporting.line.querySelectorAll('form')).toHaveLength(1);
    write('two.html');
    await settled();
    expect(kernel.last('report')).toMatchObject({ file: 'two.html' });
    await kernel.reply('report', { ok: false, message: 'No.' });
    reporting.button.click();
    expect(reporting.line.querySelectorAll('form')).toHaveLength(1);
  });

  it('leaves all as it was on Esc, asks once, and is not offered on a page without a kernel', async () => {
    const { kernel, reporting } = made();
    reporting.button.click();
    reporting.button.click();
    expect(reporting.line.querySelectorAll('form')).toHaveLength(1);
    reporting.line.querySelector('form')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    await settled();
    expect([reporting.line.childNodes.length, kernel.sent.length]).toEqual([0, 0]);
    expect(made([], {}, true).reporting.button.hidden).toBe(true);
  });
});

describe('the address of a file beside a document', () => {
  it('is the one that the server gives, in the folder of the document', async () => {
    const node = document.createElement('div');
    const near = document.createElement('span');
    node.append(near);
    const contents = { getDownloadUrl: async (path: string) => `http://host/files/${path}` };
    const app = (path: string) =>
      ({ shell: { widgets: () => [{ node: document.createElement('p') }, { node, context: { path } }] }, serviceManager: { contents } }) as unknown as Parameters<typeof addressOf>[0];
    expect(await addressOf(app('a/b/x.ipynb'), near, 'report.html')).toBe('http://host/files/a/b/report.html');
    expect(await addressOf(app('x.ipynb'), near, 'report.html')).toBe('http://host/files/report.html');
    expect(await addressOf(app('x.ipynb'), document.createElement('i'), 'report.html')).toBeNull();
  });
});
