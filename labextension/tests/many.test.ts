import { describe, expect, it } from 'vitest';

import { afterKey, around, brushed, kept, moved, NO_BRUSHES, rangeWords, within } from '../src/many/brushes.js';
import { ParallelGeometry, ScatterGeometry } from '../src/many/geometry.js';
import { barsNode } from '../src/many/bars.js';
import { BEHIND, colorsOf, FAINT, fit, runWords, STRONG, tones } from '../src/many/looks.js';
import { ManyToolbar } from '../src/many/toolbar.js';
import type { ManyAxis, ManyChart, ManyMessage } from '../src/protocol.js';

const axis = (id: string, shares: (number | null)[], texts: string[], ticks: [number, string][] = []): ManyAxis => ({
  id, title: id, metric: id.startsWith('metrics'), log: false, ticks, shares, texts
});
const AXES = [
  axis('params.lr', [0, 0.5, 1], ['0.1', '0.2', '0.3'], [[0, '0.1'], [1, '0.3']]),
  axis('params.model', [1, null, 0], ['svm', '', 'mlp'], [[0, 'mlp'], [1, 'svm']]),
  axis('metrics.loss', [0.2, 0.9, 0.4], ['0.8', '0.1', '0.6'])
];
const RUNS = [9, 1, 2].map(number => ({ id: `r${number}`, number, name: `run-${number}`, state: 'finished' }));
const CHART: ManyChart = {
  kind: 'parallel', metric: 'metrics.loss', spec: {}, axes: AXES, runs: RUNS, best: [1], kept: [], notes: []
};
const PALETTE = ['#1d95fb', '#c53b06', '#9947a9'];

describe('brushes', () => {
  it('find the runs within all of them, edges too', () => {
    const lr = brushed(NO_BRUSHES, 'params.lr', [0.5, 1]);
    expect(within(lr, AXES, RUNS)).toEqual(['r1', 'r2']);
    expect(within(brushed(lr, 'metrics.loss', [0.3, 0.5]), AXES, RUNS)).toEqual(['r2']);
    expect(within(brushed(lr, 'params.model', [0, 1]), AXES, RUNS)).toEqual(['r2']); // one has no model
    expect(within(brushed(lr, 'params.lr', null), AXES, RUNS)).toEqual([]);
  });

  it('go from the lower to the upper end, however they were drawn, and never beyond the axis', () => {
    expect(brushed(NO_BRUSHES, 'a', [1.4, 0.25]).get('a')).toEqual([0.25, 1]);
  });

  it('stay with the axes that stay', () => {
    const both = brushed(brushed(NO_BRUSHES, 'params.lr', [0, 1]), 'params.gone', [0, 1]);
    expect([...kept(both, AXES).keys()]).toEqual(['params.lr']);
  });

  it('begin, move, widen, narrow and end by the keyboard', () => {
    expect(afterKey(null, 'ArrowUp', false)).toEqual([0.75, 1]);
    expect(afterKey(null, 'ArrowDown', false)).toEqual([0, 0.25]);
    expect(afterKey([0.5, 0.75], 'ArrowUp', false)).toEqual([0.55, 0.8]);
    expect(afterKey([0.25, 0.5], 'ArrowUp', true)).toEqual([0.2, 0.55]);
    expect(afterKey([0.25, 0.5], 'ArrowDown', true)).toEqual([0.3, 0.45]);
    expect(afterKey([0.5, 0.52], 'ArrowDown', true)).toEqual([0.5, 0.52]);
    expect(afterKey([0.5, 0.6], 'Delete', false)).toBeNull();
    expect(afterKey([0.5, 0.6], 'a', false)).toBeUndefined();
  });

  it('stop at the ends of the axis', () => {
    expect(moved([0.8, 0.98], 0.5)).toEqual([0.82, 1]);
    expect(moved([0.1, 0.3], -0.5)).toEqual([0, 0.2]);
  });

  it('take a name by a click, half-way to its neighbours', () => {
    expect(around([[0, 'a'], [0.5, 'b'], [1, 'c']], 0.45)).toEqual([0.25, 0.75]);
    expect(around([[0, 'a'], [1, 'b']], 0.9)).toEqual([0.5, 1]);
    expect(around([], 0.5)).toBeNull();
  });

  it('say what they hold, for those who do not see them', () => {
    expect(rangeWords(AXES[0]!, null)).toBe('all');
    expect(rangeWords(AXES[0]!, [0.4, 1])).toBe('0.2 to 0.3');
    expect(rangeWords(AXES[1]!, [0.6, 1])).toBe('svm');
    expect(rangeWords(AXES[1]!, [0.4, 0.6])).toBe('no run');
  });
});

