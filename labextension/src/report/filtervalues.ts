/** What the values of a filter mean: numbers, dates, and the few words that a status can be; as store/filter_values.py. */

import type { Token } from './filtertokens.js';

export const DAY = 86_400_000;
const WORDS: ReadonlyMap<string, number> = new Map([
  ['true', 1], ['false', 0], ['nan', Number.NaN], ['inf', Infinity], ['infinity', Infinity]
]);
const SIGNED = /^([+-]?)(inf|infinity|nan)$/i;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const ONE_DAY = /^(\d{4}-\d\d-\d\d)$/;
const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?: ?(Z|[+-]\d\d(?::?\d\d)?))?)?$/i;
const BARE_DATE = /\d{4}-\d\d?-\d\d?(?:T[\d:.]+Z?)?(?![\w-])/y;
const MEANT: ReadonlyMap<string, string> = new Map([
  ['STOPPED', 'KILLED'], ['INTERRUPTED', 'KILLED'], ['ERROR', 'FAILED'], ['DONE', 'FINISHED'], ['COMPLETED', 'FINISHED']
]);
export const MISTYPED_SIGNS: ReadonlyMap<string, string> = new Map([['=>', '>='], ['=<', '<='], ['>>', '>'], ['<<', '<'], ['===', '=']]);

/** The number that a token is; undefined where it is none. */
export function numberOf(token: Token): number | undefined {
  const text = token.text.toLowerCase();
  if (token.kind === 'word') {
    return WORDS.get(text);
  }
  return token.kind === 'number' ? readNumber(text) : undefined;
}

/** Whether a text is a number in quotes. */
export function isNumber(text: string): boolean {
  return readNumber(text.trim()) !== undefined;
}

function readNumber(text: string): number | undefined {
  const [, sign, word] = SIGNED.exec(text) ?? [];
  if (word !== undefined) {
    return (sign === '-' ? -1 : 1) * (WORDS.get(word.toLowerCase()) ?? Number.NaN);
  }
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** The milliseconds since 1970 of a date, of UTC where it names no zone; null where it is none. */
export function momentOf(text: string): number | null {
  const [, day, time, told] = DATE.exec(text.trim()) ?? [];
  const start = day === undefined ? Number.NaN : Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(`${day}T`)) {
    return null; // 30 February, of which a browser makes 2 March
  }
  const zone = (told ?? 'Z').toUpperCase().replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours: string, minutes?: string) => `${hours}:${minutes ?? '00'}`);
  const moment = Date.parse(`${day}T${time ?? '00:00'}${zone}`);
  return Number.isNaN(moment) ? null : moment;
}

/** Whether a token is a date without a time, which stands for the whole day. */
export function isDay(token: Token): boolean {
  return token.kind === 'quoted' && ONE_DAY.test(token.text.trim()) && momentOf(token.text) !== null;
}

/** The date that stands at a position of a filter without quotes; undefined where there is none. */
export function bareDate(text: string, position: number): string | undefined {
  BARE_DATE.lastIndex = position;
  return BARE_DATE.exec(text)?.[0];
}

/** What is wrong with a value that an attribute never has, and what to write instead. */
export function noChoice(text: string, name: string, choices: readonly string[]): string {
  const meant = MEANT.get(text.trim().toUpperCase());
  const hint = meant === undefined ? '' : `; did you mean '${meant}'?`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return `No run has the ${name} ${quote}${text.slice(0, 40)}${quote}: it is one of ${choices.join(', ')}${hint} (a run that is shown as lost is RUNNING in the store)`;
}
