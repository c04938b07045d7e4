import { button, div, element, glyph, span } from '../dom.js';
import type { Details } from '../protocol.js';

/** One run in full, below the table; `close` takes it away. */
export function detailsPane(details: Details, close: () => void): HTMLElement {
  const head = div(
    'jt-details-head',
    details.state && glyph(details.state, false),
    span('jt-name', details.name),
    details.number && span('jt-muted', details.number),
    details.state && span('jt-muted', details.state.word),
    button('Close', close)
  );
  const pane = element('section', { class: 'jt-details', 'aria-label': `${details.name} in full`, tabindex: -1 }, head);
  pane.append(...details.problems.map(text => div('jt-error', span('jt-failed', '✗ '), text)));
  if (details.facts.length > 0) {
    pane.append(grid([], details.facts, [false, false]));
  }
  pane.append(...details.grids.map(each => grid(each.header, each.rows, each.right)));
  if (details.block) {
    pane.append(element('pre', {}, details.block));
  }
  pane.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  });
  return pane;
}

function grid(header: readonly string[], rows: readonly (readonly string[])[], right: readonly boolean[]): HTMLElement {
  const side = (place: number) => ({ class: right[place] ? 'jt-right' : null });
  const head = header.map((text, place) => element('th', { scope: 'col', ...side(place) }, text));
  const body = rows.map(([label, ...values]) => {
    const cells = values.map((text, place) => element('td', side(place + 1), text));
    return element('tr', {}, element('th', { scope: 'row' }, label ?? ''), ...cells);
  });
  const table = element('table', {}, head.length > 0 && element('thead', {}, element('tr', {}, ...head)));
  table.append(element('tbody', {}, ...body));
  return div('jt-details-grid', table);
}
