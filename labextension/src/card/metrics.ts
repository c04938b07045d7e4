import { div, element, picture, span } from '../dom.js';
import type { Card, CardMetric, Progress } from '../protocol.js';
import { bestOf, compared } from './changes.js';

/** The metrics of a card, one a line: name, value, change, curve, best. A column that nobody fills is left out. */
export function metricTable(card: Card): HTMLElement | null {
  if (card.metrics.length === 0) {
    return null;
  }
  const fills: ((metric: CardMetric) => HTMLElement | null)[] = [
    metric => (metric.change ? compared(metric.change) : null),
    metric => (metric.spark ? picture(metric.spark) : null),
    bestOf
  ];
  const made = fills.map(fill => card.metrics.map(fill)).filter(cells => cells.some(cell => cell !== null));
  const rows = card.metrics.map((metric, index) => {
    const name = element('th', { scope: 'row', title: metric.muted ? 'captured, not logged' : null }, metric.key);
    const value = element('td', { class: metric.muted ? 'jt-value jt-muted' : 'jt-value', title: metric.full });
    value.textContent = metric.value;
    const row = element('tr', { class: metric.spark ? 'jt-curved' : null }, name, value);
    for (const cells of made) {
      row.append(element('td', {}, cells[index]));
    }
    return row;
  });
  const table = element('table', { class: 'jt-metrics' }, element('tbody', {}, ...rows));
  return div('', table, card.more > 0 && div('jt-muted jt-more', `+${card.more} more`));
}

/** The share that is done, in words and as a bar where the total is known. */
export function progressBar(progress: Progress): HTMLElement {
  const unit = progress.unit ? `${progress.unit} ` : '';
  if (progress.total === null || progress.total <= 0) {
    return div('jt-progress', span('', `${unit}${progress.done}`));
  }
  const share = Math.min(Math.max(progress.done / progress.total, 0), 1);
  const filled = div('jt-bar-done');
  filled.style.width = `${(share * 100).toFixed(1)}%`;
  const bar = element('div', {
    class: 'jt-bar',
    role: 'progressbar',
    'aria-label': progress.unit || 'progress',
    'aria-valuemin': 0,
    'aria-valuemax': progress.total,
    'aria-valuenow': progress.done
  });
  bar.append(filled);
  return div('jt-progress', span('', `${unit}${progress.done} / ${progress.total}`), bar);
}

/** The values of a card of one line: `accuracy 0.9641 (+0.0120 ▲ vs #9)`. */
export function shortMetrics(card: Card): HTMLElement[] {
  const parts = card.metrics.map(metric => {
    const value = element('span', { title: metric.full }, metric.value);
    const change = metric.change ? span('', ' (', compared(metric.change), ')') : null;
    return span('jt-part', span('jt-muted', `${metric.key} `), value, change);
  });
  return card.more > 0 ? [...parts, span('jt-part jt-muted', `+${card.more} more`)] : parts;
}
