/**
 * The script of a report. The page is whole without it; it puts the panels' own views in the place of their still forms,
 * each when it comes near the page, with what the report holds in the place of a kernel.
 */

import type { Charts } from '../charts/load.js';
import { mount } from '../panel.js';
import { Shared } from '../shared.js';
import { readData, type ReportData } from './data.js';
import { FrozenTransport } from './frozen.js';
import { followReading, offerThemes, printLight, reachWhatScrolls } from './page.js';

/** The charts' script, where the report has charts: it comes before this one. */
declare const jtCharts: Charts | undefined;

/** How far below the page a view is made already. */
const AHEAD = '600px';

function loadCharts(): Promise<Charts> {
  return typeof jtCharts === 'undefined' ? Promise.reject(new Error('there are no charts in this report')) : Promise.resolve(jtCharts);
}

function enliven(data: ReportData): void {
  const shared = new Shared(); // a run that is pointed at in one panel is lifted in all
  const show = (host: HTMLElement) => {
    const still = host.nextElementSibling;
    const messages = data.panels[host.dataset['panel'] ?? ''];
    if (messages === undefined) {
      return;
    }
    host.hidden = false;
    mount(host, new FrozenTransport(messages, data.answers), {
      charts: loadCharts,
      shared,
      still: true,
      onShown: () => still?.classList.add('jtr-covered')
    });
  };
  const observer = new IntersectionObserver(
    entries => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) {
          observer.unobserve(target);
          show(target.previousElementSibling as HTMLElement);
        }
      }
    },
    { rootMargin: AHEAD }
  );
  // A host is hidden and has no place: its still form is what is looked at.
  document.querySelectorAll('.jtr-live').forEach(host => host.nextElementSibling && observer.observe(host.nextElementSibling));
}

function start(): void {
  const head = document.querySelector('.jtr-head');
  const contents = document.querySelector('.jtr-contents');
  if (head !== null) {
    offerThemes(head);
  }
  if (contents !== null) {
    followReading(contents);
  }
  printLight();
  reachWhatScrolls();
  const data = readData(document);
  if (data !== null) {
    enliven(data);
  }
}

start();
