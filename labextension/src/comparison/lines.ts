import { button, div, element, glyph, runColor, span } from '../dom.js';
import type { ComparedLine, ComparedRun, ComparedValue } from '../protocol.js';

/** What a person can do with a column. */
export interface ColumnActions {
  open(run: string): void;
  first?: ((run: string) => void) | undefined;
  remove?: ((run: string) => void) | undefined;
  hover(run: string | null): void;
}

/** The head of the columns; the first is what the others are measured against. */
export function columnHeads(runs: readonly ComparedRun[], actions: ColumnActions | null): HTMLElement {
  const heads = runs.map((run, place) => columnHead(run, place, runs.length, actions));
  const corner = element('td', { colspan: 2 });
  return element('thead', {}, element('tr', {}, corner, ...heads));
}

function columnHead(run: ComparedRun, place: number, count: number, actions: ColumnActions | null): HTMLElement {
  const title = div(
    'jt-compared-title',
    swatch(run),
    glyph(run.state, true),
    run.number !== '' && span('jt-muted', run.number),
    span('jt-name jt-cut', run.name),
    run.repeats > 1 && span('jt-muted', `×${run.repeats}`),
    run.state.word !== 'finished' && span('jt-muted', run.state.word)
  );
  const cell = element('th', { scope: 'col', title: run.full }, title);
  if (actions !== null) {
    const label = `${run.number} ${run.name}`.trim();
    const { first, remove } = actions;
    const does = [
      run.members.length < 2 && button('Open', () => actions.open(run.id), { 'aria-label': `Open ${label}` }),
      first !== undefined && place > 0 && button('Put first', () => first(run.id), { 'aria-label': `Measure the others against ${label}` }),
      remove !== undefined && count > 2 && button('Remove', () => remove(run.id), { 'aria-label': `Remove ${label}` })
    ];
    cell.append(div('jt-compared-does', place === 0 && span('jt-muted', 'reference'), ...does));
    cell.addEventListener('pointerenter', () => actions.hover(run.id));
    cell.addEventListener('pointerleave', () => actions.hover(null));
  }
  return cell;
}

/** How a run is drawn: its line, as in the charts; the baseline's is dashed and has the colour of text. */
export function swatch(run: ComparedRun): HTMLElement {
  const node = span('jt-swatch');
  node.setAttribute('aria-hidden', 'true');
  const color = runColor(run.color);
  node.style.borderTopColor = run.baseline || color === null ? 'var(--jt-text)' : color;
  node.style.setProperty('forced-color-adjust', run.baseline || color === null ? 'auto' : 'none');
  node.style.borderTopStyle = run.baseline || run.dash.length > 0 ? 'dashed' : 'solid';
  return node;
}

/** The lines of a comparison as the body of a table; a group is named once. */
export function lineRows(lines: readonly ComparedLine[]): HTMLElement {
  let group = '';
  const rows = lines.map(line => {
    const named = line.group === group ? '' : line.group;
    group = line.group;
    const label = element('th', { scope: 'row', class: 'jt-label jt-cut', title: labelTitle(line) }, line.label);
    if (line.goal) {
      label.append(span('jt-muted', ` ${line.goal}`));
    }
    const values = line.values.map(value => element('td', { title: title(value) }, ...valueParts(value, line)));
    return element('tr', { class: named ? 'jt-begins' : null }, element('th', { scope: 'row' }, named), label, ...values);
  });
  return element('tbody', {}, ...rows);
}

function labelTitle(line: ComparedLine): string | null {
  return [line.full !== line.label && line.full, line.words].filter(Boolean).join(': ') || null;
}

function title(value: ComparedValue): string | null {
  return [value.f, value.m].filter(Boolean).join(' · ') || null;
}

function valueParts(value: ComparedValue, line: ComparedLine): HTMLElement[] {
  const own = span(value.b ? 'jt-best' : value.e ? 'jt-muted' : '', value.t);
  const parts = value.t ? [own] : [];
  if (value.s) {
    parts.push(span('jt-muted', value.s));
  }
  if (value.c) {
    const { text, arrow, better } = value.c;
    const mark = arrow && span(better === null ? 'jt-muted' : better ? 'jt-better' : 'jt-worse', ` ${arrow}`);
    parts.push(span(value.n ? 'jt-muted' : '', text, mark, value.n ? ` ${value.n}` : ''));
  } else if (value.e && line.group === 'metrics') {
    parts.push(span('jt-muted', 'same'));
  }
  if (value.b && (value.r || line.values.length > 2)) {
    parts.push(span('jt-muted', value.r ? 'best so far' : 'best'));
  }
  if (value.i) {
    parts.push(span('jt-muted jt-interval', value.i));
  }
  return parts.flatMap((part, place) => (place > 0 ? [document.createTextNode(' ') as unknown as HTMLElement, part] : [part]));
}
