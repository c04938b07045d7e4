/**
 * Mean and deviation of a group, as text: the same as `spread` of jupyter_track.views.format, since groups are made
 * in the browser. tests/spread.json holds what both must say.
 */

const MINUS = '−';
const SMALL = 1e-3;
const LARGE = 1e6;
const SIGNIFICANT = 4;
const MAX_DECIMALS = 6;

/** `0.962 ± 0.004 (n=5)`; the value itself where there is only one; empty where there is none. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) {
    return '';
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) {
    return number(mean);
  }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  const count = `(n=${values.length})`;
  if (deviation === 0 || !isPlain(mean) || deviation < 10 ** -MAX_DECIMALS || deviation >= LARGE) {
    return `${number(mean)} ± ${number(deviation)} ${count}`;
  }
  let exponent = Math.floor(Math.log10(deviation));
  const first = Number(deviation.toExponential(0).charAt(0));
  if (Math.round(deviation / 10 ** exponent) === 10) {
    exponent += 1; // 0.0096 reads as 0.01: its first digit is 1 and one place further up
  }
  const decimals = clamp(-exponent + (first === 1 ? 1 : 0));
  return `${fixed(mean, decimals)} ± ${fixed(deviation, decimals)} ${count}`;
}

/** A number with four significant digits; `1.24e-4` below 1e-3 and from 1e6 on. */
export function number(value: number): string {
  if (!isPlain(value)) {
    const [digits, exponent] = Math.abs(value).toExponential(2).split('e');
    return `${value < 0 ? MINUS : ''}${digits}e${Number(exponent)}`;
  }
  if (Number.isInteger(value)) {
    return fixed(value, 0);
  }
  return fixed(value, clamp(SIGNIFICANT - 1 - Math.floor(Math.log10(Math.abs(value)))));
}

function isPlain(value: number): boolean {
  const size = Math.abs(value);
  return value === 0 || (size >= SMALL && size < LARGE);
}

function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return value >= 0 || /^[0.]*$/.test(text) ? text : MINUS + text;
}

function clamp(decimals: number): number {
  return Math.min(Math.max(decimals, 0), MAX_DECIMALS);
}
