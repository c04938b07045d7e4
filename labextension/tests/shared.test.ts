import { describe, expect, it } from 'vitest';

import { Shared } from '../src/shared.js';

describe('what views share', () => {
  it('tells each change once, and nothing where nothing changed', () => {
    const shared = new Shared();
    const told: string[] = [];
    const stop = shared.listen(aspect => told.push(aspect));
    const blue = { color: '#1d95fb', dash: [], opacity: 1 };
    shared.hover('a');
    shared.hover('a');
    shared.select(['a', 'b']);
    shared.select(['b', 'a']);
    shared.paint([['a', blue]]);
    shared.paint([['a', { ...blue }]]);
    expect(told).toEqual(['hovered', 'selected', 'paints']);
    expect([shared.hovered, [...shared.selected], shared.paints.get('a')]).toEqual(['a', ['a', 'b'], blue]);
    stop();
    shared.hover(null);
    expect(told).toHaveLength(3);
  });
});
