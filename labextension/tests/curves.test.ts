import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';

import type { Chart, Charts, Datum } from '../src/charts/load.js';
import { beyondOf, farOff } from '../src/curves/beyond.js';
import { Controls } from '../src/curves/controls.js';
import { cell, fileName } from '../src/curves/copy.js';
import { endWords, groupEnd } from '../src/curves/groupend.js';
import { Legend, SEED } from '../src/curves/legend.js';
import { CurvesModel } from '../src/curves/model.js';
import { Painter } from '../src/curves/painter.js';
import { number } from '../src/curves/numbers.js';
import { drawingOf, onlyGrows, wholeLines } from '../src/curves/rows.js';
import { Series } from '../src/curves/series.js';
import { band, smoothed } from '../src/curves/smooth.js';
import { lastOf, nameWithin } from '../src/curves/tile.js';
import { trimOf } from '../src/curves/trim.js';
import { CurvesView } from '../src/curves/view.js';
import type { CurvePart, CurveRun, CurvesPointsMessage, CurvesViewMessage, KernelMessage } from '../src/protocol.js';
import { Requests } from '../src/requests.js';
import { Shared } from '../src/shared.js';
import cases from './curves.json';
import { FakeKernel } from './fakekernel.js';

const COLORS = ['#1d95fb', '#c53b06', '#9947a9'];

function run(id: string, more: Partial<CurveRun> = {}): CurveRun {
  const color = COLORS['abc'.indexOf(id)] ?? '#63a17b';
  return { id, number: `#${id}`, name: `run ${id}`, live: false, baseline: false, result: true, group: '', color, dash: [], opacity: 1, ...more };
}

function part(id: string, y: (number | null)[], more: Partial<CurvePart> = {}): CurvePart {
  const x = y.map((_, place) => place + (more.from ?? 0));
  return { chart: 'loss', run: id, from: 0, x, y, odd: [], count: y.length, whole: true, ...more };
}

function shown(runs: CurveRun[], more: Partial<CurvesViewMessage> = {}): CurvesViewMessage {
  return {
    type: 'curves-view',
    rev: 1,
    spec: {},
    x: 'step',
    axes: [{ id: 'step', title: 'step' }, { id: 'elapsed', title: 'seconds since the start' }],
    runs,
    charts: [{ key: 'loss', title: 'loss ↓', goal: 'lower is better', direction: 'min' }],
    groupings: ['lr'],
    group: '',
    smoothing: 0,
    notes: [],
    empty: '',
    choices: {},
    ...more
  };
}

function points(parts: CurvePart[], window: [number, number] | null = null): CurvesPointsMessage {
  return { type: 'curves-points', rev: 2, window, parts };
}

function modelOf(runs: CurveRun[], parts: CurvePart[], more: Partial<CurvesViewMessage> = {}): CurvesModel {
  const model = new CurvesModel();
  model.load(shown(runs, more));
  model.take(points(parts));
  return model;
}

describe('the names at the ends of lines', () => {
  it('lose their middle and keep the number', () => {
    expect(nameWithin({ name: 'a-run-with-a-very-long-name #12', band: null }, 16)).toBe('a-run-…-name #12');
    expect(nameWithin({ name: 'short #1', band: null }, 16)).toBe('short #1');
    expect(nameWithin({ name: 'lr 0.0001 and more (n=3)', band: [] }, 12)).toBe('lr 0.0…(n=3)');
  });

  it('stand at the last value up to the end of what is shown', () => {
    const line = { x: [0, 1, 2, 3], y: [4, 3, null, 1] };
    expect([lastOf(line, 3), lastOf(line, 2.5), lastOf(line, 0), lastOf(line, -1)]).toEqual([1, 3, 4, null]);
  });
});