describe('the looks of many runs', () => {
  it('draw the best stronger, and all fainter while some are selected', () => {
    expect(tones(CHART, false)).toEqual([FAINT, STRONG, FAINT]);
    expect(tones(CHART, true)).toEqual([BEHIND, BEHIND, BEHIND]);
  });

  it('give a run the colour of its number, and the next one where that is taken', () => {
    expect([...(colorsOf(RUNS.slice(1), PALETTE) ?? [])]).toEqual([['r1', '#c53b06'], ['r2', '#9947a9']]);
    const clash = [RUNS[1]!, { ...RUNS[2]!, number: 4 }];
    expect([...(colorsOf(clash, PALETTE) ?? [])]).toEqual([['r1', '#c53b06'], ['r2', '#9947a9']]);
    expect(colorsOf([...RUNS, ...clash], PALETTE)).toBeNull();
  });

  it('take nothing for a colour that is none', () => {
    expect([...(colorsOf(RUNS.slice(0, 1), ['red;background:url(x)', '#1d95fb']) ?? [])]).toEqual([['r9', '#1d95fb']]);
  });

  it('say a run in a line, without what it lacks', () => {
    expect(runWords(CHART, 1)).toBe('run-1 #1 · lr 0.2 · loss 0.1');
    expect(runWords(CHART, 7)).toBe('');
  });

  it('cut names to the room that they have', () => {
    expect([fit('learning_rate', 200), fit('learning_rate', 40), fit('abc', 0)]).toEqual(['learning_rate', 'learn…', 'a…']);
  });
});

/** A chart whose axes lie at whole hundreds, and whose shares go from 200 at the foot to 100 at the head. */
const DRAWN = {
  scale: (channel: 'x' | 'y') => ({
    to: (value: number) => (channel === 'x' ? value * 100 : 200 - value * 100),
    from: (pixel: number) => pixel,
    domain: [0, 1] as [number, number]
  })
} as never;

describe('the places of parallel coordinates', () => {
  it('are rows for the chart: lines, axes, ticks, and those of the last axis', () => {
    const rows = new ParallelGeometry().rows(CHART, tones(CHART, false), 600);
    expect(rows['lines']).toHaveLength(6);
    expect(rows['lines']?.[3]).toEqual({ at: 1, share: -0.06, to: 2, end: 0.9, tone: STRONG });
    expect(rows['axes']).toEqual([
      { at: 0, title: 'params.lr', missing: '' },
      { at: 1, title: 'params.model', missing: 'none' },
      { at: 2, title: 'metrics.loss', missing: '' }
    ]);
    expect(rows['ticks']).toHaveLength(4);
    expect(rows['ends']).toEqual([]);
  });

  it('are taken away where a text of an axis stands: on its left, of the last axis on its right', () => {
    const geometry = new ParallelGeometry();
    geometry.rows({ ...CHART, axes: [AXES[0]!, axis('metrics.loss', [0, 1, 1], ['1', '2', '2'], [[1, '2']])] }, [1, 1, 1], 600);
    geometry.lay({ ...CHART, axes: [AXES[0]!, AXES[2]!] }, DRAWN);
    const cleared: number[][] = [];
    const context = { measureText: () => ({ width: 20 }), clearRect: (...box: number[]) => cleared.push(box) };
    geometry.uncover(context as unknown as CanvasRenderingContext2D);
    expect(cleared.map(([, , width, height]) => [width, height])).toEqual([[24, 13], [24, 13], [24, 13]]);
    const [first, , last] = cleared.map(([x]) => x!);
    expect([first! + 24, last]).toEqual([-3, 100 + 3]);
  });

  it('find the line that is nearest, also between two axes', () => {
    const geometry = new ParallelGeometry();
    expect(geometry.lay(CHART, DRAWN)).toBe(true);
    expect(geometry.nearest(0, 151)).toBe(1);
    expect(geometry.nearest(150, 183)).toBe(2); // half-way from mlp to 0.4: 200 and 160
    expect(geometry.nearest(0, 125)).toBeNull();
  });
});

