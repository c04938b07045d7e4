/**
 * The search grammar in a report, where no store is: jupyter_track/store/filters.py over what the table was sent.
 *
 * A filter becomes a function of a row; nothing is evaluated as code. What the file does not hold (code, data, users,
 * the extremes of curves) is an error that says so, and dates without a zone are UTC, as all times in a report.
 */

import type { RowStore } from '../table/rowstore.js';
import type { Row } from '../table/rows.js';
import type { Column } from '../protocol.js';
import { metricValue } from '../table/cells.js';
import { ALIASES, attribute, ATTRIBUTES, type Field, metric, OWN_TAGS, param, tag } from './fields.js';
import { cut, FilterProblem, nearest, shown, type Token, tokensOf } from './filtertokens.js';
import { bareDate, DAY, isDay, isNumber, MISTYPED_SIGNS, momentOf, noChoice, numberOf } from './filtervalues.js';
import { patternTest, wordTest } from './patterns.js';

export type Test = (row: Row) => boolean;
type Value = number | string;

const DEEPEST = 30;
const LONGEST_TEXT = 1_000;
const KINDS: ReadonlyMap<string, 'metric' | 'param' | 'tag' | 'attribute' | 'dataset'> = new Map([
  ['metric', 'metric'], ['metrics', 'metric'], ['param', 'param'], ['params', 'param'], ['parameter', 'param'], ['parameters', 'param'],
  ['tag', 'tag'], ['tags', 'tag'], ['attribute', 'attribute'], ['attributes', 'attribute'], ['attr', 'attribute'], ['run', 'attribute'],
  ['dataset', 'dataset'], ['datasets', 'dataset']
]);
const SIGNS: ReadonlyMap<string, string> = new Map([
  ['=', '='], ['==', '='], ['!=', '!='], ['<>', '!='], ['<', '<'], ['<=', '<='], ['>', '>'], ['>=', '>=']
]);
const KEYWORDS = ['AND', 'OR', 'NOT', 'IN', 'BETWEEN', 'LIKE', 'ILIKE', 'IS', 'NULL'];

/**
 * Read a filter.
 *
 * @param store - the runs of the table
 * @throws FilterProblem with the position of what cannot be read
 */
export function parseFilter(text: string, store: RowStore): Test {
  return new Parser(text, store).filter();
}

/**
 * The metrics, params and tags that a filter asks for, with their keys.
 *
 * @throws FilterProblem as parseFilter
 */
export function keysOf(text: string, store: RowStore): (readonly [string, Field])[] {
  const parser = new Parser(text, store);
  parser.filter();
  return [...parser.keys.values()];
}

class Parser {
  /** What is asked for besides attributes, by what errors call it, with its key. */
  readonly keys = new Map<string, readonly [string, Field]>();

  constructor(
    private readonly text: string,
    private readonly store: RowStore
  ) {
    this.tokens = tokensOf(text);
  }

  filter(): Test {
    if (this.token.kind === 'end') {
      return () => true;
    }
    const test = this.any();
    const token = this.token as Token; // another one by now
    if (token.kind !== 'end') {
      const near = token.kind === 'word' ? nearest(token.text.toUpperCase(), ['AND', 'OR']) : '';
      throw this.fault(`Expected AND, OR or the end, not ${shown(token)}${near}`);
    }
    return test;
  }

  private any(): Test {
    const tests = [this.all()];
    while (this.takeWord('OR')) {
      tests.push(this.all());
    }
    return row => tests.some(test => test(row));
  }

  private all(): Test {
    const tests = [this.negation()];
    while (this.takeWord('AND')) {
      tests.push(this.negation());
    }
    return row => tests.every(test => test(row));
  }

  private negation(): Test {
    let negated = false;
    while (this.takeWord('NOT')) {
      negated = !negated;
    }
    const test = this.takeSign('(') ? this.inner() : this.clause();
    return negated ? row => !test(row) : test;
  }

  private inner(): Test {
    if (++this.depth > DEEPEST) {
      throw this.fault(`Parentheses are nested more than ${DEEPEST} deep`, this.tokens[this.at - 1]);
    }
    const test = this.any();
    this.expectSign(')', 'to close the parenthesis');
    this.depth -= 1;
    return test;
  }

