import { button, div, element, fill, setText, span } from '../dom.js';
import type { CurveChoices } from '../protocol.js';
import { COMPARED, SEED } from './legend.js';
import type { CurvesModel } from './model.js';

const MOST_SMOOTH = 0.99;
/** What may be grouped by and is no name of a param or a tag. */
const GROUPINGS: ReadonlyMap<string, string> = new Map([[SEED, 'everything but the seed'], [COMPARED, 'what is compared']]);

export interface ControlEvents {
  choose(choices: Partial<CurveChoices>): void;
  reset(): void;
  fullScreen(): void;
}

/** The line above the charts: the x axis, smoothing, scales, groups, and what is zoomed. */
export class Controls {
  readonly node = div('jt-curvebar');

  constructor(
    private readonly model: CurvesModel,
    events: ControlEvents
  ) {
    this.x.addEventListener('change', () => events.choose({ x: this.x.value }));
    this.group.addEventListener('change', () => events.choose({ group: this.group.value }));
    this.smooth.addEventListener('input', () => {
      setText(this.weight, this.smooth.value);
      events.choose({ smoothing: Number(this.smooth.value) });
    });
    this.logX.addEventListener('change', () => events.choose({ logs: { ...model.choices.logs, x: this.logX.checked } }));
    this.logY.addEventListener('change', () => events.choose({ logs: { ...model.choices.logs, y: this.logY.checked } }));
    this.node.addEventListener('keydown', event => event.stopPropagation());
    this.all = button('Show all', () => events.reset(), { title: 'Or double-click a chart' });
    this.node.append(
      this.xLabel,
      element('label', { class: 'jt-muted jt-smooth' }, 'Smoothing ', this.smooth, this.weight),
      element('label', { class: 'jt-muted' }, this.logY, ' log y'),
      element('label', { class: 'jt-muted' }, this.logX, ' log x'),
      this.groupLabel,
      this.all,
      button('Full screen', () => events.fullScreen())
    );
  }

  /** Show what is chosen, and what there is to choose. */
  show(): void {
    const { choices, message, window } = this.model;
    options(this.x, (message?.axes ?? []).map(({ id, title }) => [id, title]), choices.x);
    const groups = message?.groupings ?? [];
    const known = groups.includes(choices.group) || !choices.group ? groups : [...groups, choices.group];
    options(this.group, [['', 'nothing'], ...known.map(key => [key, GROUPINGS.get(key) ?? key] as [string, string])], choices.group);
    const { still } = this.model; // what a report does not have cannot be chosen there
    this.xLabel.hidden = still && this.x.options.length < 2;
    this.groupLabel.hidden = still && this.group.options.length < 2;
    if (document.activeElement !== this.smooth) {
      this.smooth.value = String(choices.smoothing);
    }
    setText(this.weight, choices.smoothing ? String(choices.smoothing) : 'off');
    this.logX.checked = choices.logs.x;
    this.logX.disabled = choices.x === 'time';
    this.logY.checked = choices.logs.y;
    this.all.hidden = window === null;
  }

  private readonly x = element('select', { class: 'jt-select', 'aria-label': 'x axis' });
  private readonly group = element('select', { class: 'jt-select', 'aria-label': 'Group by' });
  private readonly smooth = element('input', {
    type: 'range',
    min: 0,
    max: MOST_SMOOTH,
    step: 0.01,
    value: 0,
    'aria-label': 'Smoothing',
    title: 'Exponential moving average, corrected for its beginning'
  });
  private readonly weight = span('jt-weight', 'off');
  private readonly logX = element('input', { type: 'checkbox' });
  private readonly logY = element('input', { type: 'checkbox' });
  private readonly xLabel = element('label', { class: 'jt-muted' }, 'x ', this.x);
  private readonly groupLabel = element('label', { class: 'jt-muted' }, 'Group by ', this.group);
  private readonly all: HTMLButtonElement;
}

function options(select: HTMLSelectElement, names: readonly (readonly [string, string])[], value: string): void {
  const told = names.map(([id, title]) => `${id}\n${title}`).join('\n\n');
  if (select.dataset['told'] !== told) {
    select.dataset['told'] = told;
    fill(select, ...names.map(([id, title]) => element('option', { value: id }, title)));
  }
  select.value = value;
}
