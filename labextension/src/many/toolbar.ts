import { button, div, element, fill } from '../dom.js';
import type { ManyActions, ManyMessage, ManyTab } from '../protocol.js';

const NAMES: Record<ManyTab, string> = { parallel: 'Parallel', scatter: 'Scatter', importance: 'What mattered' };

/** The line above the charts: which of them, the metric, and the axes. */
export class ManyToolbar {
  readonly node = div('jt-toolbar jt-many-toolbar');

  constructor(private readonly ask: (what: ManyActions['many']) => void) {
    this.metric.addEventListener('change', () => ask({ metric: this.metric.value }));
    this.x.addEventListener('change', () => ask({ x: this.x.value }));
    this.axes = button('Axes', () => this.toggle(), { 'aria-expanded': 'false' });
    this.chooser.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !this.chooser.hidden) {
        event.stopPropagation();
        this.toggle();
        this.axes.focus();
      }
    });
    this.chooser.hidden = true;
    this.node.append(this.tabs, this.metricLabel, this.xLabel, this.axes, this.chooser);
  }

  /** Show what is chosen. */
  show(message: ManyMessage): void {
    this.message = message;
    const { tab, shown, known } = message;
    const pressed = (one: ManyTab) => ({ class: 'jt-button jt-segment', 'aria-pressed': String(one === tab) });
    const focused = document.activeElement?.closest('.jt-segments') === this.tabs ? document.activeElement?.textContent : null;
    fill(this.tabs, ...message.tabs.map(one => button(NAMES[one] ?? one, () => this.ask({ tab: one }), pressed(one))));
    [...this.tabs.children].filter(one => one.textContent === focused).forEach(one => (one as HTMLElement).focus());
    options(this.metric, known.metrics, shown?.metric ?? message.metric ?? '');
    const x = shown?.kind === 'scatter' ? (shown.axes[0]?.id ?? '') : '';
    options(this.x, against(message, x), x);
    this.metricLabel.hidden = known.metrics.length === 0;
    this.xLabel.hidden = tab !== 'scatter' || shown === undefined;
    this.axes.hidden = tab !== 'parallel' || shown === undefined;
    if (this.axes.hidden) {
      this.close();
    }
    if (!this.chooser.hidden) {
      this.list();
    }
  }

  private toggle(): void {
    if (this.chooser.hidden) {
      this.chooser.hidden = false;
      this.axes.setAttribute('aria-expanded', 'true');
      this.list();
      this.chooser.querySelector('input')?.focus();
    } else {
      this.close();
    }
  }

  private close(): void {
    this.chooser.hidden = true;
    this.axes.setAttribute('aria-expanded', 'false');
  }

  /** The params and metrics with a mark at those that are axes. */
  private list(): void {
    const message = this.message;
    const shown = message?.shown;
    if (message === null || shown?.kind !== 'parallel') {
      return;
    }
    const used = shown.axes.slice(0, -1).map(axis => axis.id);
    const every = [...message.known.params, ...message.known.metrics.filter(one => one.id !== shown.metric)];
    const listed = every.map(one => one.id).join('\n');
    if (listed !== this.listed) {
      this.listed = listed;
      const boxes = every.map(one => {
        const box = element('input', { type: 'checkbox', value: one.id });
        box.addEventListener('change', () => this.choose());
        return element('label', { class: 'jt-check' }, box, ` ${one.title}`);
      });
      const reset = button('Those that differ', () => this.ask({ names: null }));
      fill(this.chooser, ...boxes, reset);
    }
    this.boxes.forEach(box => (box.checked = used.includes(box.value)));
  }

  private choose(): void {
    this.ask({ names: this.boxes.filter(box => box.checked).map(box => box.value) });
  }

  private get boxes(): HTMLInputElement[] {
    return [...this.chooser.querySelectorAll('input')];
  }

  private readonly tabs = element('span', { class: 'jt-segments', role: 'group', 'aria-label': 'Chart' });
  private readonly metric = element('select', { class: 'jt-select', 'aria-label': 'Metric' });
  private readonly x = element('select', { class: 'jt-select', 'aria-label': 'Against' });
  private readonly metricLabel = element('label', { class: 'jt-muted' }, 'Metric ', this.metric);
  private readonly xLabel = element('label', { class: 'jt-muted' }, 'Against ', this.x);
  private readonly axes: HTMLButtonElement;
  private readonly chooser = div('jt-many-chooser');
  private message: ManyMessage | null = null;
  private listed = '';
}

interface Option {
  id: string;
  title: string;
}

/** What the metric can stand against: the params that differ, the one that was asked for though it does not, metrics. */
function against({ known }: ManyMessage, x: string): Option[] {
  const params = known.params.filter(one => one.differs || one.id === x);
  return [...params.map(({ id, title, differs }) => ({ id, title: differs ? title : `${title} (equal in all)` })), ...known.metrics];
}

/** Fill a box with what there is. What was asked for stands in it too where no run has it: it is never empty. */
function options(select: HTMLSelectElement, known: readonly Option[], value: string): void {
  const asked = value === '' || known.some(one => one.id === value) ? [] : [{ id: value, title: `${value} (in no run)` }];
  const every = [...asked, ...known];
  const listed = every.map(one => `${one.id} ${one.title}`).join('\n');
  if (select.dataset['listed'] !== listed) {
    select.dataset['listed'] = listed;
    fill(select, ...every.map(one => element('option', { value: one.id }, one.title)));
  }
  select.value = value;
}
