/** A number as it is shown in the list beside the rule: 4 significant digits, very small and large ones with a power. */
export function number(value: number | null): string {
  if (value === null) {
    return 'NaN';
  }
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  return text.replace('-', '−').replace('e+', 'e');
}

/** Where the rule stands, as the axis says it. */
export function place(x: number, axis: string): string {
  if (axis === 'time') {
    return new Date(x).toLocaleString();
  }
  return `${axis === 'elapsed' ? '' : `${axis} `}${Number(x.toPrecision(8)).toLocaleString('en-US')}${axis === 'elapsed' ? ' s' : ''}`;
}