  private clause(): Test {
    const first = this.token;
    if (first.kind === 'quoted' && first.quote !== '`' && this.endsAt(this.at + 1)) {
      this.at += 1;
      return this.said(first);
    }
    const field = this.field();
    if (field.name === 'pinned' && this.endsAt(this.at)) {
      return row => field.number(row) === 1;
    }
    if (this.takeWord('IS')) {
      const there = this.takeWord('NOT');
      if (!this.takeWord('NULL')) {
        throw this.fault(`Expected NULL or NOT NULL after IS, not ${shown(this.token)}`);
      }
      return row => (field.text(row) !== undefined) === there;
    }
    const negated = this.takeWord('NOT');
    const test = this.within(field, first) ?? this.pattern(field);
    if (test !== null) {
      return row => field.text(row) !== undefined && test(row) !== negated;
    }
    if (negated) {
      throw this.fault(`Expected IN, BETWEEN, LIKE or ILIKE after NOT, not ${shown(this.token)}`);
    }
    return this.comparison(field);
  }

  /** Words that a run's name, note and tags hold; code is not in a report. */
  private said(token: Token): Test {
    const words = new Set(token.text.split(/\s+/).filter(Boolean));
    if (words.size === 0) {
      throw this.fault('Expected words to look for, and there are none in the quotes', token);
    }
    this.bound(token, 'text');
    const tests = Array.from(words, wordTest);
    return row => {
      const tags = Object.entries(row.tags).filter(([key]) => !key.startsWith('mlflow.'));
      const told = [row.name, row.note, ...tags.flat()].join('\n');
      return tests.every(test => test(told));
    };
  }

  private within(field: Field, start: Token): Test | null {
    if (this.takeWord('IN')) {
      this.expectSign('(', 'after IN');
      const values = [this.listed(field)];
      while (this.takeSign(',')) {
        values.push(this.listed(field));
      }
      this.expectSign(')', "or ',' in the list of IN");
      return row => values.some(value => equals(field, row, value));
    }
    return this.takeWord('BETWEEN') ? this.between(field, start) : null;
  }

  private between(field: Field, start: Token): Test {
    const first = this.token;
    const low = this.value(field);
    if (!this.takeWord('AND')) {
      throw this.fault(`Expected AND between the two ends of BETWEEN, not ${shown(this.token)}`);
    }
    const high = this.value(field);
    if (typeof low === 'string' || typeof high === 'string') {
      throw this.fault(`BETWEEN compares numbers, and ${field.name} is compared with text here`, first);
    }
    if (Number.isNaN(low) || Number.isNaN(high)) {
      throw this.fault('NaN cannot be an end of BETWEEN', start);
    }
    return row => {
      const number = field.number(row) ?? Number.NaN;
      return number >= low && number <= high;
    };
  }

  private listed(field: Field): Value {
    const token = this.token;
    if (field.time && isDay(token)) {
      throw this.fault(`A day is no value of IN; write ${field.name} = '${token.text}' OR …`, token);
    }
    return this.value(field);
  }

  private pattern(field: Field): Test | null {
    const operator = ['LIKE', 'ILIKE'].find(word => this.takeWord(word));
    if (operator === undefined) {
      return null;
    }
    const token = this.token;
    if (field.numeric) {
      throw this.fault(`${operator} compares text, and ${field.name} is a number`, token);
    }
    if (token.kind !== 'quoted' || token.quote === '`') {
      throw this.fault(`Expected a quoted text after ${operator}, not ${shown(token)}`);
    }
    this.bound(token, 'pattern');
    this.at += 1;
    const test = patternTest(field.choices.length > 0 ? token.text.toUpperCase() : token.text, operator === 'ILIKE');
    if (field.choices.length > 0 && !field.choices.some(test)) {
      throw this.fault(noChoice(token.text, field.name, field.choices), token);
    }
    return row => test(field.text(row) ?? '');
  }

  private comparison(field: Field): Test {
    const sign = this.token;
    const operator = sign.kind === 'sign' ? SIGNS.get(sign.text) : undefined;
    if (operator === undefined) {
      const near = sign.kind === 'word' ? nearest(sign.text.toUpperCase(), KEYWORDS) : '';
      throw this.fault(`Expected a comparison (= != < <= > >= LIKE ILIKE IN BETWEEN IS) after ${field.name}, not ${shown(sign)}${near}`);
    }
    this.at += 1;
    const token = this.token;
    if (token.kind === 'sign' && token.position === sign.end && SIGNS.has(token.text)) {
      const meant = MISTYPED_SIGNS.get(sign.text + token.text);
      throw this.fault(`'${sign.text}${token.text}' is no comparison${meant === undefined ? '' : `; write ${meant}`}`, sign);
    }
    const value = this.value(field);
    const day = field.time && isDay(token) ? DAY : 0;
    if (operator === '=' || operator === '!=') {
      const there = (row: Row) => field.text(row) !== undefined;
      const same = (row: Row) => (day > 0 ? inDay(field.number(row), Number(value), day) : equals(field, row, value));
      return row => there(row) && same(row) === (operator === '=');
    }
    if (typeof value === 'string') {
      const hint = isNumber(value) ? `; write ${value} without quotes to compare numbers` : '';
      throw this.fault(`'${operator}' compares numbers, and ${shown(token)} is text${hint}`, sign);
    }
    if (Number.isNaN(value)) {
      throw this.fault('NaN is neither below nor above anything; use = NaN or != NaN', sign);
    }
    return row => ordered(field.number(row) ?? Number.NaN, operator, value);
  }

