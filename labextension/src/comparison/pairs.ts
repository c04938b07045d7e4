import type { CodeLine, Parts } from '../protocol.js';

/** A row of a diff side by side: a heading, or a line on either side; null where a side has none. */
export type Pair =
  | { head: string }
  | { left: CodeLine | null; right: CodeLine | null };

/**
 * Set a unified diff side by side: deleted lines stand beside the inserted ones that took their place.
 *
 * @param lines - as the kernel has them, deleted lines before the inserted ones of the same place
 */
export function sideBySide(lines: readonly CodeLine[]): Pair[] {
  const pairs: Pair[] = [];
  let deleted: CodeLine[] = [];
  let inserted: CodeLine[] = [];
  const settle = () => {
    for (let place = 0; place < Math.max(deleted.length, inserted.length); place++) {
      pairs.push({ left: deleted[place] ?? null, right: inserted[place] ?? null });
    }
    deleted = [];
    inserted = [];
  };
  for (const line of lines) {
    if (line.sign === '-') {
      if (inserted.length > 0) {
        settle(); // another change begins
      }
      deleted.push(line);
    } else if (line.sign === '+') {
      inserted.push(line);
    } else {
      settle();
      pairs.push(line.sign === '@' ? { head: textOf(line.parts) } : { left: line, right: line });
    }
  }
  settle();
  return pairs;
}

/** The whole text of pieces. */
export function textOf(parts: Parts): string {
  return parts.map(([text]) => text).join('');
}
