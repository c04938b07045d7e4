/** Made comparisons, for the tests. */

import type { CodeLine, ComparedLine, ComparedRun, ComparisonMessage } from '../src/protocol.js';
import { STATES } from './made.js';

export function line(sign: CodeLine['sign'], text: string): CodeLine {
  return { sign, parts: [[text, false]] };
}

export function madeRun(number: number, changes: Partial<ComparedRun> = {}): ComparedRun {
  return {
    id: String(number).repeat(32).slice(0, 32),
    number: `#${number}`,
    name: `run-${number}`,
    full: `run-${number}`,
    state: STATES['finished'] as ComparedRun['state'],
    color: '#1d95fb',
    dash: [],
    repeats: 1,
    members: [],
    baseline: false,
    live: false,
    ...changes
  };
}

export function madeLine(group: string, label: string, ...values: string[]): ComparedLine {
  return { group, label, full: label, goal: '', words: '', right: false, values: values.map(t => ({ t })) };
}

export function made(changes: Partial<ComparisonMessage> = {}): ComparisonMessage {
  return {
    type: 'comparison',
    rev: 1,
    runs: [madeRun(1), madeRun(2), madeRun(3)],
    lines: [madeLine('params', 'C', '1', '2', '3'), madeLine('run', 'duration', '1 s', '2 s', '3 s')],
    equal: 28,
    more: 0,
    method: '',
    code: [{ run: madeRun(2).id, title: 'code of #2 against #1', cut: 0, lines: [line('-', 'a'), line('+', 'b')] }],
    media: [],
    tables: [],
    curves: [],
    grouped: false,
    ...changes
  };
}

export const STEPPED = {
  name: 'digit',
  title: '',
  kind: 'image',
  equal: false,
  steps: [0, 5],
  pictures: [1, 2, 3].map(run =>
    [0, 5].map(step => ({ step, path: `${run}-${step}.png`, hash: `${run}${step}`, size: 9, told: '9 B', mime: 'image/png', shown: true }))
  )
};
