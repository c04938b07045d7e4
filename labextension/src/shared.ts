/** How a run is drawn: a colour `#rrggbb`, the lengths of its dashes (none is a whole line), and how strongly. */
export interface Paint {
  color: string;
  dash: number[];
  opacity: number;
}

/** What changed of `Shared`. */
export type Aspect = 'hovered' | 'selected' | 'paints';
export type SharedListener = (aspect: Aspect) => void;

/**
 * What the views of one panel, or of one board, share: which run is pointed at, which are selected, how each is drawn.
 *
 * A view changes it when a person acts, and listens to what the others change. A value that stays tells nobody.
 */
export class Shared {
  /** The run that is pointed at, by id, or null. */
  get hovered(): string | null {
    return this.hoveredRun;
  }

  /** The runs that are selected, by id. */
  get selected(): ReadonlySet<string> {
    return this.selectedRuns;
  }

  /** How each run is drawn, by id. */
  get paints(): ReadonlyMap<string, Paint> {
    return this.runPaints;
  }

  hover(run: string | null): void {
    if (run !== this.hoveredRun) {
      this.hoveredRun = run;
      this.tell('hovered');
    }
  }

  select(runs: Iterable<string>): void {
    const next = new Set(runs);
    if (next.size !== this.selectedRuns.size || [...next].some(run => !this.selectedRuns.has(run))) {
      this.selectedRuns = next;
      this.tell('selected');
    }
  }

  /** Say how runs are drawn; runs that are not named stay as they are. */
  paint(paints: Iterable<[string, Paint]>): void {
    let changed = false;
    for (const [run, paint] of paints) {
      if (!same(this.runPaints.get(run), paint)) {
        this.runPaints.set(run, paint);
        changed = true;
      }
    }
    if (changed) {
      this.tell('paints');
    }
  }

  /** Call `listener` after each change, until the function that is returned is called. */
  listen(listener: SharedListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(aspect: Aspect): void {
    [...this.listeners].forEach(listener => listener(aspect));
  }

  private hoveredRun: string | null = null;
  private selectedRuns: ReadonlySet<string> = new Set();
  private readonly runPaints = new Map<string, Paint>();
  private readonly listeners = new Set<SharedListener>();
}

function same(one: Paint | undefined, other: Paint): boolean {
  return one?.color === other.color && one.opacity === other.opacity && one.dash.join() === other.dash.join();
}
