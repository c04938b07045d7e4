/** What a filter that found nothing may have meant: its keys that no run has, as jupyter_track/store/filter_hints.py tells them. */

import type { RowStore } from '../table/rowstore.js';
import type { Field } from './fields.js';
import { keysOf } from './filter.js';
import { nearest } from './filtertokens.js';

const NAMED = 5; // keys that a hint names
const SHOWN = 60; // characters of a key

/** A sentence for each metric, param or tag of a filter that no run of a table has. */
export function unknownKeys(text: string, store: RowStore): string[] {
  return keysOf(text, store)
    .filter(([, field]) => field.kind !== 'attribute' && !store.newest.some(row => field.text(row) !== undefined))
    .map(([key, field]) => `No run has the ${field.kind} ${quoted(key)}${meant(key, knownKeys(field, store))}`);
}

function knownKeys(field: Field, store: RowStore): string[] {
  const keys =
    field.kind === 'tag'
      ? store.newest.flatMap(row => Object.keys(row.tags))
      : store.columns.filter(column => column.kind === field.kind).map(column => column.key);
  return [...new Set(keys)].filter(key => !/^(mlflow|jupyter_track)\./.test(key)).sort();
}

function meant(key: string, known: readonly string[]): string {
  const more = known.length > NAMED ? ', …' : '';
  const listed = known.slice(0, NAMED).map(cut).join(', ');
  return nearest(key, known.map(cut)) || (listed ? `; there is ${listed}${more}.` : '.');
}

function cut(key: string): string {
  return Array.from(key).slice(0, SHOWN).join('');
}

function quoted(key: string): string {
  const quote = key.includes("'") && !key.includes('"') ? '"' : "'";
  return `${quote}${cut(key)}${quote}`;
}