  private value(field: Field): Value {
    const token = this.token;
    const quoted = token.kind === 'quoted' && token.quote !== '`';
    if (field.time && (quoted || token.text.toLowerCase() === 'ago')) {
      return this.moment(field);
    }
    const number = numberOf(token);
    if (number === undefined && !quoted) {
      const wanted = field.numeric ? 'a number' : field.kind === 'param' ? 'a number or a quoted text' : 'a quoted text';
      const quoting = token.kind === 'word' && !field.numeric ? `; write '${token.text}' in quotes` : token.quote === '`' ? '; back-ticks are for keys' : '';
      throw this.fault(`Expected ${wanted} for ${field.name}, not ${shown(token)}${quoting}`);
    }
    const date = field.time ? bareDate(this.text, token.position) : undefined;
    if (date !== undefined) {
      throw this.fault(`A date stands in quotes: ${field.name} ${this.tokens[this.at - 1]?.text ?? ''} '${date}'`, token);
    }
    this.at += 1;
    if (quoted && field.numeric) {
      throw this.fault(`${field.name} is ${field.name === 'pinned' ? 'true or false' : 'a number'}: write the value without quotes`, token);
    }
    if (number === undefined) {
      return this.chosen(field, token);
    }
    if (!field.numeric && field.kind !== 'param') {
      throw this.fault(`${field.name} is text: write '${token.text}' in quotes`, token);
    }
    if (field.kind === 'attribute' && Number.isNaN(number)) {
      throw this.fault(`${field.name} is never NaN; use IS NULL for what is missing`, token);
    }
    return number;
  }

  private chosen(field: Field, token: Token): string {
    if (field.choices.length > 0 && !field.choices.includes(token.text.toUpperCase())) {
      throw this.fault(noChoice(token.text, field.name, field.choices), token);
    }
    return field.choices.length > 0 ? token.text.toUpperCase() : token.text;
  }

  private moment(field: Field): number {
    const token = this.token;
    const moment = token.kind === 'quoted' && token.quote !== '`' ? momentOf(token.text) : null;
    if (moment === null) {
      throw this.fault(`${field.name} is a time: write a date such as '2026-11-01' or '2026-11-01 14:30', or milliseconds without quotes`, token);
    }
    this.at += 1;
    return moment;
  }

  // ---- fields

  private field(): Field {
    const first = this.token;
    if (first.kind === 'quoted' && first.quote === "'") {
      const next = this.tokens[this.at + 1] as Token;
      throw this.fault(`Expected AND, OR or the end behind a text to look for, not ${shown(next)}; the name of a field stands without these quotes`, first);
    }
    if (first.kind !== 'word' && first.kind !== 'quoted') {
      throw this.fault(`Expected a field such as metrics.loss, params.lr, tags.note or status, not ${shown(first)}`);
    }
    const pieces = [first];
    this.at += 1;
    while (this.token.position === pieces.at(-1)?.end && ['word', 'quoted', 'number'].includes(this.token.kind)) {
      pieces.push(this.token);
      this.at += 1;
    }
    if (first.kind === 'word' && pieces.length === 1 && KEYWORDS.includes(first.text.toUpperCase())) {
      throw this.fault(`Expected a field such as metrics.loss before ${first.text.toUpperCase()}`, first);
    }
    const more = pieces.slice(1);
    const dot = first.kind === 'word' ? first.text.indexOf('.') : -1;
    if (dot >= 0) {
      const key = first.text.slice(dot + 1) + more.map(piece => piece.text).join('');
      return this.keyed(first.text.slice(0, dot), key, first, pieces.at(-1) as Token);
    }
    if (first.kind === 'quoted' && more[0]?.text.startsWith('.')) {
      return this.keyed(first.text, more.map(piece => piece.text).join('').slice(1), first, pieces.at(-1) as Token); // `params`.`odd key`
    }
    if (more.length > 0) {
      throw this.fault(`Expected a dot after ${shown(first)}`, more[0]);
    }
    return this.attribute(first.text, first);
  }

