/** What curves and their kernel say to each other. */

export interface CurvesViewMessage {
  type: 'curves-view';
  rev: number;
}

export type CurvesActions = Record<never, never>;
