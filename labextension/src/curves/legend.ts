import { button, div, element, fill, span } from '../dom.js';
import type { CurveRun } from '../protocol.js';
import type { Shared } from '../shared.js';
import { swatch } from './list.js';

const MOST = 24;
/** Groups of runs that differ only in the seed: their names say all. */
export const SEED = 'seed';
/** Groups that were made elsewhere, such as the columns of a comparison. */
export const COMPARED = 'compared';

/** The runs of the panel: pointing at one lifts its lines, a click selects it. */
export class Legend {
  readonly node = div('jt-legend');

  constructor(
    private readonly shared: Shared,
    private readonly pick: (run: string) => void
  ) {
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', 'Runs');
  }

  show(runs: readonly CurveRun[], notes: readonly string[], group: string): void {
    this.buttons.clear();
    if (group) {
      fill(this.node, ...groupsOf(runs).map(one => entryOf(one, group)), ...notes.map(note => span('jt-muted', note)));
      return;
    }
    const shown = runs.slice(0, MOST).map(run => this.entry(run));
    const more = runs.length > MOST ? span('jt-muted', `+${runs.length - MOST}`) : null;
    fill(this.node, ...shown, more, ...notes.map(note => span('jt-muted', note)));
    this.mark();
  }

  /** Leave the names away, where they stand at the ends of the lines. */
  showNames(shown: boolean): void {
    this.node.classList.toggle('jt-nonames', !shown);
  }

  /** Mark what is selected and what is pointed at. */
  mark(): void {
    for (const [run, node] of this.buttons) {
      node.setAttribute('aria-pressed', String(this.shared.selected.has(run)));
      node.classList.toggle('jt-near', this.shared.hovered === run);
    }
  }

  private entry(run: CurveRun): HTMLElement {
    const label = `${run.name} ${run.number}${run.live ? ', running' : ''}${run.baseline ? ', baseline' : ''}`;
    const node = button('', () => this.pick(run.id), { class: 'jt-button jt-run', 'aria-pressed': 'false', title: label });
    node.append(swatch({ paint: run, baseline: run.baseline }), span('jt-cut', run.name), span('jt-muted', run.number));
    if (run.live) {
      node.append(span('jt-running', '●'));
    }
    node.setAttribute('aria-label', label);
    node.addEventListener('pointerenter', () => this.shared.hover(run.id));
    node.addEventListener('pointerleave', () => this.shared.hover(null));
    node.addEventListener('focus', () => this.shared.hover(run.id));
    node.addEventListener('blur', () => this.shared.hover(null));
    this.buttons.set(run.id, node);
    return node;
  }

  private readonly buttons = new Map<string, HTMLButtonElement>();
}

/** The groups of the runs: the first run of each, which gives the colour, and how many there are. */
function groupsOf(runs: readonly CurveRun[]): { first: CurveRun; count: number }[] {
  const found = new Map<string, { first: CurveRun; count: number }>();
  for (const run of runs) {
    const known = found.get(run.group);
    found.set(run.group, { first: known?.first ?? run, count: (known?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

function entryOf({ first, count }: { first: CurveRun; count: number }, group: string): HTMLElement {
  const mark = swatch({ paint: first, baseline: false });
  const name = group === SEED || group === COMPARED ? first.group : `${group} ${first.group}`;
  const label = element('span', { class: 'jt-cut', title: name }, name);
  return span('jt-run', mark, label, span('jt-muted', `n=${count}`));
}
