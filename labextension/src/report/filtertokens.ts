/** Words, quoted text, numbers and signs of a search filter: as jupyter_track/store/filter_tokens.py reads them. */

export interface Token {
  kind: 'word' | 'quoted' | 'number' | 'sign' | 'end';
  /** Without quotes. */
  text: string;
  position: number;
  end: number;
  quote: string;
}

/** A filter that cannot be read, or not here. */
export class FilterProblem extends Error {
  constructor(message: string, text: string, position: number) {
    const at = Array.from(text.slice(0, position)).length; // of characters, as the store counts
    const whole = text.length <= SHOWN && !CONTROL.test(text);
    const near = whole ? '' : `, near '${text.slice(Math.max(0, position - NEAR), position + NEAR).replace(CONTROLS, ' ')}'`;
    super(`${message}${near} (at position ${at})${whole ? `\n  ${text}\n  ${' '.repeat(at)}^` : ''}`);
  }
}

const SHOWN = 200;
const NEAR = 30;
const CONTROL = /[\p{C}\p{Zl}\p{Zp}]/u;
const CONTROLS = new RegExp(CONTROL, 'gu');
const LONGEST = 10_000;
const WORD = '\\p{L}\\p{N}_';
const PIECES: [Token['kind'] | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['number', new RegExp(`[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?(?![${WORD}./:])|[+-](?:inf|infinity|nan)(?![${WORD}])`, 'iuy')],
  ['word', new RegExp(`[${WORD}.][${WORD}./:-]*`, 'uy')],
  ['quoted', /'(?:[^']|'')*'(?!')|"(?:[^"]|"")*"(?!")|`(?:[^`]|``)*`(?!`)/y],
  ['sign', /<>|<=|>=|!=|==|=|<|>|\(|\)|,/y]
];
const MEANT: ReadonlyMap<string, string> = new Map([
  ['&', '; write AND'], ['|', '; write OR'], ['!', '; write != or NOT'], ['~', '; write LIKE'], ['[', '; write ( )']
]);

/** The tokens of a filter; the last is of the kind `end`. */
export function tokensOf(text: string): Token[] {
  if (text.length > LONGEST) {
    throw new FilterProblem(`The filter has ${text.length} characters; ${LONGEST} are the most here`, text, LONGEST);
  }
  const found: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const [kind, piece] = pieceAt(text, position);
    const end = position + piece.length;
    if (kind === 'quoted') {
      const quote = piece.charAt(0);
      found.push({ kind, text: piece.slice(1, -1).replaceAll(quote + quote, quote), position, end, quote });
    } else if (kind !== 'space') {
      found.push({ kind, text: piece, position, end, quote: '' });
    }
    position = end;
  }
  found.push({ kind: 'end', text: '', position, end: position, quote: '' });
  return found;
}

function pieceAt(text: string, position: number): [Token['kind'] | 'space', string] {
  for (const [kind, pattern] of PIECES) {
    pattern.lastIndex = position;
    const piece = pattern.exec(text)?.[0];
    if (piece) {
      return [kind, piece];
    }
  }
  const char = String.fromCodePoint(text.codePointAt(position) ?? 0);
  const told = '\'"`'.includes(char) ? `The quote ${char} is not closed` : `The character '${char}' means nothing here${MEANT.get(char) ?? ''}`;
  throw new FilterProblem(told, text, position);
}

/** A token as an error shows it. */
export function shown(token: Token): string {
  if (token.kind === 'end') {
    return 'the end';
  }
  const quote = token.quote || "'";
  return `${quote}${cut(token.text)}${quote}`;
}

/** A text as far as an error shows it. */
export function cut(text: string): string {
  const characters = text.length <= 40 ? [] : Array.from(text);
  return characters.length <= 40 ? text : `${characters.slice(0, 39).join('')}…`;
}

/** The nearest of some words, as an error proposes it. */
export function nearest(word: string, known: readonly string[]): string {
  word = word.slice(0, 100);
  const ranked = known.map(one => [distance(word, one), one] as const).sort(([one], [other]) => one - other);
  const best = ranked[0];
  return best !== undefined && best[0] <= Math.max(word.length, best[1].length) / 3 ? `; did you mean '${best[1]}'?` : '';
}

/** How many letters have to be changed, left out or put in. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const same = one.charAt(at - 1) === other.charAt(to - 1) ? 0 : 1;
      next.push(Math.min((row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1, (row[to - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
