/** What the panel of many runs and its kernel say to each other. */

export type ManyTab = 'parallel' | 'scatter' | 'importance';

/** One param or metric: its ticks, and where each run lies on it, from 0 at the foot to 1 at the head. */
export interface ManyAxis {
  /** `params.lr`, `metrics.loss`. */
  id: string;
  title: string;
  metric: boolean;
  log: boolean;
  ticks: [number, string][];
  /** In the order of the runs; null where a run has no value, or none that is finite. */
  shares: (number | null)[];
  texts: string[];
}

export interface ManyRun {
  id: string;
  number: number;
  name: string;
  state: string;
}

export interface ManyChart {
  kind: 'parallel' | 'scatter';
  /** The id of the metric. */
  metric: string;
  spec: object;
  axes: ManyAxis[];
  runs: ManyRun[];
  /** Places of the runs that are drawn stronger while none is selected. */
  best: number[];
  /** Places of the runs that are in colour while none is selected, and why: `baseline`, `best`, `pinned`. */
  kept: [number, string][];
  notes: string[];
}

export interface ManyBars {
  kind: 'importance';
  metric: string;
  head: string;
  bars: { title: string; mean: number; sd: number; text: string; noise: boolean }[];
  notes: string[];
}

export interface ManyMessage {
  type: 'many';
  rev: number;
  tab: ManyTab;
  tabs: ManyTab[];
  /** Why there is nothing to show; empty where there is. */
  problem: string;
  /** Where there is nothing to show: the metric that was meant, its id or what was asked for; empty where there is none. */
  metric?: string;
  shown?: ManyChart | ManyBars;
  known: {
    metrics: { id: string; title: string }[];
    params: { id: string; title: string; differs: boolean }[];
  };
  selected: string[];
  /** The colours of runs, by their number modulo eight. */
  colors: string[];
}

export interface ManyActions {
  /** Show something else; what is not named stays. */
  many: { tab?: ManyTab; names?: string[] | null; metric?: string; x?: string };
}
