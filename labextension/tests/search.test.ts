import { expect, test } from 'vitest';

import { isGrammar, SearchTexts, wordsOf } from '../src/table/search.js';
import { madeColumn, madeRun, placed } from './made.js';

test.each([
  'metrics.loss < 0.5',
  'params.model = "svm"',
  'tags.team ILIKE \'%a%\'',
  'attributes.status != FAILED',
  'duration > 60',
  'not (metrics.acc.max >= .9)',
  "name LIKE 'base%'",
  'metrics.f1 IS NOT NULL',
  "params.seed IN (1, 2)",
  'params.lr BETWEEN 0.1 AND 1'
])('reads %s as a filter', text => {
  expect(isGrammar(text)).toBe(true);
});

test.each(['baseline', 'svm digits', '#12', 'what is in this run', 'not like the others', 'val/loss', '0.96', ''])(
  'reads %s as words',
  text => {
    expect(isGrammar(text)).toBe(false);
  }
);

test('finds a run by any of its texts, in any order and case', () => {
  const columns = placed([madeColumn(), madeColumn({ key: 'loss' }), madeColumn({ kind: 'param', key: 'model' })]);
  const texts = new SearchTexts(columns);
  const row = madeRun(12, {
    name: 'Baseline',
    note: 'after the fix',
    tags: { team: 'vision' },
    cells: [0.96412, null, { t: 'svm' }],
    changed: ['C 0.1 → 1']
  });
  for (const text of ['base', 'SVM baseline', 'team=vision', '#12', 'fix after', 'finished', '0.96 digits', '→ 1']) {
    expect(texts.holds(row, wordsOf(text)), text).toBe(true);
  }
  expect(texts.holds(row, wordsOf('baseline forest'))).toBe(false);
});