  private keyed(head: string, key: string, first: Token, last: Token): Field {
    const kind = KINDS.get(head.toLowerCase());
    if (kind === undefined) {
      const kinds = ['metrics', 'params', 'tags', 'attributes', 'datasets'];
      throw this.fault(`'${cut(head)}' is not one of ${kinds.join(', ')}${nearest(head.toLowerCase(), kinds)}`, first);
    }
    if (key === '' || (key.endsWith('.') && !last.quote)) {
      throw this.fault(`Expected a key after '${cut(head)}.'`, first);
    }
    const column = this.store.index.get(`${kind}s.${key}`);
    switch (kind) {
      case 'attribute':
        return this.attribute(key, first);
      case 'param':
        return this.asked(key, param(key, column));
      case 'tag':
        if (/^(mlflow|jupyter_track)\./.test(key) && !OWN_TAGS.has(key)) {
          throw this.absent(`tags.${key}`, first);
        }
        return this.asked(key, tag(key));
      case 'dataset':
        throw this.absent(`datasets.${key}`, first);
      case 'metric': {
        const base = last.quote ? key : key.replace(/(?<=.)\.(min|max)$/, '');
        if (base !== key && this.needsCurve(base, column)) {
          throw this.absent(`metrics.${key}`, first);
        }
        return this.asked(column === undefined ? base : key, metric(key, column));
      }
    }
  }

  private asked(key: string, field: Field): Field {
    this.keys.set(field.name, [key, field]);
    return field;
  }

  /** Whether the extreme of a metric is asked of some run: one that has the metric, and none of the longer name. */
  private needsCurve(base: string, own: Column | undefined): boolean {
    const column = this.store.index.get(`metrics.${base}`);
    const lacks = (row: Row) => own === undefined || metricValue(row, own) === null;
    return column !== undefined && this.store.newest.some(row => metricValue(row, column) !== null && lacks(row));
  }

  private attribute(told: string, token: Token): Field {
    const name = ALIASES.get(told) ?? told;
    if (!(ATTRIBUTES as readonly string[]).includes(name)) {
      const near = nearest(told, [...ATTRIBUTES, ...ALIASES.keys()]);
      const alone = this.endsAt(this.at);
      const short = cut(told);
      const among = this.token.kind === 'word' && !KEYWORDS.includes(this.token.text.toUpperCase());
      const words = alone ? `; to look for the word write '${short}' in quotes` : among ? '; to look for words, such as a name, write them in quotes' : '';
      const hint = near || words || `; did you mean metrics.${short} or params.${short}?`;
      throw this.fault(`A run has no attribute '${short}'${hint} (there are ${ATTRIBUTES.join(', ')})`, token);
    }
    const found = attribute(name, this.store.rows.values());
    if (found === null) {
      throw this.absent(name, token);
    }
    return found;
  }

  private absent(name: string, token: Token): FilterProblem {
    return this.fault(`${name} is not in this file: a filter for it needs the store`, token);
  }

  // ---- tokens

  private get token(): Token {
    return this.tokens[this.at] as Token;
  }

  private fault(message: string, token: Token | undefined = this.token): FilterProblem {
    return new FilterProblem(message, this.text, (token as Token).position);
  }

  private bound(token: Token, what: string): void {
    const length = Array.from(token.text).length;
    if (length > LONGEST_TEXT) {
      throw this.fault(`The ${what} has ${length.toLocaleString('en')} characters; ${LONGEST_TEXT.toLocaleString('en')} are the most`, token);
    }
  }

  private takeWord(word: string): boolean {
    const taken = this.token.kind === 'word' && this.token.text.toUpperCase() === word;
    this.at += Number(taken);
    return taken;
  }

  private takeSign(sign: string): boolean {
    const taken = this.token.kind === 'sign' && this.token.text === sign;
    this.at += Number(taken);
    return taken;
  }

  private expectSign(sign: string, where: string): void {
    if (!this.takeSign(sign)) {
      throw this.fault(`Expected '${sign}' ${where}, not ${shown(this.token)}`);
    }
  }

  /** Whether a clause ends at a token: at the end, a closing parenthesis, AND or OR. */
  private endsAt(place: number): boolean {
    const { kind, text } = this.tokens[place] as Token;
    return kind === 'end' || (kind === 'sign' && text === ')') || (kind === 'word' && ['AND', 'OR'].includes(text.toUpperCase()));
  }

  private readonly tokens: Token[];
  private at = 0;
  private depth = 0;
}

/** Whether a run's value is one: numbers are compared with numbers, texts with what is shown. */
function equals(field: Field, row: Row, value: Value): boolean {
  return typeof value === 'string' ? field.text(row) === value : Object.is(field.number(row), value) || field.number(row) === value;
}

function inDay(number: number | null | undefined, start: number, length: number): boolean {
  return typeof number === 'number' && number >= start && number < start + length;
}

function ordered(one: number, operator: string, other: number): boolean {
  switch (operator) {
    case '<':
      return one < other;
    case '<=':
      return one <= other;
    case '>':
      return one > other;
    default:
      return one >= other;
  }
}
