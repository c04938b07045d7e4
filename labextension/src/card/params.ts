import { element, span } from '../dom.js';
import type { Card } from '../protocol.js';

/** `C 1 · max_iter 500 · +2 inherited`: what the person wrote, then how much more there is. */
export function paramLine(card: Card): HTMLElement | null {
  const items = card.params.map(param => {
    const value = element('span', { title: `${param.key} = ${param.full}, ${param.source}` }, param.text);
    return span('jt-param', span('jt-muted', `${param.key} `), value);
  });
  const all = [...items, ...card.more_params.map(text => span('jt-muted', text))];
  return all.length > 0 ? span('jt-params', ...between(all)) : null;
}

function between(nodes: HTMLElement[]): (HTMLElement | string)[] {
  return nodes.flatMap((node, index) => (index === 0 ? [node] : [' · ', node]));
}
