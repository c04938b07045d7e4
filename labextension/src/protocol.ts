/**
 * What the kernel and a panel say to each other: JSON both ways. Each kind of panel has a file of its own.
 *
 * Every text comes as it is shown, from the same views as the static forms; but for the rows of a table, which may be
 * 10,000: their numbers and times come raw, and format.ts writes them as those views do. Raw values of charts travel
 * beside the texts. Nothing here is markup.
 */

import type { BoardActions, BoardMessage, PartMessage } from './protocol/board.js';
import type { CardActions, CardMessage } from './protocol/card.js';
import type { CommonActions, GoneMessage, ReplyMessage } from './protocol/common.js';
import type { ManyActions, ManyMessage } from './protocol/many.js';
import type { CurvesActions, CurvesPointsMessage, CurvesViewMessage } from './protocol/curves.js';
import type {
  ComparisonActions,
  ComparisonMessage,
  ComparisonRowsMessage
} from './protocol/comparison.js';
import type { CurvesMessage, PatchMessage, RowsMessage, TableActions, TableMessage } from './protocol/table.js';

export * from './protocol/board.js';
export * from './protocol/card.js';
export * from './protocol/common.js';
export * from './protocol/comparison.js';
export * from './protocol/curves.js';
export * from './protocol/many.js';
export * from './protocol/table.js';

export type KernelMessage =
  | GoneMessage
  | ReplyMessage
  | CardMessage
  | TableMessage
  | RowsMessage
  | PatchMessage
  | CurvesMessage
  | CurvesViewMessage
  | ManyMessage
  | BoardMessage
  | PartMessage
  | CurvesPointsMessage
  | ComparisonMessage
  | ComparisonRowsMessage;

/** The actions and their arguments. */
export type Actions = CommonActions &
  CardActions &
  TableActions &
  CurvesActions &
  ManyActions &
  BoardActions &
  ComparisonActions;
export type ActionName = keyof Actions;

export interface ReadyMessage {
  type: 'ready';
}
export type ActionMessage = {
  [Name in ActionName]: { type: 'action'; to: number; name: Name } & Actions[Name];
}[ActionName];
export type ViewMessage = ReadyMessage | ActionMessage;
