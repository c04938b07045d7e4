/** What the messages of all panels have in common. */

import type { CurvesPointsMessage } from './curves.js';
import type { ComparedCode, ComparedLine } from './comparison.js';
import type { Details } from './table.js';

/** The MIME type of the bundle that a panel displays. */
export const MIME_TYPE = 'application/vnd.jupyter-track+json';

/** The comm target that the kernel registers. */
export const COMM_TARGET = 'jupyter_track';

/** What a panel displays in the notebook, and all that is saved there besides its HTML and text. */
export interface Bundle {
  version: number;
  panel: string;
  /** Which panel it is: `card`, `table`, `curves`, …; for styles and tests, the first message says it for good. */
  kind: string;
  /** A final bundle never connects: its HTML is all there is to say. */
  final: boolean;
}

/** How the state of a run is said; `token` names the colour of the glyph. */
export interface State {
  glyph: string;
  word: string;
  token: string;
}

/** A curve as a small picture, and in words. */
export interface Spark {
  uri: string;
  alt: string;
  width: number;
  height: number;
  log: boolean;
}

/** A difference to another run; `better` is null where no goal is known or nothing changed. */
export interface Change {
  text: string;
  arrow: string;
  better: boolean | null;
  versus: string;
}

export interface GoneMessage {
  type: 'gone';
}
export interface ReplyMessage {
  type: 'reply';
  to: number;
  ok: boolean;
  message?: string;
  /** Of a filter: the runs that match. */
  found?: string[];
  /** Of a filter that finds none: a sentence for each key that no run has. */
  hints?: string[];
  /** Of `delete`: what becomes of those that are still running. Of `report`: its size. */
  said?: string;
  /** Of `open`: the run in full. */
  details?: Details;
  /** Of `window`: the points of the stretch. */
  points?: CurvesPointsMessage;
  /** Of `asset`: the file. Of `code`: the code. Of `markdown`: the comparison. */
  text?: string;
  /** Of `equal`: the lines in which all runs are equal. */
  lines?: ComparedLine[];
  /** Of `diff`: the whole code of a run against that of the first. */
  diff?: ComparedCode;
  /** Of `picture`: its address, which holds it. */
  uri?: string;
  /** Of `picture`: a page, for a frame in which nothing runs. */
  page?: string;
  /** Of `picture`: what a chart is that is not drawn here. */
  card?: ChartCard;
  /** Of `picture`: how large it is, where it was not sent because of that. */
  large?: string;
}

/** What stands in the place of a chart that is not drawn: its own title, what it is, and how a picture is had. */
export interface ChartCard {
  title: string;
  told: string;
  hint: string;
}

/** What every panel answers. */
export interface CommonActions {
  /** A file of the package that a view loads when it needs it: the reply has it as `text`. */
  asset: { file: string };
  /** A report beside the notebook, of these runs, else of all that are shown: `text` is its name, `said` its size. */
  report: { runs: string[]; file: string };
}