describe('smoothing and groups are what the kernel makes', () => {
  test.each(cases.smoothed)('of $values by $weight', ({ values, weight, found }) => {
    smoothed(values, weight).forEach((value, place) => {
      const expected = found[place]!;
      expect(value === null).toBe(expected === null);
      expect(value ?? 0).toBeCloseTo(expected ?? 0, 12);
    });
  });

  test.each(cases.band)('of $lines.length lines', ({ lines, found }) => {
    const made = band(lines);
    expect(made.map(({ x, n }) => [x, n])).toEqual(found.map(({ x, n }) => [x, n]));
    made.forEach(({ mean, sd }, place) => {
      expect(mean).toBeCloseTo(found[place]!.mean, 12);
      expect(sd).toBeCloseTo(found[place]!.sd, 12);
    });
  });
});

describe('what curves are grouped by', () => {
  it('is told by its name, also where every object has that', () => {
    const controls = new Controls(modelOf([], [], { groupings: ['lr', 'constructor', '__proto__', SEED] }), { choose() {}, reset() {}, fullScreen() {} });
    controls.show();
    const options = [...controls.node.querySelectorAll('[aria-label="Group by"] option')].map(option => option.textContent);
    expect(options).toEqual(['nothing', 'lr', 'constructor', '__proto__', 'everything but the seed']);
  });
});

describe('where the mean of a group ends is as in the kernel', () => {
  test.each(cases.ends)('of $lengths over $axis', ({ lengths, axis, found, words }) => {
    const lines = lengths.map(length => ({ x: [...Array(length).keys()], y: Array<number>(length).fill(1) }));
    const end = groupEnd(lines, axis);
    expect(end === null ? null : [end.x, end.last, end.beyond, end.size]).toEqual(found);
    expect(end === null ? '' : endWords(end, 'l2', axis)).toBe(words);
  });
});

describe('which lines go far beyond the others is as in the kernel', () => {
  test.each(cases.beyond)('of $curves', ({ curves, found }) => {
    expect(farOff(curves)).toEqual(found);
  });
});

describe('the points of a curve', () => {
  it('grow, and are replaced', () => {
    const series = new Series();
    expect(series.take(part('a', [1, 2, 3]))).toBe(false);
    expect(series.take(part('a', [4], { from: 3, count: 4 }))).toBe(true);
    expect([series.x, series.y, series.count]).toEqual([[0, 1, 2, 3], [1, 2, 3, 4], 4]);
    expect(series.take(part('a', [9]))).toBe(false);
    expect(series.y).toEqual([9]);
  });

  it('are found by x, where the curve goes back too', () => {
    const series = new Series();
    series.take(part('a', [1, 2, 3, 4], { x: [0, 10, 5, 20] }));
    expect([-3, 2, 4, 8, 16, 99].map(x => series.nearest(x))).toEqual([0, 0, 2, 1, 3, 3]);
    expect(new Series().nearest(1)).toBe(-1);
  });

  it('of a stretch have a neighbour on either side', () => {
    const series = new Series();
    series.take(part('a', [0, 1, 2, 3, 4, 5]));
    expect([series.within(2, 3), series.within(2.2, 2.8), series.within(-5, 0), series.within(9, 10)]).toEqual([[1, 4], [2, 3], [0, 1], null]);
  });
});

