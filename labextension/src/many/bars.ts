import { div, element, span } from '../dom.js';
import type { ManyBars } from '../protocol.js';

/** Which params mattered: a bar each with its deviation, and what has to be known to read them. */
export function barsNode(shown: ManyBars): HTMLElement {
  const largest = Math.max(...shown.bars.map(bar => bar.mean + bar.sd), 0);
  const rows = shown.bars.map(bar =>
    element(
      'tr',
      { class: bar.noise ? 'jt-muted' : null },
      element('th', { scope: 'row', class: 'jt-cut' }, bar.title),
      element('td', { class: 'jt-bar-cell' }, barNode(bar, largest)),
      element('td', { class: 'jt-number' }, bar.text),
      element('td', {}, bar.noise && 'within noise')
    )
  );
  const head = element(
    'tr',
    { class: 'jt-muted' },
    element('th', { scope: 'col' }, 'param'),
    element('th', { scope: 'col', 'aria-label': 'as a bar' }),
    element('th', { scope: 'col', class: 'jt-number' }, 'R² lost ± sd'),
    element('th', { scope: 'col', 'aria-label': 'within noise' })
  );
  const table = element('table', { class: 'jt-bars' }, element('thead', {}, head), element('tbody', {}, ...rows));
  const notes = shown.notes.map(note => div('jt-muted jt-many-note', note));
  return div('', div('', span('', shown.head)), table, ...notes);
}

function barNode(bar: ManyBars['bars'][number], largest: number): HTMLElement {
  const percent = (value: number) => (largest > 0 ? Math.min(Math.max((value / largest) * 100, 0), 100) : 0);
  const fill = div('jt-amount-fill');
  fill.style.width = `${percent(bar.mean)}%`;
  const whisker = div('jt-amount-spread');
  const [low, high] = [percent(bar.mean - bar.sd), percent(bar.mean + bar.sd)];
  whisker.style.left = `${low}%`;
  whisker.style.width = `${high - low}%`;
  const node = div('jt-amount', fill, whisker);
  node.setAttribute('aria-hidden', 'true');
  return node;
}
