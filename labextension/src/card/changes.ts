import { element, span } from '../dom.js';
import type { CardMetric, Change } from '../protocol.js';

/** The colour of a change: better, worse, or none where no goal is known. */
function verdict(change: Change): string {
  return change.better === null ? 'jt-muted' : change.better ? 'jt-better' : 'jt-worse';
}

/** The arrow of a change with its meaning as a label. */
export function arrow(change: Change): HTMLElement | null {
  if (!change.arrow) {
    return null;
  }
  const words = change.better === null ? 'changed' : change.better ? 'better' : 'worse';
  return element('span', { class: verdict(change), role: 'img', 'aria-label': words, title: words }, change.arrow);
}

/** `+0.0120 ▲ vs #9`. */
export function compared(change: Change): HTMLElement {
  const mark = arrow(change);
  const versus = change.versus ? span('jt-muted', `${change.text || mark ? ' vs ' : ''}${change.versus}`) : null;
  if (change.text === 'same') {
    return span('jt-muted', `same as ${change.versus}`);
  }
  return span('jt-change', change.text, mark && ' ', mark, versus);
}

/** The mark of the best value; a goal that was guessed is doubted, and a run that goes on is the best so far. */
export function bestMark(goal: string, live = false): HTMLElement {
  const label = `best${live ? ' so far' : ''}${goal.endsWith('?') ? ', if the goal is guessed right' : ''}`;
  const mark = element('span', { class: 'jt-better', role: 'img', 'aria-label': label, title: label }, '▲');
  return goal.endsWith('?') ? span('', mark, span('jt-muted', '?')) : mark;
}

/** `▲ best` where the last point is the best one, else where the best one was. */
export function bestOf(metric: CardMetric): HTMLElement | null {
  if (metric.is_best) {
    return span('', bestMark(metric.goal), span('jt-muted', ' best'));
  }
  return metric.best ? span('jt-muted', metric.best) : null;
}