describe('a drawing', () => {
  const chart = shown([]).charts[0]!;

  it('has the lines, the best, and what is odd', () => {
    const odd: [number, number, string][] = [[1, 1, 'NaN']];
    const model = modelOf([run('a'), run('b', { baseline: true })], [part('a', [3, null, 1, 2], { odd }), part('b', [5, 4, 4])]);
    const { sets, odd: words } = drawingOf(model, chart);
    expect(sets['line']).toEqual([0, 1, 2, 3].map(x => ({ x, y: [3, null, 1, 2][x], run: 'a', part: 'a' })));
    expect(sets['base']!.map(row => row['y'])).toEqual([5, 4, 4]);
    expect(sets['best']).toEqual([{ x: 2, y: 1, run: 'a' }]);
    expect(sets['odd']).toEqual([{ x: 1, run: 'a' }]);
    expect(words).toBe('× 1 NaN');
  });

  it('marks no point of a run that broke off as the best, nor one of a group of such runs', () => {
    const broken = [run('a'), run('b', { result: false }), run('c', { result: false })];
    const parts = [part('a', [3, 2, 4]), part('b', [3, 1, 4]), part('c', [3, 0, 4])];
    expect(drawingOf(modelOf(broken, parts), chart).sets['best']).toEqual([{ x: 1, y: 2, run: 'a' }]);
    expect(drawingOf(modelOf(broken.slice(1), parts), chart).sets['best']).toEqual([]);
    const grouped = broken.map(one => ({ ...one, group: one.id === 'c' ? 'off' : 'on' }));
    expect(drawingOf(modelOf(grouped, parts, { group: 'C' }), chart).sets['best']).toEqual([{ x: 1, y: 1.5, run: 'group:on' }]);
  });

  it('has a line where the target is, if the scale can reach it', () => {
    const aimed = { ...chart, target: -1, aim: 'goal −1' };
    const model = modelOf([run('a')], [part('a', [3, 2, 1])]);
    expect(drawingOf(model, aimed).sets['goal']).toEqual([{ y: -1 }]);
    model.choices.logs.y = true;
    expect(drawingOf(model, aimed).sets['goal']).toEqual([]);
    expect(drawingOf(model, chart).sets['goal']).toEqual([]);
  });

  it('of fewer than three points has dots', () => {
    const { sets } = drawingOf(modelOf([run('a')], [part('a', [3, 2])]), chart);
    expect([sets['line']!.length, sets['dots']!.length]).toEqual([0, 2]);
  });

  it('keeps the raw line where it is smoothed, and marks the best as it was logged', () => {
    const model = modelOf([run('a')], [part('a', [4, 0, 4, 4])], { smoothing: 0.5 });
    const { sets } = drawingOf(model, chart);
    expect(sets['raw']!.map(row => row['y'])).toEqual([4, 0, 4, 4]);
    expect(sets['line']!.map(row => row['y'])).toEqual(smoothed([4, 0, 4, 4], 0.5));
    expect(sets['best']![0]!['y']).toBe(0);
  });

  it('of groups ends where one run of several goes on alone', () => {
    const runs = [run('a', { group: 'l2' }), run('b', { group: 'l2' }), run('c', { group: 'l1' })];
    const parts = [part('a', [3, 2, 1]), part('b', [3, 2, 1, 0.5, 0.1]), part('c', [9, 9, 9, 8])];
    const model = modelOf(runs, parts, { group: 'penalty' });
    const drawing = drawingOf(model, model.charts[0]!);
    expect(drawing.lines.map(line => line.x)).toEqual([[0, 1, 2], [0, 1, 2, 3]]);
    expect(drawing.ends).toEqual(['l2: 1 of 2 runs goes on to step 4, not shown']);
    expect(drawing.sets['best']).toEqual([{ x: 2, y: 1, run: 'group:l2' }]);
    expect(wholeLines(model, model.charts[0]!).map(line => line.x.length)).toEqual([3, 4]);
    model.window = [0, 1];
    expect(drawingOf(model, model.charts[0]!).ends).toEqual(drawing.ends);
  });

  it('of groups has a mean and a band', () => {
    const runs = [run('a', { group: '0.1' }), run('b', { group: '0.1' }), run('c', { group: '0.5' })];
    const model = modelOf(runs, [part('a', [1, 2, 3]), part('b', [3, 4, 5]), part('c', [9, 9, 9])], { group: 'lr' });
    const { sets, lines } = drawingOf(model, chart);
    expect(lines.map(line => [line.name, line.y])).toEqual([['0.1 (n=2)', [2, 3, 4]], ['0.5 (n=1)', [9, 9, 9]]]);
    expect(sets['band']!.map(row => row['run'])).toEqual(['group:0.1', 'group:0.1', 'group:0.1']);
    expect(Number(sets['band']![0]!['high']) - Number(sets['band']![0]!['low'])).toBeCloseTo(2 * Math.SQRT2);
  });

  it('of a run that goes far beyond the others keeps to the range of these, and marks where it leaves', () => {
    const wild = part('c', [1, 1, -1e30, 1e9]);
    const model = modelOf([run('a'), run('b'), run('c')], [part('a', [1, 0.5, 0.2]), part('b', [0.9, 0.6, 0.3]), wild]);
    const { beyond, range, sets } = drawingOf(model, chart);
    expect([beyond?.words, beyond?.names]).toEqual(['1 run goes beyond, to −1.00e30', 'run c #c to −1.00e30']);
    expect(range).toEqual([0.16, 1.04].map(value => expect.closeTo(value, 9)));
    expect([sets['above']!.map(row => row['run']), sets['below']!.map(row => row['run'])]).toEqual([['c'], ['c']]);
    expect([sets['above']![0]!['x'], sets['below']![0]!['x']]).toEqual([expect.closeTo(2.5, 2), expect.closeTo(1, 2)]);
    const drawn = sets['line']!.filter(row => row['run'] === 'c').map(row => Number(row['y']));
    expect(drawn.map(Math.abs).every(y => y < 1000)).toBe(true);
    expect(drawingOf(model, { ...chart, target: -1 }).range![0]).toBe(-1);
    model.choices.whole = ['loss'];
    const whole = drawingOf(model, chart);
    expect([whole.range, whole.beyond?.words, whole.sets['above']]).toEqual([null, '1 run goes beyond, to −1.00e30', []]);
    model.choices.logs.y = true;
    expect(drawingOf(model, chart).beyond).toBeNull();
  });

  it('of a group that goes beyond counts groups, and has the bands of the others in its range', () => {
    const runs = ['a', 'b', 'c'].map(id => run(id, { group: id === 'c' ? 'hot' : 'cool' }));
    const model = modelOf(runs, [part('a', [1, 2, 3]), part('b', [3, 4, 5]), part('c', [2, 1e6])], { group: 'lr' });
    const found = beyondOf(drawingOf(model, chart).lines)!;
    expect([found.words, found.names]).toEqual(['1 group goes beyond, to 1.00e6', 'hot (n=1) to 1.00e6']);
    expect(found.range).toEqual([2 - Math.SQRT2, 4 + Math.SQRT2].map((end, at) => expect.closeTo(end + (at ? 0.05 : -0.05) * (2 + 2 * Math.SQRT2), 9)));
  });

  it('over powers of ten leaves out what is not above 0, and says so', () => {
    const model = modelOf([run('a')], [part('a', [1, 0, -2, 10])], { choices: { logs: { x: false, y: true } } });
    const { sets, odd } = drawingOf(model, chart);
    expect([sets['line']!.map(row => row['y']), odd]).toEqual([[1, null, null, 10], '× 2 not above 0']);
  });

  it('of a stretch has its points and no others, and its own once they come', () => {
    const model = modelOf([run('a')], [part('a', [0, 1, 2, 3, 4, 5], { whole: false })]);
    model.zoom([2, 3]);
    expect(drawingOf(model, chart).sets['line']!.map(row => row['x'])).toEqual([1, 2, 3, 4]);
    model.take(points([part('a', [7, 8, 9], { x: [2, 2.5, 3] })], [2, 3]));
    expect(drawingOf(model, chart).sets['line']!.map(row => row['y'])).toEqual([7, 8, 9]);
    model.take(points([part('a', [6], { x: [3], from: 6 })]));
    expect(drawingOf(model, chart).sets['line']!.map(row => row['y'])).toEqual([7, 8, 9, 6]);
    expect(model.take(points([part('a', [0], { x: [9] })], [8, 9])).size).toBe(0);
  });

  it('of very many points, or of more than eight lines, is for the painter: rows have the corners of each line only', () => {
    const long = Array.from({ length: 4_001 }, (_, place) => (place === 7 ? null : place % 5));
    const one = drawingOf(modelOf([run('a')], [part('a', long)]), chart);
    expect([one.painted, one.lines[0]!.y.length]).toEqual([true, 4_001]);
    expect(one.sets['line']).toEqual([
      { x: 0, y: 0, run: 'a', part: 'a low' },
      { x: 4_000, y: 4, run: 'a', part: 'a high' }
    ]);
    const nine = 'abcdefghi'.split('');
    const { painted, sets } = drawingOf(modelOf(nine.map(id => run(id)), nine.map(id => part(id, [1, 2, 3]))), chart);
    expect([painted, sets['line']!.length]).toEqual([true, 18]);
    expect(drawingOf(modelOf([run('a')], [part('a', long)]), chart, { lines: 9, points: 9_999 }).sets['line']!.length).toBe(4_001);
  });

  it('has all that is known while its stretch moves', () => {
    const model = modelOf([run('a')], [part('a', [0, 1, 2, 3, 4, 5])], { smoothing: 0.5 });
    model.zoom([2, 3]);
    expect(wholeLines(model, chart).map(line => [line.id, line.x, line.raw])).toEqual([['a', [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]]);
  });

  it('only grows where each point is drawn as it is', () => {
    const more = [part('a', [5], { from: 6 })];
    expect(onlyGrows(modelOf([run('a')], []), more)).toBe(true);
    expect(onlyGrows(modelOf([run('a')], [], { smoothing: 0.5 }), more)).toBe(false);
    expect(onlyGrows(modelOf([run('a', { baseline: true })], []), more)).toBe(false);
    expect(onlyGrows(modelOf([run('a')], []), [part('a', [5], { from: 1 })])).toBe(false);
  });
});

describe('small things', () => {
  it('hides the start only where it squashes the rest', () => {
    const lines = (y: number[]) => drawingOf(modelOf([run('a')], [part('a', y)]), shown([]).charts[0]!).lines;
    const tail = Array.from({ length: 20 }, (_, place) => 1 - place / 100);
    expect(trimOf(lines([100, ...tail]))).toEqual([0.801, 0.999].map(value => expect.closeTo(value, 6)));
    expect(trimOf(lines(tail))).toBeNull();
  });

  it('writes numbers as the tables do', () => {
    expect([0.96412, 0.000124, -12.3456, 1500000, 0, null].map(number)).toEqual(['0.9641', '1.24e-4', '−12.35', '1.50e6', '0', 'NaN']);
  });

  it('writes CSV that a spreadsheet takes for text', () => {
    expect(['a', 'a,"b"', '=1+1', 3, null].map(cell)).toEqual(['a', '"a,""b"""', "'=1+1", '3', '']);
    expect(fileName('val/loss: a', 'png')).toBe('val_loss_a.png');
  });
});

describe('the painter', () => {
  it('strokes what is seen with a neighbour on either side, leaves gaps, and draws many lines thin', () => {
    const done: string[] = [];
    const context = new Proxy({ lineWidth: 0, globalAlpha: 1 } as Record<string, unknown>, {
      get: (kept, name) => (name in kept ? kept[name as string] : (...args: number[]) => done.push([name, ...args].join(' ').trim())),
      set: (kept, name, value) => ((kept[name as string] = value), true)
    });
    const scale = (domain: [number, number]) => ({ to: (value: number) => value, from: (value: number) => value, domain });
    const chart = { plot: () => ({ left: 0, top: 0, width: 9, height: 9 }), scale: (name: string) => scale(name === 'x' ? [3, 6] : [0, 9]) };
    const painter = new Painter(chart as unknown as Chart);
    painter.node.querySelector('canvas')!.getContext = (() => context) as unknown as HTMLCanvasElement['getContext'];
    const { lines } = drawingOf(modelOf([run('a')], [part('a', [0, 1, 2, 3, 4, null, 6, 7, 8, 9])]), shown([]).charts[0]!);
    painter.draw(lines, new Map(), false);
    expect(done.filter(one => /^(moveTo|lineTo|stroke)/.test(one))).toEqual(['moveTo 2 2', 'lineTo 3 3', 'lineTo 4 4', 'moveTo 6 6', 'lineTo 7 7', 'stroke']);
    expect(context['lineWidth']).toBe(1.5);
    painter.draw(Array.from({ length: 9 }, () => lines[0]!), new Map(), false);
    expect(context['lineWidth']).toBe(1);
  });
});

/** Takes what a chart is given, and draws nothing. */
class FakeChart {
  static made: FakeChart[] = [];
  sets: Record<string, Datum[]> = {};
  inserted = 0;
  zoomed: Record<string, unknown> = {};

  constructor(host: HTMLElement) {
    host.append(document.createElement('canvas'));
    FakeChart.made.push(this);
  }

  replace(name: string, rows: Datum[]): void {
    this.sets[name] = [...rows];
  }

  insert(name: string, rows: Datum[]): void {
    this.inserted += rows.length;
    this.sets[name]!.push(...rows);
  }

  zoom(channel: string, domain: unknown): void {
    this.zoomed[channel] = domain;
  }

  setLogs(): void {}
  paint(): void {}
  plot(): null {
    return null;
  }
  scale(): null {
    return null;
  }
  dispose(): void {}
}

describe('the view', () => {
  let kernel: FakeKernel;
  let view: CurvesView;
  let shared: Shared;
  const complaints: string[] = [];

  beforeEach(() => {
    kernel = new FakeKernel();
    shared = new Shared();
    FakeChart.made = [];
    complaints.length = 0;
    const charts = { Chart: FakeChart } as unknown as Charts;
    const requests = new Requests(kernel, () => undefined);
    kernel.listen(message => requests.receive(message));
    const context = { requests, shared, charts: () => Promise.resolve(charts), announce: () => undefined, complain: (text: string) => complaints.push(text), tell: () => undefined };
    view = new CurvesView(context, charts);
    document.body.append(view.node);
  });

  afterEach(() => {
    view.dispose();
    view.node.remove();
  });

  const say = (...messages: KernelMessage[]) => messages.forEach(message => view.receive(message));

  it('draws a chart for each metric, and puts new points behind the others', () => {
    say(shown([run('a')]), points([part('a', [1, 2, 3])]));
    const [chart] = FakeChart.made;
    expect(view.node.querySelector('.jt-chartname')!.textContent).toBe('loss ↓');
    say(points([part('a', [4], { from: 3 })]));
    expect([chart!.inserted, chart!.sets['line']!.map(row => row['y'])]).toEqual([1, [1, 2, 3, 4]]);
    say(shown([run('a', { live: true }), run('b')]), points([part('a', [1, 2, 3]), part('b', [2, 2, 2])]));
    expect([FakeChart.made.length, chart!.sets['line']!.length]).toEqual([1, 6]);
  });

  it('offers to show all of a chart from which a run was left out, and to leave it out again', () => {
    say(shown([run('a'), run('b', { live: true })]), points([part('a', [1, 2, 3]), part('b', [1, 2, 1e6])]));
    const [chart] = FakeChart.made;
    const told = () => [...view.node.querySelectorAll('.jt-tilehead > span')].map(node => node.textContent).join('');
    const button = view.node.querySelector<HTMLButtonElement>('.jt-beyond > button')!;
    const press = () => button.click(); // the same one while the run goes on
    expect([chart!.zoomed['y'], told()]).toEqual([[0.9, 3.1], 'loss ↓1 run goes beyond, to 1.00e6 · show']);
    say(points([part('b', [1e7], { from: 3 })]));
    expect([chart!.inserted, told()]).toEqual([0, 'loss ↓1 run goes beyond, to 1.00e7 · show']);
    press();
    expect([chart!.zoomed['y'], chart!.sets['above'], told()]).toEqual([null, [], 'loss ↓1 run goes beyond, to 1.00e7 · hide']);
    press();
    expect(chart!.zoomed['y']).toEqual([0.9, 3.1]);
    say(points([part('b', [1, 2, 3])]));
    expect([chart!.zoomed['y'], view.node.querySelector<HTMLElement>('.jt-beyond')!.hidden]).toEqual([null, true]);
  });

  it('says what it waits for where there is nothing', () => {
    say(shown([], { charts: [], empty: 'No run has logged loss yet.' }));
    expect(view.node.querySelector('.jt-noruns')!.textContent).toBe('No run has logged loss yet.');
    expect((view.node.querySelector('.jt-curvebar') as HTMLElement).hidden).toBe(true);
  });

  it('shows hostile names as text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    say(shown([run('a', { name: evil, group: evil })], { notes: [evil], axes: [{ id: 'step', title: evil }], charts: [{ key: evil, title: evil, goal: evil, direction: null }], groupings: [evil] }));
    expect(view.node.querySelectorAll('img')).toHaveLength(0);
    expect(view.node.textContent).toContain(evil);
  });

  it('selects a run by its button, and tells the kernel', () => {
    say(shown([run('a'), run('b')]), points([part('a', [1, 2, 3]), part('b', [1, 2, 3])]));
    const button = view.node.querySelectorAll<HTMLButtonElement>('.jt-run')[1]!;
    button.click();
    expect([...shared.selected]).toEqual(['b']);
    expect(button.getAttribute('aria-pressed')).toBe('true');
    expect(kernel.last('select')).toMatchObject({ runs: ['b'] });
  });

  it('sends what is chosen: another axis at once', () => {
    say(shown([run('a')]), points([part('a', [1, 2, 3])]));
    const axis = view.node.querySelector<HTMLSelectElement>('select[aria-label="x axis"]')!;
    axis.value = 'elapsed';
    axis.dispatchEvent(new Event('change'));
    expect(kernel.last('choices')).toMatchObject({ choices: { x: 'elapsed', smoothing: 0 } });
  });

  it('smooths without the kernel', () => {
    say(shown([run('a')]), points([part('a', [4, 0, 4, 4])]));
    const smooth = view.node.querySelector<HTMLInputElement>('input[type=range]')!;
    smooth.value = '0.5';
    smooth.dispatchEvent(new Event('input'));
    expect(FakeChart.made[0]!.sets['raw']!.map(row => row['y'])).toEqual([4, 0, 4, 4]);
    expect(kernel.sent).toEqual([]);
    expect(view.node.textContent).toContain('smoothed 0.5');
  });

  it('zooms by a key, asks for the points, and shows all again', async () => {
    say(shown([run('a')]), points([part('a', [0, 1, 2, 3, 4, 5])]));
    const chart = FakeChart.made[0]! as unknown as { scale: () => object };
    chart.scale = () => ({ to: (x: number) => x, from: (x: number) => x, domain: [0, 5] });
    const plot = view.node.querySelector<HTMLElement>('.jt-plot')!;
    const press = (key: string) => plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    press('+');
    expect(FakeChart.made[0]!.zoomed['x']).toEqual([1.25, 3.75]);
    expect(kernel.last('window')).toMatchObject({ low: 1.25, high: 3.75 });
    await kernel.reply('window', { points: points([part('a', [7, 8, 9], { x: [2, 2.5, 3] })], [1.25, 3.75]) });
    expect(FakeChart.made[0]!.sets['line']!.map(row => row['y'])).toEqual([7, 8, 9]);
    press('0');
    expect([FakeChart.made[0]!.zoomed['x'], FakeChart.made[0]!.sets['line']!.length]).toEqual([null, 6]);
  });

  it('lists the values under the rule in the order of the goal', () => {
    say(shown([run('a'), run('b')]), points([part('a', [3, 3, 3]), part('b', [1, 1, 1])]));
    const chart = FakeChart.made[0]! as unknown as { scale: () => object };
    chart.scale = () => ({ to: (x: number) => x, from: (x: number) => x, domain: [0, 2] });
    const plot = view.node.querySelector<HTMLElement>('.jt-plot')!;
    plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    const rows = [...view.node.querySelectorAll('.jt-valuerow')].map(row => row.textContent);
    expect(rows).toEqual(['run b #b1', 'run a #a3']);
    expect(shared.hovered).toBe('a');
    expect(view.node.querySelector('.jt-valuerow.jt-near')!.textContent).toContain('run a');
  });
});

test('the legend of groups has their names whole, for a page that cuts them, and on what is pointed at', () => {
  const legend = new Legend(new Shared(), () => undefined);
  const name = 'a long name of a group that says what was tried';
  legend.show([run('a', { group: name }), run('b', { group: name }), run('c', { group: '0.1' })], [], SEED);
  expect([...legend.node.querySelectorAll<HTMLElement>('.jt-cut')].map(node => [node.textContent, node.title])).toEqual([[name, name], ['0.1', '0.1']]);
});
