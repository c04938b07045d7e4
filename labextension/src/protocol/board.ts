/** What a board and its kernel say to each other: what is for one of its parts is wrapped. */

import type { Paint } from '../shared.js';

/** The parts of a board, in their order. */
export type BoardPart = 'table' | 'curves' | 'comparison' | 'many';

export interface BoardMessage {
  type: 'board';
  rev: number;
  /** The parts that are there now. */
  parts: BoardPart[];
  selected: string[];
  /** How the runs that are selected, or drawn, look in all parts. */
  paints: [string, Paint][];
  /** What stands in the place of the comparison while there is none. */
  compared: string;
}

/** A message of a part; which one that is, `message` says as it would without a board. */
export interface PartMessage {
  type: 'part';
  part: BoardPart;
  message: unknown;
}

export interface BoardActions {
  /** Code that gives the runs which are looked at: the reply has it as `text`. */
  continue: Record<never, never>;
}