describe('the places of a scatter plot', () => {
  const scatter: ManyChart = { ...CHART, kind: 'scatter', axes: [AXES[1]!, AXES[2]!] };

  it('leave out what has no place', () => {
    const rows = new ScatterGeometry().rows(scatter, [1, 1, 1], 400);
    expect(rows['points']).toEqual([
      { x: 1, y: 0.2, run: 'r9', tone: 1 },
      { x: 0, y: 0.4, run: 'r2', tone: 1 }
    ]);
  });

  it('find the nearest point, and brush both axes with one drag', () => {
    const geometry = new ScatterGeometry();
    geometry.lay(scatter, DRAWN);
    expect(geometry.nearest(98, 178)).toBe(0);
    expect(geometry.nearest(50, 150)).toBeNull();
    const brushes = geometry.brushes(scatter, [-10, 200], [50, 150]);
    expect([...(brushes ?? [])]).toEqual([['params.model', [0, 0.5]], ['metrics.loss', [0, 0.5]]]);
  });
});

describe('bars of what mattered', () => {
  it('are a table with the numbers, and names are text', () => {
    const node = barsNode({
      kind: 'importance', metric: 'metrics.loss', head: 'what mattered', notes: ['the method'],
      bars: [
        { title: '<b>lr</b>', mean: 0.5, sd: 0.1, text: '0.50 ± 0.10', noise: false },
        { title: 'wd', mean: -0.1, sd: 0.2, text: '−0.10 ± 0.20', noise: true }
      ]
    });
    const cells = [...node.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.textContent));
    expect(cells).toEqual([['<b>lr</b>', '', '0.50 ± 0.10', ''], ['wd', '', '−0.10 ± 0.20', 'within noise']]);
    const widths = [...node.querySelectorAll<HTMLElement>('.jt-amount-fill')].map(bar => parseFloat(bar.style.width));
    expect(widths.map(Math.round)).toEqual([83, 0]);
  });
});

describe('the boxes above the charts', () => {
  const SCATTER: ManyChart = { ...CHART, kind: 'scatter', axes: [AXES[0]!, AXES[2]!] };
  const LR = { id: 'params.lr', title: 'lr', differs: true };
  const LOSS = { id: 'metrics.loss', title: 'loss' };

  function shown(changes: Partial<ManyMessage>, toolbar = new ManyToolbar(() => undefined)): { toolbar: ManyToolbar; boxes: string[][] } {
    toolbar.show({
      type: 'many', rev: 1, tab: 'scatter', tabs: ['parallel', 'scatter'], problem: '', shown: SCATTER, selected: [], colors: PALETTE,
      known: { metrics: [LOSS], params: [LR] }, ...changes
    });
    const boxes = [...toolbar.node.querySelectorAll('select')].map(box =>
      [box.selectedOptions[0]?.textContent ?? '', ...[...box.options].map(option => option.textContent)]);
    return { toolbar, boxes };
  }

  it('tell the metric and what stands against it', () => {
    expect(shown({}).boxes).toEqual([['loss', 'loss'], ['lr', 'lr', 'loss']]);
  });

  it('tell a param that was asked for though it is equal in all runs, as long as it is', () => {
    const depth = { id: 'params.depth', title: 'depth', differs: false };
    const chart = { ...SCATTER, axes: [axis('params.depth', [0.5, 0.5, 0.5], ['3', '3', '3']), AXES[2]!] };
    const { toolbar, boxes } = shown({ shown: chart, known: { metrics: [LOSS], params: [LR, depth] } });
    expect(boxes[1]).toEqual(['depth (equal in all)', 'lr', 'depth (equal in all)', 'loss']);
    const later = shown({ shown: chart, known: { metrics: [LOSS], params: [LR, { ...depth, differs: true }] } }, toolbar);
    expect(later.boxes[1]).toEqual(['depth', 'lr', 'depth', 'loss']);
    expect(shown({ known: { metrics: [LOSS], params: [LR, depth] } }, toolbar).boxes[1]).toEqual(['lr', 'lr', 'loss']);
  });

  it('tell the metric that is meant where there is nothing to show, also one that no run has', () => {
    const nothing = (metric: string) => {
      const { shown: _, ...rest } = { shown: undefined, problem: 'Nothing stands against it.', metric };
      const toolbar = new ManyToolbar(() => undefined);
      toolbar.show({
        type: 'many', rev: 1, tab: 'scatter', tabs: ['scatter'], selected: [], colors: [], known: { metrics: [LOSS], params: [] }, ...rest
      });
      const [box, against] = toolbar.node.querySelectorAll('select');
      return [box?.selectedOptions[0]?.textContent, against?.closest('label')?.hidden];
    };
    expect(nothing('metrics.loss')).toEqual(['loss', true]);
    expect(nothing('acuracy')).toEqual(['acuracy (in no run)', true]);
  });
});
