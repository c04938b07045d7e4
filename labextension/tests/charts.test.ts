// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';

import curves from '../../jupyter_track/charts/made/curves.json';
import { compiled, SIGNAL } from '../src/charts/compile.js';
import { configOf, type Theme } from '../src/charts/theme.js';

const THEME: Theme = { text: '#1f2328', muted: '#59636e', ground: '#ffffff', gridOpacity: 0.08, warning: '#8a5a00', font: 'serif' };

async function drawn(spec: object, rows: Record<string, object[]>, signals: Record<string, unknown> = {}): Promise<View> {
  const sized = { ...spec, width: 400, height: 200 };
  const view = new View(parse(compiled(sized, configOf(THEME), {}), undefined, { ast: true }), {
    renderer: 'none',
    expr: expressionInterpreter
  });
  Object.entries(rows).forEach(([name, some]) => view.insert(name, some));
  Object.entries(signals).forEach(([name, value]) => view.signal(name, value));
  return view.runAsync();
}

describe('a compiled chart', () => {
  const line = [0, 1, 2, 3].map(x => ({ x, y: x * x, run: 'a', part: 0 }));

  it('shows the stretch that it is told to, and all again', async () => {
    const view = await drawn(curves, { line });
    const domain = () => (view.scale('x') as { domain(): number[] }).domain();
    const all = domain();
    expect(all.map(end => Math.round(end * 10) / 10)).toEqual([-0, 3]); // with a few pixels, so that end points are whole
    expect(all[0]! < 0 && all[1]! > 3).toBe(true);
    await view.signal(SIGNAL.x, [1, 2]).runAsync();
    expect(domain()).toEqual([1, 2]);
    await view.signal(SIGNAL.x, null).runAsync();
    expect(domain()).toEqual(all);
  });

  it('draws each run as it is told to', async () => {
    const paints = { [SIGNAL.runs]: ['a'], [SIGNAL.colors]: ['#c53b06'], [SIGNAL.dashes]: [[6, 3]], [SIGNAL.opacities]: [0.35] };
    const svg = await (await drawn(curves, { line }, paints)).toSVG();
    expect(svg).toContain('stroke="#c53b06"');
    expect(svg).toContain('stroke-dasharray="6,3"');
    expect(svg).toContain('opacity="0.35"');
  });

  it('runs over powers of ten where it is asked to', () => {
    const spec = compiled({ ...curves, width: 400, height: 200 }, configOf(THEME), { y: true });
    const scales = Object.fromEntries((spec.scales ?? []).map(scale => [scale.name, scale.type]));
    expect([scales['x'], scales['y']]).toEqual(['linear', 'log']);
  });

  it('shows strings as text', async () => {
    const ends = [{ x: 3, py: 20, text: '<img src=x onerror=alert(1)>' }];
    const svg = await (await drawn(curves, { line, ends })).toSVG();
    expect(svg).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(svg).not.toContain('<img');
  });
});
