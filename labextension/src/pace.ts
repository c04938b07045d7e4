/** At most one call per `interval` milliseconds: the first at once, the last never lost. */
export class Pace {
  constructor(
    private readonly run: () => void,
    private readonly interval: number
  ) {}

  /** Ask for a call. */
  ask(): void {
    if (this.timer !== undefined) {
      return;
    }
    const wait = this.last + this.interval - Date.now();
    if (wait <= 0) {
      this.fire();
    } else {
      this.timer = setTimeout(() => this.fire(), wait);
    }
  }

  /** Forget a call that was asked for. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private fire(): void {
    this.timer = undefined;
    this.last = Date.now();
    this.run();
  }

  private last = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;
}
