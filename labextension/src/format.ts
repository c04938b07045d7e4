/**
 * Numbers, changes, times and cut texts as jupyter_track.views.format says them, to the digit: a table of 10,000 runs
 * is sent as raw values, and only the rows on the page become texts. tests/format.json holds what both must say.
 */

import { two } from './words.js';

const MINUS = '−';
const SMALL = 1e-3;
const LARGE = 1e6;
const SIGNIFICANT = 4;
const MAX_DECIMALS = 6;

/** How the numbers of a column are written: digits after the point, and those of a number such as `1.24e-4`. */
export interface Precision {
  decimals: number;
  mantissa: number;
}

/** A difference to another run's value; `better` is null where no goal is known or nothing changed. */
export interface Difference {
  text: string;
  better: boolean | null;
}

/** A number as text: with the decimals of its column, else four significant digits. */
export function number(value: number, precision: Precision = precisionOf(value)): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '∞' : `${MINUS}∞`;
  }
  return isPlain(value) ? fixed(value, precision.decimals) : scientific(value, precision.mantissa);
}

/** A number in full, as Python's repr has it. */
export function repr(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split('e') as [string, string];
    return `${digits}e${exponent.startsWith('-') ? '-' : '+'}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** How a value differs from a reference; null where that is no number. */
export function change(value: number, reference: number, goal: string, precision: Precision): Difference | null {
  const difference = value - reference;
  if (!Number.isFinite(difference)) {
    return null;
  }
  if (difference === 0) {
    return { text: 'same', better: null };
  }
  const up = goal.startsWith('↑') ? true : goal.startsWith('↓') ? false : null;
  const text = `${difference > 0 ? '+' : MINUS}${magnitude(Math.abs(difference), value, precision)}`;
  return { text, better: up === null ? null : difference > 0 === up };
}

function magnitude(difference: number, value: number, precision: Precision): string {
  if (!isPlain(value) || difference >= LARGE) {
    return number(difference);
  }
  for (let decimals = precision.decimals; decimals <= MAX_DECIMALS; decimals++) {
    const text = fixed(difference, decimals);
    if (/[1-9]/.test(text)) {
      return text;
    }
  }
  return scientific(difference, 0);
}

/**
 * `0.962 ± 0.004 (n=5)`; the value itself where there is only one; empty where there is none. NaN and infinities are
 * left out, and that is said.
 */
export function spread(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  const left = finite.length < values.length ? `, ${values.length - finite.length} not finite` : '';
  if (values.length === 0) {
    return '';
  }
  if (finite.length < 2) {
    const one = number(finite[0] ?? Number.NaN);
    return left ? `${one} (n=1${left})` : one;
  }
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (finite.length - 1));
  const count = `(n=${finite.length}${left})`;
  if (deviation === 0 || !isPlain(mean) || deviation < 10 ** -MAX_DECIMALS || deviation >= LARGE) {
    return `${number(mean)} ± ${number(deviation)} ${count}`;
  }
  let exponent = Math.floor(Math.log10(deviation));
  const first = Number(deviation.toExponential(0).charAt(0));
  if (whole(deviation / 10 ** exponent) === 10) {
    exponent += 1; // 0.0096 reads as 0.01: its first digit is 1 and one place further up
  }
  const decimals = clamp(-exponent + (first === 1 ? 1 : 0));
  return `${fixed(mean, decimals)} ± ${fixed(deviation, decimals)} ${count}`;
}

/** `840 ms`, `3.2 s`, `4 m 12 s`, `2 h 05 m`, `3 d 04 h`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) {
    return 'unknown';
  }
  const passed = Math.max(seconds, 0);
  if (passed < 0.9995) {
    return `${Math.max(whole(passed * 1000), passed > 0 ? 1 : 0)} ms`;
  }
  if (passed < 59.95) {
    return `${fixed(passed, 1)} s`;
  }
  const all = whole(passed);
  if (all < 3600) {
    return `${Math.floor(all / 60)} m ${two(all % 60)} s`;
  }
  const minutes = whole(passed / 60);
  if (minutes < 24 * 60) {
    return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  }
  const hours = whole(passed / 3600);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** A text of at most `limit` characters: its end is kept as well as its start. */
export function middleCut(text: string, limit: number): string {
  if (text.length <= limit) {
    return text;
  }
  const characters = [...text];
  if (characters.length <= limit) {
    return text;
  }
  const tail = Math.floor((limit - 1) / 2);
  const head = characters.slice(0, limit - 1 - tail).join('');
  return `${head}…${characters.slice(characters.length - tail).join('')}`;
}

function precisionOf(value: number): Precision {
  if (Number.isInteger(value) && isPlain(value)) {
    return { decimals: 0, mantissa: 2 };
  }
  return { decimals: clamp(SIGNIFICANT - 1 - Math.floor(Math.log10(Math.abs(value)))), mantissa: 2 };
}

function isPlain(value: number): boolean {
  const size = Math.abs(value);
  return value === 0 || (size >= SMALL && size < LARGE);
}

/**
 * A number with so many digits after the point.
 *
 * toFixed rounds a tie up, Python to the even digit. Only a value that is a multiple of half of the last digit's unit
 * is one, and such a value is a multiple of a power of two that a multiplication finds without any rounding.
 */
function fixed(value: number, decimals: number): string {
  const size = Math.abs(value);
  let text = size.toFixed(decimals);
  if (Number.isInteger(size * 2 ** (decimals + 1))) {
    text = toEven(size.toFixed(decimals + 1), text);
  }
  return value >= 0 || !/[1-9]/.test(text) ? text : MINUS + text;
}

/** The text of a number that is rounded to the even digit, where `exact` has one digit more and that is a 5. */
function toEven(exact: string, roundedUp: string): string {
  const below = exact.slice(0, -1).replace(/\.$/, '');
  return exact.endsWith('5') && Number(below.slice(-1)) % 2 === 0 ? below : roundedUp;
}

const EXACT_DIGITS = 60;

function scientific(value: number, mantissa: number): string {
  const size = Math.abs(value);
  let [digits, exponent] = size.toExponential(mantissa).split('e') as [string, string];
  const [exact, power] = size.toExponential(EXACT_DIGITS).split('e') as [string, string];
  const rest = exact.slice(mantissa + 2);
  if (/^50*$/.test(rest)) {
    const below = exact.slice(0, mantissa + 2).replace(/\.$/, '');
    if (Number(below.slice(-1)) % 2 === 0) {
      [digits, exponent] = [below, power];
    }
  }
  return `${value < 0 ? MINUS : ''}${digits}e${Number(exponent)}`;
}

/** The next whole number, of two the even one. */
function whole(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest === 0.5 ? below + (below % 2) : Math.round(value);
}

function clamp(decimals: number): number {
  return Math.min(Math.max(decimals, 0), MAX_DECIMALS);
}
