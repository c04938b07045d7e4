/**
 * LIKE and ILIKE as the store has them, and the words of a search.
 *
 * Not by a regular expression, which may take forever: the pieces between the `%` are looked for one after the other, in
 * no more steps than the text has characters times the pattern.
 */

/** The characters that fit one place of a pattern; null where any does. */
type Place = readonly string[] | null;
type Piece = readonly Place[];

/** Return whether texts fit a pattern, in which `%` is any text and `_` one character; nothing else stands for another. */
export function patternTest(pattern: string, caseless: boolean): (text: string) => boolean {
  const place = (char: string): Place => (char === '_' ? null : caseless ? casesOf(char) : [char]);
  return tested(pattern.split('%').map(piece => Array.from(piece, place)));
}

/** Return whether texts hold a word, whatever the case. */
export function wordTest(word: string): (text: string) => boolean {
  return tested([[], Array.from(word, casesOf), []]);
}

function tested(pieces: readonly Piece[]): (text: string) => boolean {
  return text => fits(/[\ud800-\udfff]/.test(text) ? Array.from(text) : text, pieces);
}

/** Both cases of a letter where each is one character, as the store folds them. */
function casesOf(char: string): string[] {
  const cases = [char.toLowerCase(), char.toUpperCase()];
  return cases.every(one => Array.from(one).length === 1) ? cases : [char];
}

function fits(text: ArrayLike<string>, pieces: readonly Piece[]): boolean {
  const [first, last] = [pieces[0] as Piece, pieces.at(-1) as Piece];
  if (pieces.length === 1) {
    return text.length === first.length && standsAt(text, first, 0);
  }
  const end = text.length - last.length;
  if (first.length > end || !standsAt(text, first, 0) || !standsAt(text, last, end)) {
    return false;
  }
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    while (at + piece.length <= end && !standsAt(text, piece, at)) {
      at += 1;
    }
    at += piece.length; // the first place that fits leaves the most to the others
    if (at > end) {
      return false;
    }
  }
  return true;
}

function standsAt(text: ArrayLike<string>, piece: Piece, at: number): boolean {
  return piece.every((place, offset) => place === null || place.includes(text[at + offset] as string));
}
